// Arithmetic on face embeddings: matrices of float32, one embedding a row, rows without padding. All sums in
// double.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quantface {

// True where the embedding has a direction: all elements finite, not all zero.
bool is_valid_embedding(std::span<const float> embedding);

// Scales each valid row to length 1; rows that are not valid become zero. Returns how many were not.
// Throws Error(kUsage) where rows.size() is no multiple of dimension.
int64_t normalize_embeddings(std::span<float> rows, int64_t dimension);

// In [-1, 1]; nothing to do with length. Both must be valid, of one size.
double cosine_similarity(std::span<const float> a, std::span<const float> b);

// Squared Euclidean distance of the two scaled to length 1: 2 - 2 cos, in [0, 4], and exactly 0 for equal
// embeddings.
double normalized_distance(std::span<const float> a, std::span<const float> b);

// What the field compares: embedding of an image plus embedding of its mirror image, as the network gave
// them, before normalisation. Both of one size, else Error(kUsage).
std::vector<float> sum_of_flips(std::span<const float> plain, std::span<const float> mirrored);

}  // namespace quantface
