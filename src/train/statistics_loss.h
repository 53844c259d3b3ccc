// What a batch's channel statistics in the teacher tell of how unlike its training data the batch is. Each is
// a mean over watched values of a mean over channels, so that neither deep layers nor wide ones dominate.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "train/watched_network.h"

namespace quantface {

// Against what batch norms hold of the training data (Cai et al., "ZeroQ", CVPR 2020, arXiv 2001.00281; Yin
// et al., "DeepInversion", CVPR 2020, arXiv 1912.08795), by channel
//   log(1 + d),  d = (mean - m)^2 / v + (sqrt(variance / v) - 1)^2
// with the reference's mean m and variance v: relative to the channel's own spread, and bounded in its pull
// where a channel is far off. Variances below a hundredth of the layer's median count as that: channels
// that a network has given up say nothing.
at::Tensor statistics_distance(const std::vector<ChannelStatistics>& batch,
                               const std::vector<ChannelStatistics>& reference);

// Where batch norms were folded nothing holds those statistics, but the structure that they leave does: a
// normalised channel with scale g and shift b has a mean of b and a deviation of |g|, of like size in
// trained networks, so that the activation behind it cuts within its spread; and rendered images vary less
// than photographs do, so channels should spread more than on the source, never less. By channel
//   log(1 + max(0, |mean| / s - kMostOffset)^2 + max(0, kWidening - s / s0)^2)
// with the deviation s on the batch and s0 on the source.
at::Tensor folded_distance(const std::vector<ChannelStatistics>& batch,
                           const std::vector<ChannelStatistics>& source);

inline constexpr double kMostOffset = 1.5;
inline constexpr double kWidening = 1.2;

}  // namespace quantface
