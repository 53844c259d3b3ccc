// What `quantface align` did, kept beside the faces, so that a run that is started again goes on.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "cli/json_output.h"

namespace quantface {

// FOLDER/align.json: {"format": "quantface aligned faces 1", "settings": {"size", "photos"}, "faces": {FILE:
// {...}}}.
class AlignRecord {
  public:
    // Reads the record where one is there. Throws Error(kBadInput) where it cannot be read, Error(kUsage)
    // where the folder's faces were made with other settings.
    AlignRecord(std::filesystem::path folder, int size, const std::string& photos);

    // What is known of a face whose file stands; null where it has to be made.
    const Json* standing(const std::string& file) const;
    void add(const std::string& file, Json face);
    void save() const;

  private:
    std::filesystem::path folder_;
    Json settings_;
    std::map<std::string, Json> faces_;
};

}  // namespace quantface
