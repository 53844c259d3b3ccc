#include "eval/embedding_store.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/rng.h"
#include "support/scratch_folder.h"

namespace quantface::test {
namespace {

namespace fs = std::filesystem;

const EmbeddingSetKey kKey{std::string(63, 'a') + "1", 3 * kImagesPerChunk + 5, 4, true};

EmbeddingChunk chunk_of(int64_t number) {
    Rng rng(7, static_cast<uint64_t>(number));
    EmbeddingChunk chunk;
    const auto numbers = static_cast<size_t>(chunk_size(kKey.images, number) * kKey.dimension);
    for (size_t i = 0; i < numbers; ++i) {
        chunk.plain.push_back(static_cast<float>(rng.normal()));
        chunk.mirrored.push_back(static_cast<float>(rng.normal()));
    }
    if (number == 1) chunk.failed = {{3, "photo 3: no face found"}, {9, ""}};
    return chunk;
}

void expect_chunk(const EmbeddingStore& store, int64_t number) {
    ASSERT_TRUE(store.has(number)) << number;
    const EmbeddingChunk chunk = store.read(number), expected = chunk_of(number);
    EXPECT_EQ(chunk.plain, expected.plain);
    EXPECT_EQ(chunk.mirrored, expected.mirrored);
    EXPECT_EQ(chunk.failed, expected.failed);
}

std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void fill(const fs::path& folder, Shard shard, const std::vector<int64_t>& chunks) {
    EmbeddingStore store(folder, kKey, shard);
    for (const int64_t chunk : chunks) store.append(chunk, chunk_of(chunk));
}

TEST(EmbeddingStore, KeepsWhatWasWritten) {
    const TemporaryFolder folder;
    EXPECT_EQ(chunk_count(kKey.images), 4);
    EXPECT_EQ(chunk_size(kKey.images, 3), 5);
    fill(folder.path(), {}, {2, 0});
    fill(folder.path(), {}, {1});
    const EmbeddingStore store(folder.path(), kKey, {});
    for (const int64_t chunk : {0, 1, 2}) expect_chunk(store, chunk);
    EXPECT_FALSE(store.has(3));
}

TEST(EmbeddingStore, AnotherKeyHasNothing) {
    const TemporaryFolder folder;
    fill(folder.path(), {}, {0});
    EmbeddingSetKey other = kKey;
    other.dimension = 8;  // of the same hash: a collision that cannot be, but must not harm
    EXPECT_FALSE(EmbeddingStore(folder.path(), other, {}).has(0));
}

TEST(EmbeddingStore, SecondWriterIsRefused) {
    const TemporaryFolder folder;
    const EmbeddingStore store(folder.path(), kKey, {});
    EXPECT_THROW(EmbeddingStore(folder.path(), kKey, {}), Error);
    const EmbeddingStore shard(folder.path(), kKey, {0, 2});  // another file
}

TEST(EmbeddingStore, CutAndDamagedFilesKeepWhatStandsBeforeTheDamage) {
    const TemporaryFolder folder;
    fill(folder.path(), {}, {0, 1});
    const fs::path file = folder / (kKey.hash + ".qfe");
    const std::string whole = bytes_of(file);
    Rng rng(3);
    for (int trial = 0; trial < 200; ++trial) {
        std::string damaged = whole;
        if (trial % 2 == 0) {
            damaged.resize(rng.below(whole.size()));
        } else {
            damaged[rng.below(whole.size())] ^= static_cast<char>(1 << rng.below(8));
        }
        std::ofstream(file, std::ios::binary) << damaged;
        {
            EmbeddingStore store(folder.path(), kKey, {});
            EXPECT_FALSE(store.has(2));
            EXPECT_FALSE(store.has(0) && store.has(1));
            if (store.has(0)) expect_chunk(store, 0);
            store.append(1, chunk_of(1));
            store.append(2, chunk_of(2));
        }
        const EmbeddingStore again(folder.path(), kKey, {});
        expect_chunk(again, 1);
        expect_chunk(again, 2);
    }
}

TEST(EmbeddingStore, ShardsAreSeenTogetherAndMerged) {
    const TemporaryFolder folder, target;
    const Shard first{0, 2}, second{1, 2};
    EXPECT_TRUE(first.has(2));
    EXPECT_FALSE(second.has(2));
    fill(folder.path(), first, {0, 2});
    fill(folder.path(), second, {1});
    {
        const EmbeddingStore store(folder.path(), kKey, {});
        for (const int64_t chunk : {0, 1, 2}) expect_chunk(store, chunk);
    }
    const std::vector<fs::path> parts = {folder / (kKey.hash + ".1-of-2.qfe"),
                                         folder / (kKey.hash + ".2-of-2.qfe")};
    EXPECT_EQ(read_embedding_set_key(parts[0]), kKey);
    MergedSet merged = merge_embedding_files(parts, target.path());
    EXPECT_EQ(merged.images, 3 * kImagesPerChunk);
    fill(folder.path(), second, {3});
    merged = merge_embedding_files(parts, target.path());
    EXPECT_EQ(merged.images, kKey.images);
    const EmbeddingStore store(target.path(), kKey, {});
    for (const int64_t chunk : {0, 1, 2, 3}) expect_chunk(store, chunk);
}

TEST(EmbeddingStore, PartsThatDisagreeAreNotMerged) {
    const TemporaryFolder folder, target;
    fill(folder.path(), {0, 2}, {0});
    {
        EmbeddingStore store(folder.path(), kKey, {1, 2});
        EmbeddingChunk other = chunk_of(0);
        other.plain[0] += 1;
        store.append(0, other);
    }
    const std::vector<fs::path> parts = {folder / (kKey.hash + ".1-of-2.qfe"),
                                         folder / (kKey.hash + ".2-of-2.qfe")};
    EXPECT_THROW(merge_embedding_files(parts, target.path()), Error);
    EXPECT_THROW(merge_embedding_files({folder.write("x.qfe", "no embeddings")}, target.path()), Error);
}

}  // namespace
}  // namespace quantface::test
