#include "train/losses.h"

#include <ATen/ATen.h>

namespace quantface {

namespace {
constexpr double kTiny = 1e-12;

at::Tensor normalized(const at::Tensor& rows) {
    return rows / rows.norm(2, 1, true).clamp_min(kTiny);
}
}  // namespace

at::Tensor embedding_loss(const at::Tensor& student, const at::Tensor& teacher) {
    return 1 - (normalized(student) * normalized(teacher)).sum(1).mean();
}

at::Tensor squared_loss(const at::Tensor& student, const at::Tensor& teacher) {
    return (normalized(student) - normalized(teacher)).square().mean();
}

at::Tensor norm_loss(const at::Tensor& student, const at::Tensor& teacher) {
    return (student.norm(2, 1) / teacher.norm(2, 1).clamp_min(kTiny) - 1).square().mean();
}

at::Tensor relation_loss(const at::Tensor& student, const at::Tensor& teacher) {
    const at::Tensor s = normalized(student), t = normalized(teacher);
    const auto count = static_cast<double>(s.size(0));
    if (count < 2) return s.sum() * 0;
    return (at::mm(s, s.t()) - at::mm(t, t.t())).square().sum() / (count * (count - 1));
}

at::Tensor value_loss(const at::Tensor& student, const at::Tensor& teacher, double power) {
    return (student - teacher).square().mean() / (power + kTiny);
}

}  // namespace quantface
