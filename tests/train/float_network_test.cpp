// The float graph on libtorch against the float executor, and its gradients against differences.
#include "train/float_network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "runtime/float_executor.h"
#include "small_graphs.h"
#include "support/real_material.h"
#include "train/tensor_conversion.h"

namespace quantface {
namespace {

std::vector<float> random_image(const Graph& graph, uint64_t seed) {
    Rng rng(seed);
    std::vector<float> image(static_cast<size_t>(graph.values[graph.input].shape.size()));
    for (float& number : image) number = static_cast<float>(rng.normal());
    return image;
}

at::Tensor as_batch(const Graph& graph, const std::vector<float>& image) {
    const Shape& shape = graph.values[graph.input].shape;
    return to_torch(image).reshape({1, shape.channels, shape.height, shape.width});
}

// Every value of the graph, relative to the value's size.
void expect_equal_values(const Graph& graph, double tolerance) {
    std::vector<ValueId> all;
    for (const Node& node : graph.nodes) all.push_back(node.output);
    const std::vector<float> image = random_image(graph, 5);
    const FloatNetwork network(graph, {});
    std::vector<at::Tensor> kept;
    const at::NoGradGuard no_gradients;
    network.forward(as_batch(graph, image), all, kept);
    const FloatExecutor executor(graph);
    const auto workspace = executor.make_workspace();
    std::vector<float> embedding(static_cast<size_t>(graph.embedding_size()));
    size_t compared = 0;
    executor.run(image, embedding, *workspace, [&](ValueId value, std::span<const float> data) {
        for (size_t i = 0; i < all.size(); ++i) {
            if (all[i] != value) continue;
            const std::vector<float> ours = to_vector(kept[i]);
            ASSERT_EQ(ours.size(), data.size());
            double difference = 0, size = 1e-9;
            for (size_t j = 0; j < ours.size(); ++j) {
                difference = std::max(difference, std::fabs(static_cast<double>(ours[j] - data[j])));
                size = std::max(size, std::fabs(static_cast<double>(data[j])));
            }
            EXPECT_LT(difference / size, tolerance)
                << graph.nodes[i].name << " " << op_name(graph.nodes[i].op);
            ++compared;
        }
    });
    EXPECT_EQ(compared, all.size());
}

TEST(FloatNetwork, EqualsTheFloatExecutorValueByValue) {
    for (Graph (*make)(uint64_t) : {small_mobile_face_net, small_iresnet, small_mixed_net}) {
        expect_equal_values(make(8), 1e-5);
    }
}

// Uneven padding, dilation, strides, broadcasts from either side, all pools, a fake quantization.
Graph odd_graph() {
    GraphBuilder b(15, 13, 6);
    ConvOp conv;
    conv.window.kernel_height = 3;
    conv.window.kernel_width = 2;
    conv.window.stride_y = 2;
    conv.window.dilation_x = 2;
    conv.window.padding = {1, 0, 2, 1};
    conv.weight.dims = {6, 3, 3, 2};
    conv.weight.data = b.numbers(108, -0.5, 0.5);
    ValueId x = b.add(std::move(conv), {b.input()});
    x = b.add(AffineOp{b.numbers(6, 0.5, 2), b.numbers(6, -1, 1)}, {x});
    Window window;
    window.kernel_height = window.kernel_width = 3;
    window.stride_x = 2;
    window.padding = {0, 1, 1, 0};
    x = b.add(MulOp{}, {b.add(GlobalAveragePoolOp{}, {x}), x});
    const ValueId average = b.add(AveragePoolOp{window, true}, {x});
    const ValueId other = b.add(AveragePoolOp{window, false}, {x});
    x = b.add(ConcatOp{}, {average, b.add(SubOp{}, {other, b.add(MaxPoolOp{window}, {x})})});
    QuantParams params;
    params.bits = 5;
    params.scale = 0.13f;
    params.zero_point = 11;
    x = b.add(FakeQuantOp{params}, {b.add(LeakyReluOp{0.2f}, {x})});
    x = b.add(IdentityOp{}, {b.add(ClipOp{-0.9f, 1.3f}, {x})});
    return b.finish(b.gemm(b.add(FlattenOp{}, {x}), 7));
}

TEST(FloatNetwork, EqualsTheFloatExecutorOnOddShapes) {
    expect_equal_values(odd_graph(), 1e-5);
}

TEST(FloatNetwork, RealNetworksEqualTheFloatExecutor) {
    int found = 0;
    for (const RealNetwork& network : real_networks()) {
        if (!std::filesystem::exists(network.path)) continue;
        ++found;
        expect_equal_values(import_onnx(network.path, network.options).graph, 1e-4);
    }
    if (found == 0) GTEST_SKIP() << "no real network on this machine";
}

// Along a random direction of each parameter and of the image, in float32: smooth networks, small steps.
TEST(FloatNetwork, GradientsAreDerivatives) {
    for (Graph (*make)(uint64_t) : {small_mobile_face_net, small_iresnet, small_mixed_net}) {
        const Graph graph = make(9);
        const FloatNetwork network(graph, {at::kCPU, true});
        at::manual_seed(3);
        at::Tensor image = as_batch(graph, random_image(graph, 7)).requires_grad_(true);
        const at::Tensor weights = at::randn({1, graph.embedding_size()});
        const auto loss = [&] { return (network.forward(image).to(at::kDouble) * weights).sum(); };
        loss().backward();
        std::vector<std::pair<std::string, at::Tensor>> all = network.parameters();
        all.emplace_back("image", image);
        for (const auto& [name, tensor] : all) {
            ASSERT_TRUE(tensor.grad().defined()) << name;
            const at::NoGradGuard no_gradients;
            // Along the gradient's sign the change is largest against float32's rounding.
            const at::Tensor direction = at::sign(tensor.grad());
            const double expected = (direction * tensor.grad()).sum().to(at::kDouble).item<double>();
            const double step = 1e-3 * std::max(tensor.abs().mean().item<double>(), 1e-2);
            at::Tensor moved = tensor;
            moved.add_(direction, step);
            const double up = loss().item<double>();
            moved.sub_(direction, 2 * step);
            const double down = loss().item<double>();
            moved.add_(direction, step);
            EXPECT_NEAR((up - down) / (2 * step), expected, 0.05 * std::fabs(expected) + 1e-2) << name;
        }
    }
}

}  // namespace
}  // namespace quantface
