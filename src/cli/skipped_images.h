// Images that a run over many passes over: named on stderr at its end, the others done.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cli/image_inputs.h"
#include "cli/json_output.h"

namespace quantface {

class SkippedImages {
  public:
    // Does the work on image `index`. False where it failed with Error(kBadInput), whose line is kept; other
    // errors, and DetectorError, pass. Thread-safe.
    bool attempt(int64_t index, const std::function<void()>& work);

    // Lines by image, each naming its file.
    const std::map<int64_t, std::string>& lines() const { return lines_; }
    bool contains(int64_t index) const { return lines_.contains(index); }
    // [{"image": NAME, "reason": LINE}]
    Json json(const std::vector<InputImage>& images) const;

    // As report_skipped below.
    void report(int64_t images) const;

  private:
    std::mutex mutex_;
    std::map<int64_t, std::string> lines_;
};

// The last thing that a command does: nothing where no image was skipped. Else the lines go to stderr and
// Error(kBadInput) "N of M images skipped" is thrown; where the only image was, its line alone.
void report_skipped(const std::vector<std::string>& lines, int64_t images);

}  // namespace quantface
