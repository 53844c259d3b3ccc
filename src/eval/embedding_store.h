// Embeddings of a data set kept on disk, so that work that was interrupted goes on and work that was done is
// not done again. A data set is cut into chunks; a file holds whole chunks, each with its checksum, in any
// order.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quantface {

// Which embeddings: everything that decides their bits goes into the key.
struct EmbeddingSetKey {
    std::string hash;  // 64 hexadecimal digits
    int64_t images = 0;
    int32_t dimension = 0;
    bool mirrored = false;  // mirror images too

    bool operator==(const EmbeddingSetKey&) const = default;
};

// A part of the chunks: those whose number leaves `index` when divided by `count`.
struct Shard {
    int index = 0, count = 1;

    bool has(int64_t chunk) const { return chunk % count == index; }
    bool is_all() const { return count == 1; }
};

struct FailedImage {
    int64_t image = 0;
    std::string reason;

    bool operator==(const FailedImage&) const = default;
};

struct EmbeddingChunk {
    std::vector<float> plain, mirrored;  // images of the chunk x dimension
    std::vector<FailedImage> failed;
};

constexpr int64_t kImagesPerChunk = 256;

// The file format, little-endian: the 8 bytes "QFEMBED1", 32 bytes of hash, u64 images, u32 dimension, u32
// mirrored (0 or 1), u32 CRC-32C of all before; then chunks: u32 number, u32 payload bytes, payload, u32
// CRC-32C of number, size and payload. Payload: plain, mirrored, then u32 failures, each u32 image in the
// chunk, u32 length, text.
class EmbeddingStore {
  public:
    // Reads which chunks `folder` has for this key: those of HASH.qfe and of HASH.*-of-*.qfe. Chunks that are
    // damaged, and what follows them in their file, count as not there. New ones go to HASH.qfe or, for a
    // shard, to HASH.K-of-N.qfe; the folder is made where it is not there. Throws Error(kFailed) where the
    // folder cannot be written or another process is writing the same file.
    EmbeddingStore(const std::filesystem::path& folder, const EmbeddingSetKey& key, Shard shard);
    ~EmbeddingStore();
    EmbeddingStore(const EmbeddingStore&) = delete;
    EmbeddingStore& operator=(const EmbeddingStore&) = delete;

    bool has(int64_t chunk) const { return places_.contains(chunk); }
    // Throws Error(kFailed) where the file changed meanwhile.
    EmbeddingChunk read(int64_t chunk) const;
    // On disk when it returns. Throws Error(kFailed) where the disk refuses.
    void append(int64_t chunk, const EmbeddingChunk& embeddings);

  private:
    struct Place {
        std::filesystem::path file;
        uint64_t offset = 0;  // of the payload
        uint32_t bytes = 0;
    };
    void scan(const std::filesystem::path& file, bool own);

    EmbeddingSetKey key_;
    std::filesystem::path own_path_;
    int lock_ = -1;
    uint64_t own_end_ = 0;  // of the last good chunk of the file written to
    std::map<int64_t, Place> places_;
};

int64_t chunk_count(int64_t images);
int64_t chunk_size(int64_t images, int64_t chunk);

// What a file says of itself; nothing where it is no such file. For merging.
std::optional<EmbeddingSetKey> read_embedding_set_key(const std::filesystem::path& file);

struct MergedSet {
    EmbeddingSetKey key;
    std::filesystem::path file;
    int64_t images = 0;  // that it has now
};
// Brings the chunks of files of one key together in FOLDER/HASH.qfe. Throws Error(kBadInput) where a file is
// no such file or two of them hold different embeddings of the same images.
MergedSet merge_embedding_files(const std::vector<std::filesystem::path>& files,
                                const std::filesystem::path& folder);

}  // namespace quantface
