#include "eval/embedding_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/byte_reader.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

constexpr char kMagic[8] = {'Q', 'F', 'E', 'M', 'B', 'E', 'D', '1'};
constexpr size_t kHashBytes = 32, kHeaderBytes = sizeof(kMagic) + kHashBytes + 8 + 4 + 4 + 4;
constexpr uint32_t kMostFailures = 1 << 16, kLongestReason = 1 << 12;

void put_bytes(std::vector<uint8_t>& out, const void* bytes, size_t size) {
    const auto* begin = static_cast<const uint8_t*>(bytes);
    out.insert(out.end(), begin, begin + size);
}

void put(std::vector<uint8_t>& out, uint32_t number) {
    put_bytes(out, &number, sizeof number);
}

std::vector<uint8_t> hash_bytes(const std::string& hex) {
    QF_CHECK(hex.size() == 2 * kHashBytes);
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i < hex.size(); i += 2)
        bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    return bytes;
}

std::string hex_of(std::span<const uint8_t> bytes) {
    std::string hex;
    for (const uint8_t byte : bytes) hex += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    return hex;
}

std::vector<uint8_t> encode_header(const EmbeddingSetKey& key) {
    std::vector<uint8_t> header;
    put_bytes(header, kMagic, sizeof kMagic);
    const auto hash = hash_bytes(key.hash);
    put_bytes(header, hash.data(), hash.size());
    const auto images = static_cast<uint64_t>(key.images);
    put_bytes(header, &images, sizeof images);
    put(header, static_cast<uint32_t>(key.dimension));
    put(header, key.mirrored ? 1 : 0);
    put(header, crc32c(header));
    return header;
}

std::optional<EmbeddingSetKey> decode_header(std::span<const uint8_t> bytes) {
    if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0)
        return std::nullopt;
    ByteReader reader(bytes, "header");
    reader.take(sizeof kMagic);
    EmbeddingSetKey key;
    key.hash = hex_of(reader.take(kHashBytes));
    const auto images = reader.read<uint64_t>();
    const auto dimension = reader.read<uint32_t>(), mirrored = reader.read<uint32_t>();
    const bool sound = reader.read<uint32_t>() == crc32c(bytes.first(kHeaderBytes - 4)) &&
                       images <= INT32_MAX && dimension >= 1 && dimension <= (1u << 20) && mirrored <= 1;
    if (!sound) return std::nullopt;
    key.images = static_cast<int64_t>(images);
    key.dimension = static_cast<int32_t>(dimension);
    key.mirrored = mirrored == 1;
    return key;
}

size_t numbers_in(const EmbeddingSetKey& key, int64_t chunk) {
    return static_cast<size_t>(chunk_size(key.images, chunk)) * static_cast<size_t>(key.dimension);
}

std::vector<uint8_t> encode_payload(const EmbeddingChunk& chunk) {
    std::vector<uint8_t> payload;
    put_bytes(payload, chunk.plain.data(), chunk.plain.size() * sizeof(float));
    put_bytes(payload, chunk.mirrored.data(), chunk.mirrored.size() * sizeof(float));
    put(payload, static_cast<uint32_t>(chunk.failed.size()));
    for (const FailedImage& failed : chunk.failed) {
        const std::string reason = failed.reason.substr(0, kLongestReason);
        put(payload, static_cast<uint32_t>(failed.image));
        put(payload, static_cast<uint32_t>(reason.size()));
        put_bytes(payload, reason.data(), reason.size());
    }
    return payload;
}

EmbeddingChunk decode_payload(std::span<const uint8_t> payload, const EmbeddingSetKey& key, int64_t number,
                              const std::string& file) {
    ByteReader reader(payload, file);
    EmbeddingChunk chunk;
    const auto take_floats = [&](std::vector<float>& target) {
        target.resize(numbers_in(key, number));
        const auto bytes = reader.take(target.size() * sizeof(float));
        std::memcpy(target.data(), bytes.data(), bytes.size());
    };
    take_floats(chunk.plain);
    if (key.mirrored) take_floats(chunk.mirrored);
    const auto failures = reader.read<uint32_t>();
    if (failures > kMostFailures) fail_bad_input(file + ": damaged");
    for (uint32_t i = 0; i < failures; ++i) {
        const auto image = reader.read<uint32_t>(), length = reader.read<uint32_t>();
        if (image >= chunk_size(key.images, number) || length > kLongestReason)
            fail_bad_input(file + ": damaged");
        const auto text = reader.take(length);
        chunk.failed.push_back({image, std::string(text.begin(), text.end())});
    }
    if (reader.remaining() != 0) fail_bad_input(file + ": damaged");
    return chunk;
}

// A chunk as it lies in a file.
struct StoredChunk {
    int64_t number = 0;
    uint64_t payload_offset = 0;
    std::vector<uint8_t> payload;
};

// The chunks of a file, until the end or the first that is damaged.
class ChunkScanner {
  public:
    explicit ChunkScanner(const fs::path& path) : path_(path), stream_(path, std::ios::binary) {
        std::vector<uint8_t> header(kHeaderBytes);
        if (read_into(header)) key_ = decode_header(header);
        position_ = kHeaderBytes;
    }

    const std::optional<EmbeddingSetKey>& key() const { return key_; }
    // End of the last good chunk.
    uint64_t position() const { return position_; }

    bool next(StoredChunk& chunk) {
        if (!key_) return false;
        std::vector<uint8_t> frame(8);
        if (!read_into(frame)) return false;
        uint32_t number = 0, bytes = 0, checksum = 0;
        std::memcpy(&number, frame.data(), 4);
        std::memcpy(&bytes, frame.data() + 4, 4);
        if (number >= chunk_count(key_->images)) return false;
        const size_t floats = numbers_in(*key_, number) * (key_->mirrored ? 2 : 1) * sizeof(float);
        const size_t most = floats + 4 + size_t{kImagesPerChunk} * (8 + kLongestReason);
        if (bytes < floats + 4 || bytes > most) return false;
        chunk.payload.resize(bytes);
        std::vector<uint8_t> end(4);
        if (!read_into(chunk.payload) || !read_into(end)) return false;
        std::memcpy(&checksum, end.data(), 4);
        frame.insert(frame.end(), chunk.payload.begin(), chunk.payload.end());
        if (checksum != crc32c(frame)) return false;
        chunk.number = number;
        chunk.payload_offset = position_ + 8;
        position_ += 8 + uint64_t{bytes} + 4;
        return true;
    }

  private:
    bool read_into(std::vector<uint8_t>& bytes) {
        stream_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return stream_.gcount() == static_cast<std::streamsize>(bytes.size());
    }

    fs::path path_;
    std::ifstream stream_;
    std::optional<EmbeddingSetKey> key_;
    uint64_t position_ = 0;
};

[[noreturn]] void fail_errno(const fs::path& path, const std::string& what) {
    fail_work(path.string() + ": " + what + ": " + std::strerror(errno));
}

void write_all(int file, uint64_t offset, std::span<const uint8_t> bytes, const fs::path& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written <= 0) fail_errno(path, "cannot be written");
        bytes = bytes.subspan(static_cast<size_t>(written));
        offset += static_cast<uint64_t>(written);
    }
}

std::vector<fs::path> files_of_key(const fs::path& folder, const std::string& hash) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(hash + ".") && name.ends_with(".qfe")) files.push_back(entry->path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

int64_t chunk_count(int64_t images) {
    return (images + kImagesPerChunk - 1) / kImagesPerChunk;
}

int64_t chunk_size(int64_t images, int64_t chunk) {
    return std::min(kImagesPerChunk, images - chunk * kImagesPerChunk);
}

EmbeddingStore::EmbeddingStore(const fs::path& folder, const EmbeddingSetKey& key, Shard shard) : key_(key) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) fail_work(folder.string() + ": cannot be made: " + error.message());
    const std::string part =
        shard.is_all() ? "" : std::to_string(shard.index + 1) + "-of-" + std::to_string(shard.count) + ".";
    own_path_ = folder / (key.hash + "." + part + "qfe");
    lock_ = ::open(own_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);  // biometric data: for nobody else
    if (lock_ < 0) fail_errno(own_path_, "cannot be opened");
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock_);
        fail_work(own_path_.string() +
                  ": another process is writing it; wait for it or give another --cache");
    }
    for (const fs::path& file : files_of_key(folder, key.hash)) scan(file, file == own_path_);
}

EmbeddingStore::~EmbeddingStore() {
    ::close(lock_);
}

void EmbeddingStore::scan(const fs::path& file, bool own) {
    ChunkScanner scanner(file);
    if (scanner.key() != key_) return;
    StoredChunk chunk;
    while (scanner.next(chunk)) {
        places_[chunk.number] = {file, chunk.payload_offset, static_cast<uint32_t>(chunk.payload.size())};
    }
    if (own) own_end_ = scanner.position();
}

EmbeddingChunk EmbeddingStore::read(int64_t chunk) const {
    const Place& place = places_.at(chunk);
    std::vector<uint8_t> payload(place.bytes);
    std::ifstream stream(place.file, std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(place.offset));
    stream.read(reinterpret_cast<char*>(payload.data()), static_cast<std::streamsize>(payload.size()));
    if (stream.gcount() != static_cast<std::streamsize>(payload.size()))
        fail_work(place.file.string() + ": changed while it was read");
    return decode_payload(payload, key_, chunk, place.file.string());
}

void EmbeddingStore::append(int64_t chunk, const EmbeddingChunk& embeddings) {
    QF_CHECK(embeddings.plain.size() == numbers_in(key_, chunk));
    QF_CHECK(embeddings.mirrored.size() == (key_.mirrored ? embeddings.plain.size() : 0));
    if (own_end_ == 0) {
        const auto header = encode_header(key_);
        write_all(lock_, 0, header, own_path_);
        own_end_ = header.size();
    }
    const std::vector<uint8_t> payload = encode_payload(embeddings);
    std::vector<uint8_t> record;
    put(record, static_cast<uint32_t>(chunk));
    put(record, static_cast<uint32_t>(payload.size()));
    record.insert(record.end(), payload.begin(), payload.end());
    put(record, crc32c(record));
    write_all(lock_, own_end_, record, own_path_);
    // What a damaged chunk left behind it ends here.
    if (::ftruncate(lock_, static_cast<off_t>(own_end_ + record.size())) != 0)
        fail_errno(own_path_, "cannot be cut to its length");
    places_[chunk] = {own_path_, own_end_ + 8, static_cast<uint32_t>(payload.size())};
    own_end_ += record.size();
}

std::optional<EmbeddingSetKey> read_embedding_set_key(const fs::path& file) {
    return ChunkScanner(file).key();
}

MergedSet merge_embedding_files(const std::vector<fs::path>& files, const fs::path& folder) {
    QF_CHECK(!files.empty());
    const auto key = read_embedding_set_key(files[0]);
    if (!key) fail_bad_input(files[0].string() + ": holds no embeddings");
    EmbeddingStore store(folder, *key, {});
    for (const fs::path& file : files) {
        ChunkScanner scanner(file);
        if (!scanner.key()) fail_bad_input(file.string() + ": holds no embeddings");
        if (scanner.key() != key)
            fail_bad_input(file.string() + ": of another network or data set than " + files[0].string());
        StoredChunk chunk;
        while (scanner.next(chunk)) {
            const EmbeddingChunk embeddings =
                decode_payload(chunk.payload, *key, chunk.number, file.string());
            if (!store.has(chunk.number)) {
                store.append(chunk.number, embeddings);
                continue;
            }
            const EmbeddingChunk there = store.read(chunk.number);
            const auto equal = [](const std::vector<float>& a, const std::vector<float>& b) {
                return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
            };
            if (!equal(there.plain, embeddings.plain) || !equal(there.mirrored, embeddings.mirrored))
                fail_bad_input(file.string() + ": other embeddings of the same images than another file has");
        }
    }
    MergedSet merged{*key, folder / (key->hash + ".qfe"), 0};
    for (int64_t chunk = 0; chunk < chunk_count(key->images); ++chunk) {
        if (store.has(chunk)) merged.images += chunk_size(key->images, chunk);
    }
    return merged;
}

}  // namespace quantface
