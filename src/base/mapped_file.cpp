#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace quantface {

namespace {

class Descriptor {
  public:
    // O_NONBLOCK: a pipe in the file's place is to be refused, not waited for.
    explicit Descriptor(const std::filesystem::path& path)
        : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }

  private:
    int number_;
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, uint64_t max_bytes) {
    const Descriptor file(path);
    const auto cannot_be_read = [&] {
        fail_bad_input(path.string() + ": cannot be read: " + std::strerror(errno));
    };
    if (file.number() < 0) {
        if (errno == ENOENT || errno == ENOTDIR) fail_bad_input(path.string() + ": no such file");
        if (errno == ENXIO) fail_bad_input(path.string() + ": not a plain file");  // a socket
        cannot_be_read();
    }
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) cannot_be_read();
    if (!S_ISREG(status.st_mode)) fail_bad_input(path.string() + ": not a plain file");
    const auto size = static_cast<uint64_t>(status.st_size);
    if (size > max_bytes) {
        fail_bad_input(path.string() + ": " + std::to_string(size) + " bytes, more than the " +
                       std::to_string(max_bytes) + " allowed");
    }
    if (size == 0) return;  // which cannot be mapped
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (start == MAP_FAILED) cannot_be_read();
    bytes_ = {static_cast<const uint8_t*>(start), static_cast<size_t>(size)};
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace quantface
