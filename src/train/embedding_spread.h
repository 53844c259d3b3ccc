// Embeddings spread over the sphere with identities kept. u: rows of length 1, (N, dimension); images of one
// identity follow each other, `views` of each.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace quantface {

at::Tensor unit_rows(const at::Tensor& rows);

// Squared length of the mean: 0 where the embeddings have no direction in common.
at::Tensor common_direction(const at::Tensor& u);

// Mean over rows of log(mean(exp(sharpness * cosine))) / sharpness, over all rows of `others`, which do not
// move, and of u that are of another identity: the uniformity loss of Wang, Isola, ICML 2020 (arXiv
// 2005.10242), Eq. 4, up to constants, with sharpness = 2t. A sharp one sees the nearest neighbours above
// all. first_other: which row of u, counted from u's first, `others` begins with; rows of both that are of
// one identity are left out. Defined for at least two identities.
at::Tensor crowding(const at::Tensor& u, const at::Tensor& others, int64_t first_other, int64_t views,
                    double sharpness);

// Cosines between images of one identity, each pair once; empty where views is 1.
at::Tensor same_cosines(const at::Tensor& u, int64_t views);

// Mean of what `cosines` lack of `wanted` + margin, with wanted + margin at most 1.
at::Tensor identity_loss(const at::Tensor& cosines, const at::Tensor& wanted, double margin);

// Mean cosine between images of different identities.
double mean_other_cosine(const at::Tensor& u, int64_t views);

}  // namespace quantface
