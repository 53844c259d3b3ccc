// A block of a gallery's faces laid out for the matrix products, and the queries that it is compared with.
//
// float stores: products in float32, added up in the order of the numbers of an embedding (kernels/float).
// int8 stores: the products are whole numbers and exact on every instruction set (kernels/conv). A query has
// two rows of levels, q = (254 * high + low) * scale with high and low in -127..127: 15 bits, so that only
// the gallery's own rounding is felt. Either way a pair's score depends on nothing but the two embeddings, so
// equal faces have equal scores.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gallery/stored_embedding.h"

namespace quantface {

// Queries that are compared together, faces in a block: their scores and a block stay in a core's cache.
constexpr int kMaxQueries = 64;
constexpr int kMaxBlockFaces = 1024;

class PackedQueries {
  public:
    // 1..kMaxQueries rows of `dimension` numbers; each must have a direction, else Error(kUsage). Lengths do
    // not matter.
    PackedQueries(FaceStore store, int dimension, std::span<const float> rows);
    ~PackedQueries();
    PackedQueries(PackedQueries&&) noexcept;

    int count() const { return count_; }

  private:
    friend class FaceBlock;
    struct Data;
    int count_ = 0;
    std::unique_ptr<Data> data_;
};

// What one thread computes with, kept from block to block.
struct ScoreScratch {
    std::vector<float> numbers;
    std::vector<std::byte> bytes;
};

class FaceBlock {
  public:
    // `stored`: count (1..kMaxBlockFaces) rows of stored_embedding_bytes(). Throws Error(kBadInput) "WHERE:
    // ..." where one is no embedding.
    FaceBlock(FaceStore store, int dimension, std::span<const uint8_t> stored, const std::string& where);
    ~FaceBlock();
    FaceBlock(FaceBlock&&) noexcept;

    int count() const { return count_; }
    size_t memory_bytes() const;
    // scores: (queries, count()), cosines in -1..1 but for rounding.
    void score(const PackedQueries& queries, ScoreScratch& scratch, std::span<float> scores) const;

  private:
    struct Data;
    int count_ = 0;
    std::unique_ptr<Data> data_;
};

}  // namespace quantface
