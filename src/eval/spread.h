// How much of the embedding space a set of faces fills.
#pragma once

#include <cstdint>
#include <span>

namespace quantface {

struct EmbeddingSpread {
    int64_t embeddings = 0;
    // Of the covariance matrix about the mean, in [1, dimension]: exp(-sum p_i ln p_i), where p_i are its
    // eigenvalues divided by their sum (Roy, Vetterli: The effective rank, EUSIPCO 2007, with the spectrum of
    // the covariance in the place of the singular values). 1 where nothing varies. It grows with the number
    // of images, the more so the fewer they are: sets are compared at one size.
    double effective_rank = 0;
    double largest_component = 0;  // the largest p_i: share of the variance along the first principal axis
    // Length of the mean of the embeddings, each of length 1: 0 where they go in all directions alike, 1
    // where all are one. Their mean cosine, with themselves, is its square.
    double mean_length = 0;
};

// rows: matrix of embeddings of length 1, as normalize_embeddings leaves them; rows of zeros (embeddings
// without direction) take no part. Memory: dimension squared, besides the rows. Throws Error(kUsage) where
// rows.size() is no multiple of dimension, Error(kFailed) where fewer than two rows have a direction.
EmbeddingSpread measure_spread(std::span<const float> rows, int64_t dimension);

}  // namespace quantface
