// Lengths and angles of embeddings, added up in double.
#pragma once

#include <span>

namespace quantface {

// To Euclidean length 1; all zeros stay as they are.
void normalize(std::span<float> embedding);

// In [-1, 1]; 0 where one of them is all zeros. Both have the same size.
float cosine(std::span<const float> a, std::span<const float> b);

}  // namespace quantface
