// Bounds what a file may make us allocate by what the file itself holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace quantface {

// Counts every number that reading a file creates: constants decoded, computed and copied into nodes. Honest
// networks need about two numbers for every four bytes of the file, and little more for shared constants.
class OnnxBudget {
  public:
    OnnxBudget(std::string file_name, uint64_t file_bytes) : file_name_(std::move(file_name)) {
        add_bytes(file_bytes);
    }

    // Bytes of the file, or of a file of tensors that belongs to it.
    void add_bytes(uint64_t bytes) {
        constexpr uint64_t kMost = uint64_t{1} << 40;
        left_ += 2 * static_cast<int64_t>(std::min(bytes, kMost));
    }

    // To be called before the numbers are allocated.
    void charge(int64_t numbers) {
        if (numbers < 0 || numbers > left_) {
            fail_bad_input(file_name_ +
                           ": asks for far more memory than its size warrants; damaged or hostile, not read");
        }
        left_ -= numbers;
    }

  private:
    std::string file_name_;
    int64_t left_ = int64_t{1} << 22;
};

}  // namespace quantface
