#include "gallery/index_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

constexpr char kMagic[8] = {'Q', 'F', 'i', 'n', 'd', 'e', 'x', '1'};
constexpr size_t kChunk = size_t{4} << 20;
constexpr uint64_t kMaxIndexBytes = uint64_t{1} << 40;

struct Head {
    char magic[8];
    std::array<uint8_t, 16> identity;
    int64_t counter;
    IndexKind kind;
    uint32_t dimension;
    int64_t rows;
};
static_assert(sizeof(Head) == 48, "written as it lies in memory");

std::span<const uint8_t> bytes_of(const void* data, size_t size) {
    return {static_cast<const uint8_t*>(data), size};
}

// Written aside; in place only after put_in_place().
class AsideFile {
  public:
    explicit AsideFile(const std::filesystem::path& path)
        : path_(path), aside_(path.string() + ".part" + std::to_string(::getpid())) {
        descriptor_ = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (descriptor_ < 0) fail("be created");
    }
    ~AsideFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!in_place_) ::unlink(aside_.c_str());
    }
    AsideFile(const AsideFile&) = delete;
    AsideFile& operator=(const AsideFile&) = delete;

    void write(std::span<const uint8_t> bytes) {
        hash_.add(bytes);
        size_ += static_cast<int64_t>(bytes.size());
        while (!bytes.empty()) {
            const ssize_t count = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kChunk));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) fail("be written");
            bytes = bytes.subspan(static_cast<size_t>(count));
        }
    }
    void flush() {
        if (::fsync(descriptor_) != 0) fail("be flushed to disk");
    }
    void put_in_place() {
        if (::rename(aside_.c_str(), path_.c_str()) != 0) fail("be put in place");
        in_place_ = true;
    }
    int64_t size() const { return size_; }
    Sha256 sha256() { return hash_.finish(); }

  private:
    [[noreturn]] void fail(const char* what) const {
        fail_work(path_.string() + ": cannot " + what + ": " + std::strerror(errno));
    }

    std::filesystem::path path_, aside_;
    int descriptor_ = -1;
    bool in_place_ = false;
    int64_t size_ = 0;
    Sha256Stream hash_;
};

// Gathers the library's many small writes.
class Buffered {
  public:
    explicit Buffered(AsideFile& file) : file_(file) { buffer_.reserve(kChunk); }
    void write(std::span<const uint8_t> bytes) {
        if (buffer_.size() + bytes.size() > kChunk) flush();
        if (bytes.size() >= kChunk) return file_.write(bytes);
        buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
    void flush() {
        file_.write(buffer_);
        buffer_.clear();
    }

  private:
    AsideFile& file_;
    std::vector<uint8_t> buffer_;
};

// A file that is read from one end to the other, twice.
class CheckedFile {
  public:
    explicit CheckedFile(const std::filesystem::path& path)
        : name_(path.string()), file_(std::fopen(path.c_str(), "rb")) {
        if (file_ == nullptr) fail_bad_input(name_ + ": cannot be read");
    }
    ~CheckedFile() { std::fclose(file_); }
    CheckedFile(const CheckedFile&) = delete;
    CheckedFile& operator=(const CheckedFile&) = delete;

    Sha256 sha256() {
        Sha256Stream hash;
        std::vector<uint8_t> chunk(kChunk);
        while (const size_t count = std::fread(chunk.data(), 1, chunk.size(), file_)) {
            hash.add({chunk.data(), count});
        }
        std::rewind(file_);
        return hash.finish();
    }
    void read(std::span<uint8_t> bytes) {
        if (std::fread(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
            fail_bad_input(name_ + ": truncated");
        }
    }

  private:
    std::string name_;
    std::FILE* file_;
};

}  // namespace

std::filesystem::path index_path(const std::filesystem::path& gallery) {
    return gallery.string() + ".faiss";
}

void write_index_file(const IndexFile& index, int dimension, Gallery& gallery,
                      const std::filesystem::path& path) {
    Head head{{},         index.content.identity,           index.content.counter,
              index.kind, static_cast<uint32_t>(dimension), static_cast<int64_t>(index.faces.size())};
    std::memcpy(head.magic, kMagic, sizeof kMagic);
    AsideFile file(path);
    Buffered buffer(file);
    buffer.write(bytes_of(&head, sizeof head));
    buffer.write(bytes_of(index.faces.data(), index.faces.size() * sizeof(int64_t)));
    index.engine->write([&](std::span<const uint8_t> bytes) { buffer.write(bytes); });
    buffer.flush();
    file.flush();
    gallery.set_indexed({index.content.counter, index_kind_name(index.kind), file.size(), file.sha256()},
                        [&] { file.put_in_place(); });
}

IndexFile read_index_file(const Gallery& gallery, const std::filesystem::path& path,
                          const IndexModule& module, int threads) {
    const std::optional<IndexedState> state = gallery.indexed();
    const std::string advice = "; `quantface index` makes it anew";
    if (!state) fail_usage(gallery.name() + ": has no index; `quantface index` makes one");
    const GalleryContent content = gallery.content();
    if (state->content != content.counter) {
        fail_bad_input(path.string() + ": is of an earlier state of the gallery" + advice);
    }
    const uint64_t size = size_of_plain_file(path, kMaxIndexBytes);
    CheckedFile file(path);
    if (static_cast<int64_t>(size) != state->bytes || file.sha256() != state->sha256) {
        fail_bad_input(path.string() + ": damaged, or not this gallery's index" + advice);
    }
    Head head;
    file.read({reinterpret_cast<uint8_t*>(&head), sizeof head});
    const auto rows_at_most = static_cast<int64_t>(size / sizeof(int64_t));
    if (std::memcmp(head.magic, kMagic, sizeof kMagic) != 0 || head.identity != content.identity ||
        head.counter != content.counter || head.dimension != static_cast<uint32_t>(gallery.dimension()) ||
        head.rows < 1 || head.rows > rows_at_most) {
        fail_bad_input(path.string() + ": damaged, or not this gallery's index" + advice);
    }
    IndexFile index{head.kind, content, std::vector<int64_t>(static_cast<size_t>(head.rows)), nullptr};
    file.read({reinterpret_cast<uint8_t*>(index.faces.data()), index.faces.size() * sizeof(int64_t)});
    index.engine = module.read(
        head.kind, gallery.dimension(), head.rows, [&](std::span<uint8_t> bytes) { file.read(bytes); },
        path.string(), threads);
    return index;
}

}  // namespace quantface
