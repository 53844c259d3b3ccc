// Random-access bytes, from a file or from memory, and a cursor that reads them in order. What large data
// sets are read through, so that opening one costs memory for its structure and not for its images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quantface {

// Thread-safe: reads do not share a position.
class ByteSource {
  public:
    virtual ~ByteSource() = default;
    virtual uint64_t size() const = 0;
    // Fills `target` from `offset`. Throws Error(kBadInput) where the bytes end before or the disk refuses.
    virtual void read(uint64_t offset, std::span<uint8_t> target) const = 0;
    // For error messages.
    virtual const std::string& name() const = 0;
};

// Throws Error(kBadInput) where the file is missing, unreadable or not a plain file.
std::unique_ptr<ByteSource> open_file_source(const std::filesystem::path& path);
// The bytes must outlive the source.
std::unique_ptr<ByteSource> make_memory_source(std::span<const uint8_t> bytes, std::string name);

// Reads forward through a small window. Passing the end throws Error(kBadInput) naming the source and the
// offset.
class ByteCursor {
  public:
    // A stretch of the source.
    struct Range {
        uint64_t offset = 0, length = 0;  // bytes
    };

    explicit ByteCursor(const ByteSource& source) : source_(source) {}

    uint64_t position() const { return position_; }
    uint64_t remaining() const { return source_.size() - position_; }

    // The next `count` bytes (1 to 8) as a little-endian unsigned integer.
    uint64_t read_unsigned(int count);
    uint8_t read_byte() { return static_cast<uint8_t>(read_unsigned(1)); }
    // Passes over `length` bytes without reading them.
    Range skip(uint64_t length);
    // Passes over a line; the range excludes its '\n'.
    Range skip_line();

  private:
    // Bytes of the source from the position on, as many as the window holds.
    std::span<const uint8_t> window();

    static constexpr uint64_t kWindowBytes = 4096;
    const ByteSource& source_;
    uint64_t position_ = 0;
    uint64_t window_offset_ = 0;
    std::vector<uint8_t> window_;
};

}  // namespace quantface
