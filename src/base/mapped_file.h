// A whole file as memory, without reading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace quantface {

// Read-only. Pages come as they are touched; the file must not be cut short meanwhile (the operating system
// then ends the program with SIGBUS), which files that are replaced by renaming cannot be.
class MappedFile {
  public:
    // Throws Error(kBadInput) where read_file() would.
    explicit MappedFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{4} << 30);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const uint8_t> bytes() const { return bytes_; }

  private:
    std::span<const uint8_t> bytes_;  // of no length: nothing is mapped
};

}  // namespace quantface
