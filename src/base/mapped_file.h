// A file's bytes without reading them: a read-only mapping.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace quantface {

// Pages are read from disk when they are first touched, and the operating system may drop them again: what is
// touched once costs no memory for long. A file that another process cuts short while it is mapped ends this
// process with SIGBUS where the missing bytes are touched, and one that is written to in place shows its new
// bytes: readers check what they copied out, not what they copy from. Files that are replaced by renaming
// (write_file_atomically) are safe from both.
class MappedFile {
  public:
    // Throws as read_file does: Error(kBadInput) where the file is missing, unreadable, not a plain file or
    // larger than max_bytes. An empty file has no bytes.
    explicit MappedFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{4} << 30);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const uint8_t> bytes() const { return bytes_; }

  private:
    std::span<const uint8_t> bytes_;
};

}  // namespace quantface
