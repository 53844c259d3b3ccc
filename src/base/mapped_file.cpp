#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

MappedFile::MappedFile(const std::filesystem::path& path, uint64_t max_bytes) {
    const uint64_t size = size_of_plain_file(path, max_bytes);
    if (size == 0) return;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail_bad_input(path.string() + ": cannot be read: " + std::strerror(errno));
    void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (memory == MAP_FAILED) fail_bad_input(path.string() + ": cannot be read: " + std::strerror(error));
    bytes_ = {static_cast<const uint8_t*>(memory), size};
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace quantface
