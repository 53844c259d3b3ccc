// The fused operations against libtorch's own, values and gradients.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "train/depthwise.h"
#include "train/fused_epilogue.h"
#include "train/losses.h"

namespace quantface {
namespace {

at::Tensor random(std::vector<int64_t> sizes, double low, double high) {
    return (at::rand(sizes, at::kFloat) * (high - low) + low).set_requires_grad(true);
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).norm() / (b.norm() + 1e-12)).item<double>();
}

struct Case {
    bool residual, affine, after, prelu, bfloat16;
};

class Epilogue : public testing::TestWithParam<int> {
  protected:
    // All tensors that can have gradients.
    static std::vector<at::Tensor*> members(EpilogueTensors& t) {
        return {&t.accumulator,         &t.multiplier, &t.bias,  &t.slope, &t.residual,
                &t.residual_multiplier, &t.scale,      &t.shift, &t.step,  &t.zero_point};
    }
};

TEST_P(Epilogue, FusedEqualsComposed) {
    at::manual_seed(static_cast<uint64_t>(GetParam()) + 1);
    const int form = GetParam();
    const Case c{(form & 1) != 0, (form & 2) != 0, (form & 4) != 0, (form & 8) != 0, (form & 16) != 0};
    const int64_t channels = 19;
    EpilogueTensors t;
    t.accumulator = random({3, channels, 5, 4}, -60, 60);
    t.multiplier = random({channels}, 0.02, 0.1);
    t.bias = random({channels}, -1, 1);
    if (form & 32) {
        t.whole = (t.bias / t.multiplier).detach().round() - 1;
        t.part = (t.bias - t.whole * t.multiplier).detach();
    }
    if (c.prelu) t.slope = random({channels}, -0.1, 0.4);
    if (!c.prelu) t.clip_low = 0, t.clip_high = 4;
    t.activation_after_residual = c.after;
    if (c.residual) {
        t.residual = at::randint(-7, 8, {3, channels, 5, 4}, at::kFloat).set_requires_grad(true);
        t.residual_multiplier = at::scalar_tensor(0.21, at::kFloat).set_requires_grad(true);
    }
    if (c.affine) {
        t.scale = random({channels}, 0.5, 1.5);
        t.shift = random({channels}, -1, 1);
    }
    t.step = at::scalar_tensor(0.27, at::kFloat).set_requires_grad(true);
    t.zero_point = at::scalar_tensor(6.3, at::kFloat).set_requires_grad(true);
    t.bits = 4;
    if (c.bfloat16) {
        t.accumulator = t.accumulator.detach().to(at::kBFloat16).set_requires_grad(true);
        if (c.residual) t.residual = t.residual.detach().to(at::kBFloat16).set_requires_grad(true);
    }
    const at::Tensor weights = at::randn({3, channels, 5, 4}, at::kFloat);
    const auto run = [&](at::Tensor (*epilogue)(const EpilogueTensors&)) {
        for (at::Tensor* tensor : members(t)) {
            if (tensor->defined()) tensor->mutable_grad().reset();
        }
        const at::Tensor level = epilogue(t);
        (level.to(at::kFloat) * weights).sum().backward();
        std::vector<at::Tensor> results = {level.detach().to(at::kFloat)};
        for (at::Tensor* tensor : members(t)) {
            if (tensor->defined()) results.push_back(tensor->grad().detach().to(at::kFloat).clone());
        }
        return results;
    };
    const auto fused = run(&fused_epilogue), composed = run(&fused_epilogue_composed);
    ASSERT_EQ(fused.size(), composed.size());
    // A number that lies on the border of two levels may round to either where the order of operations
    // differs.
    EXPECT_LE((fused[0] != composed[0]).sum().item<int64_t>(), c.bfloat16 ? 20 : 1);
    EXPECT_LE((fused[0] - composed[0]).abs().max().item<double>(), 1.0);
    for (size_t i = 1; i < fused.size(); ++i) {
        EXPECT_LT(relative_difference(fused[i], composed[i]), c.bfloat16 ? 0.03 : 1e-4) << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Forms, Epilogue, testing::Range(0, 64));

TEST(Depthwise, EqualsTheGeneralConvolution) {
    at::manual_seed(5);
    for (const int64_t stride : {1, 2}) {
        for (const int kernel : {3, 5}) {
            at::Tensor input = random({2, 21, 13, 11}, -1, 1),
                       weight = random({21, 1, kernel, kernel}, -1, 1);
            Window window;
            window.kernel_height = window.kernel_width = kernel;
            window.stride_y = window.stride_x = static_cast<int>(stride);
            window.padding = {1, 1, 1, 1};
            const at::Tensor ours = depthwise_convolution(input, weight, window);
            const at::Tensor theirs = at::conv2d(input, weight, {}, {stride, stride}, {1, 1}, {1, 1}, 21);
            EXPECT_LT(relative_difference(ours, theirs), 1e-5);
            const at::Tensor mask = at::randn(ours.sizes());
            (ours * mask).sum().backward();
            const at::Tensor to_input = input.grad().clone(), to_weight = weight.grad().clone();
            input.mutable_grad().reset();
            weight.mutable_grad().reset();
            (theirs * mask).sum().backward();
            EXPECT_LT(relative_difference(to_input, input.grad()), 1e-5);
            EXPECT_LT(relative_difference(to_weight, weight.grad()), 1e-5);
        }
    }
}

TEST(Losses, AreZeroForEqualsAndKnowTheirScale) {
    const at::Tensor a = at::tensor({3.0f, 4.0f, 0.0f, 1.0f}).reshape({2, 2});
    const at::Tensor b = at::tensor({4.0f, -3.0f, 0.0f, 2.0f}).reshape({2, 2});
    EXPECT_NEAR(embedding_loss(a, a * 5).item<double>(), 0.0, 1e-6);
    EXPECT_NEAR(embedding_loss(a, b).item<double>(), 0.5, 1e-6);  // cosines 0 and 1
    EXPECT_NEAR(norm_loss(a, b).item<double>(), 0.125, 1e-6);     // ratios 1 and 1/2
    EXPECT_NEAR(relation_loss(a, a * 5).item<double>(), 0.0, 1e-6);
    EXPECT_NEAR(relation_loss(a, b).item<double>(), 1.96, 1e-5);  // 0.8 against -0.6, both ways
}

}  // namespace
}  // namespace quantface
