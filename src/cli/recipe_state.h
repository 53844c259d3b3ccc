// What a study remembers of a step: by which command, from which files its outputs were made.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "cli/recipe_plan.h"

namespace quantface {

// SHA-256 of files, each read once as long as its size and time of change stay.
class FileHashes {
  public:
    // Empty where the file cannot be read.
    const std::string& of(const std::filesystem::path& file);

  private:
    struct Entry {
        uintmax_t bytes = 0;
        std::filesystem::file_time_type changed;
        std::string sha256;
    };
    std::map<std::filesystem::path, Entry> entries_;
};

// Whether the step's outputs stand as it left them, made by the same arguments from the same inputs. A state
// that cannot be read counts as none.
bool is_done(const StudyStep& step, const std::filesystem::path& state, FileHashes& hashes);

// Before the step is run. What an interrupted run of other arguments left (step.checkpoint) is removed, as
// nothing can go on from it. Throws Error(kFailed) where the disk refuses.
void note_started(const StudyStep& step, const std::filesystem::path& state, FileHashes& hashes);

// After it was run with success.
void note_done(const StudyStep& step, const std::filesystem::path& state, double seconds, FileHashes& hashes);

}  // namespace quantface
