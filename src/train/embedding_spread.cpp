#include "train/embedding_spread.h"

#include <ATen/ATen.h>

#include <limits>

namespace quantface {

namespace {

constexpr double kTiny = 1e-12;

// The identity of each row, counted from u's first row.
at::Tensor identities(int64_t first, int64_t count, int64_t views, const at::Tensor& like) {
    return at::div(at::arange(first, first + count, like.options().dtype(at::kLong)), views, "floor");
}

at::Tensor of_one_identity(const at::Tensor& rows, const at::Tensor& columns) {
    return rows.unsqueeze(1) == columns.unsqueeze(0);
}

}  // namespace

at::Tensor unit_rows(const at::Tensor& rows) {
    return rows / rows.norm(2, 1, true).clamp_min(kTiny);
}

at::Tensor common_direction(const at::Tensor& u) {
    return u.mean(0).square().sum();
}

at::Tensor crowding(const at::Tensor& u, const at::Tensor& others, int64_t first_other, int64_t views,
                    double sharpness) {
    const at::Tensor own = identities(0, u.size(0), views, u);
    const at::Tensor all = at::cat({own, identities(first_other, others.size(0), views, u)});
    const at::Tensor same = of_one_identity(own, all);
    const at::Tensor cosines = at::mm(u, at::cat({u, others}).t());
    const at::Tensor counted = same.logical_not().sum(1).clamp_min(1).to(at::kFloat);
    const at::Tensor powers =
        (cosines * sharpness).masked_fill(same, -std::numeric_limits<double>::infinity());
    return (at::logsumexp(powers, 1) - counted.log()).mean() / sharpness;
}

at::Tensor same_cosines(const at::Tensor& u, int64_t views) {
    const at::Tensor own = identities(0, u.size(0), views, u);
    const at::Tensor pairs = of_one_identity(own, own).triu(1);
    return at::mm(u, u.t()).masked_select(pairs);
}

at::Tensor identity_loss(const at::Tensor& cosines, const at::Tensor& wanted, double margin) {
    if (cosines.numel() == 0) return cosines.sum();
    return at::relu(at::clamp_max(wanted + margin, 1) - cosines).mean();
}

double mean_other_cosine(const at::Tensor& u, int64_t views) {
    const at::Tensor own = identities(0, u.size(0), views, u);
    const at::Tensor other = of_one_identity(own, own).logical_not();
    return other.any().item<bool>() ? at::mm(u, u.t()).masked_select(other).mean().item<double>() : 0;
}

}  // namespace quantface
