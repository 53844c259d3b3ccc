#include "train/statistics_loss.h"

#include <ATen/ATen.h>

#include "base/error.h"

namespace quantface {

namespace {

constexpr double kLeastPart = 1e-2;  // of the layer's median variance
constexpr double kTiny = 1e-12;

at::Tensor floored(const at::Tensor& variance) {
    return at::maximum(variance, variance.median() * kLeastPart + kTiny);
}

template <typename Distance>
at::Tensor mean_over_watched(const std::vector<ChannelStatistics>& batch,
                             const std::vector<ChannelStatistics>& wanted, const Distance& distance) {
    QF_CHECK(batch.size() == wanted.size() && !batch.empty());
    std::vector<at::Tensor> means;
    for (size_t i = 0; i < batch.size(); ++i) means.push_back(distance(batch[i], wanted[i]).mean());
    return at::stack(means).mean();
}

}  // namespace

at::Tensor statistics_distance(const std::vector<ChannelStatistics>& batch,
                               const std::vector<ChannelStatistics>& reference) {
    return mean_over_watched(batch, reference, [](const ChannelStatistics& b, const ChannelStatistics& r) {
        const at::Tensor variance = floored(r.variance);
        const at::Tensor off = (b.mean - r.mean).square() / variance;
        // The small addend keeps the root's derivative finite where a channel stands still.
        const at::Tensor width = (b.variance / variance + 1e-6).sqrt() - (r.variance / variance).sqrt();
        return at::log1p(off + width.square());
    });
}

at::Tensor folded_distance(const std::vector<ChannelStatistics>& batch,
                           const std::vector<ChannelStatistics>& source) {
    return mean_over_watched(batch, source, [](const ChannelStatistics& b, const ChannelStatistics& s) {
        const at::Tensor least = floored(s.variance);
        const at::Tensor deviation = (b.variance + least * 1e-6).sqrt();
        const at::Tensor offset = b.mean.abs() / at::maximum(deviation, (least * kLeastPart).sqrt());
        const at::Tensor width = deviation / least.sqrt();
        return at::log1p(at::relu(offset - kMostOffset).square() + at::relu(kWidening - width).square());
    });
}

}  // namespace quantface
