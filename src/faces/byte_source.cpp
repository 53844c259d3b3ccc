#include "faces/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace quantface {

namespace {

[[noreturn]] void fail_truncated(const std::string& name, uint64_t offset, uint64_t wanted, uint64_t left) {
    fail_bad_input(name + ": truncated: " + std::to_string(wanted) + " bytes wanted at byte " +
                   std::to_string(offset) + ", " + std::to_string(left) + " left");
}

void check_range(const ByteSource& source, uint64_t offset, uint64_t length) {
    const uint64_t size = source.size();
    if (offset > size || length > size - offset) {
        fail_truncated(source.name(), offset, length, offset > size ? 0 : size - offset);
    }
}

class FileSource final : public ByteSource {
  public:
    explicit FileSource(const std::filesystem::path& path) : name_(path.string()) {
        // Without O_NONBLOCK a named pipe would hang the open.
        descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor_ < 0) fail_bad_input(name_ + ": cannot be opened: " + std::strerror(errno));
        struct stat status {};
        if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
            ::close(descriptor_);
            fail_bad_input(name_ + ": not a plain file");
        }
        size_ = static_cast<uint64_t>(status.st_size);
    }
    ~FileSource() override { ::close(descriptor_); }
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    uint64_t size() const override { return size_; }
    const std::string& name() const override { return name_; }

    void read(uint64_t offset, std::span<uint8_t> target) const override {
        check_range(*this, offset, target.size());
        size_t done = 0;
        while (done < target.size()) {
            const ssize_t count = ::pread(descriptor_, target.data() + done, target.size() - done,
                                          static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail_bad_input(name_ + ": cannot be read: " + std::strerror(errno));
            // The file became shorter since it was opened.
            if (count == 0) fail_truncated(name_, offset + done, target.size() - done, 0);
            done += static_cast<size_t>(count);
        }
    }

  private:
    std::string name_;
    int descriptor_ = -1;
    uint64_t size_ = 0;
};

class MemorySource final : public ByteSource {
  public:
    MemorySource(std::span<const uint8_t> bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}

    uint64_t size() const override { return bytes_.size(); }
    const std::string& name() const override { return name_; }

    void read(uint64_t offset, std::span<uint8_t> target) const override {
        check_range(*this, offset, target.size());
        if (!target.empty()) std::memcpy(target.data(), bytes_.data() + offset, target.size());
    }

  private:
    std::span<const uint8_t> bytes_;
    std::string name_;
};

}  // namespace

std::unique_ptr<ByteSource> open_file_source(const std::filesystem::path& path) {
    return std::make_unique<FileSource>(path);
}

std::unique_ptr<ByteSource> make_memory_source(std::span<const uint8_t> bytes, std::string name) {
    return std::make_unique<MemorySource>(bytes, std::move(name));
}

std::span<const uint8_t> ByteCursor::window() {
    const bool inside = position_ >= window_offset_ && position_ - window_offset_ < window_.size();
    if (!inside) {
        window_.resize(static_cast<size_t>(std::min(kWindowBytes, remaining())));
        source_.read(position_, window_);
        window_offset_ = position_;
    }
    return std::span<const uint8_t>(window_).subspan(static_cast<size_t>(position_ - window_offset_));
}

uint64_t ByteCursor::read_unsigned(int count) {
    QF_CHECK(count >= 1 && count <= 8);
    if (static_cast<uint64_t>(count) > remaining()) {
        fail_truncated(source_.name(), position_, static_cast<uint64_t>(count), remaining());
    }
    uint64_t value = 0;
    for (int byte = 0; byte < count; ++byte) {
        value |= static_cast<uint64_t>(window()[0]) << (8 * byte);
        ++position_;
    }
    return value;
}

ByteCursor::Range ByteCursor::skip(uint64_t length) {
    if (length > remaining()) fail_truncated(source_.name(), position_, length, remaining());
    const Range range{position_, length};
    position_ += length;
    return range;
}

ByteCursor::Range ByteCursor::skip_line() {
    const uint64_t start = position_;
    while (remaining() > 0) {
        const auto bytes = window();
        const auto end = std::find(bytes.begin(), bytes.end(), uint8_t{'\n'});
        position_ += static_cast<uint64_t>(end - bytes.begin());
        if (end != bytes.end()) {
            const Range range{start, position_ - start};
            ++position_;
            return range;
        }
    }
    fail_bad_input(source_.name() + ": truncated: the line at byte " + std::to_string(start) + " has no end");
}

}  // namespace quantface
