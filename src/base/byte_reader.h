// Bounds-checked reading of little-endian data from memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "base/error.h"

namespace quantface {

// Every read that would pass the end throws Error(kBadInput) naming the file.
class ByteReader {
  public:
    ByteReader(std::span<const uint8_t> bytes, std::string file_name)
        : bytes_(bytes), file_name_(std::move(file_name)) {}

    size_t position() const { return position_; }
    size_t remaining() const { return bytes_.size() - position_; }

    std::span<const uint8_t> take(size_t count) {
        if (count > remaining()) {
            fail_bad_input(file_name_ + ": truncated: " + std::to_string(count) + " bytes wanted at offset " +
                           std::to_string(position_) + ", " + std::to_string(remaining()) + " left");
        }
        auto taken = bytes_.subspan(position_, count);
        position_ += count;
        return taken;
    }

    // Little-endian unsigned or signed integer, or IEEE float, of the type's size.
    template <typename T>
    T read() {
        T value;
        std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
        return value;
    }

  private:
    std::span<const uint8_t> bytes_;
    std::string file_name_;
    size_t position_ = 0;
};

}  // namespace quantface
