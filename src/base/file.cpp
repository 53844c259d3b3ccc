#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/error.h"

namespace quantface {

uint64_t size_of_plain_file(const std::filesystem::path& path, uint64_t max_bytes) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (error || !std::filesystem::exists(status)) fail_bad_input(path.string() + ": no such file");
    if (!std::filesystem::is_regular_file(status)) fail_bad_input(path.string() + ": not a plain file");
    const uint64_t size = std::filesystem::file_size(path, error);
    if (error) fail_bad_input(path.string() + ": cannot be read: " + error.message());
    if (size > max_bytes) {
        fail_bad_input(path.string() + ": " + std::to_string(size) + " bytes, more than the " +
                       std::to_string(max_bytes) + " allowed");
    }
    return size;
}

std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t max_bytes) {
    const uint64_t size = size_of_plain_file(path, max_bytes);
    std::ifstream stream(path, std::ios::binary);
    std::vector<uint8_t> bytes(size);
    stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    if (!stream || static_cast<uint64_t>(stream.gcount()) != size) {
        fail_bad_input(path.string() + ": cannot be read");
    }
    return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
    const std::filesystem::path aside = path.string() + ".part" + std::to_string(::getpid());
    auto give_up = [&](const char* what) {
        const std::string reason = std::strerror(errno);
        ::unlink(aside.c_str());
        fail_work(path.string() + ": cannot " + what + ": " + reason);
    };
    const int descriptor = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) give_up("be created");
    size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t count = ::write(descriptor, bytes.data() + written, bytes.size() - written);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            ::close(descriptor);
            give_up("be written");
        }
        written += static_cast<size_t>(count);
    }
    const bool flushed = ::fsync(descriptor) == 0;
    if (::close(descriptor) != 0 || !flushed) give_up("be flushed to disk");
    if (::rename(aside.c_str(), path.c_str()) != 0) give_up("be put in place");
}

void write_file_atomically(const std::filesystem::path& path, const std::string& text) {
    write_file_atomically(path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace quantface
