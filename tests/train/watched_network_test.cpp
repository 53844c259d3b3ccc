// The watched network against the float network: embeddings, statistics and gradients.
#include "train/watched_network.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "graph/passes/pass.h"
#include "small_graphs.h"
#include "train/float_network.h"

namespace quantface {
namespace {

at::Tensor random_pixels(const Graph& graph, int64_t count, uint64_t seed) {
    at::manual_seed(seed);
    return at::rand({count, 3, graph.input_spec.height, graph.input_spec.width}) * 255;
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

Graph folded(Graph graph) {
    run_passes(graph, {});
    return graph;
}

TEST(WatchedNetwork, EmbedsAsTheFloatNetworkDoes) {
    for (Graph (*make)(uint64_t) : {small_mobile_face_net, small_iresnet, small_mixed_net}) {
        for (const Graph& graph : {make(5), folded(make(5))}) {
            const at::Tensor pixels = random_pixels(graph, 4, 1);
            const FloatNetwork plain(graph, {});
            const at::Tensor wanted = plain.forward(plain.normalized(pixels));
            EXPECT_LT(
                largest_difference(WatchedNetwork(graph, at::kCPU, false).forward(pixels).embedding, wanted),
                1e-5);
            EXPECT_LT(
                largest_difference(WatchedNetwork(graph, at::kCPU, true).forward(pixels).embedding, wanted),
                0.1);
        }
    }
}

TEST(WatchedNetwork, WatchesWhatGoesIntoBatchNorms) {
    const Graph graph = small_iresnet(6);
    std::vector<ValueId> inputs;
    std::vector<BatchNormOp> norms;
    for (const Node& node : graph.nodes) {
        if (const auto* norm = std::get_if<BatchNormOp>(&node.op)) {
            inputs.push_back(node.inputs[0]);
            norms.push_back(*norm);
        }
    }
    const at::Tensor pixels = random_pixels(graph, 5, 2);
    const FloatNetwork plain(graph, {});
    std::vector<at::Tensor> kept;
    plain.forward(plain.normalized(pixels), inputs, kept);
    const WatchedNetwork watched(graph, at::kCPU, false);
    const WatchedPass pass = watched.forward(pixels);
    EXPECT_TRUE(watched.has_batch_norms());
    ASSERT_EQ(pass.statistics.size(), norms.size());
    ASSERT_EQ(watched.reference().size(), norms.size());
    for (size_t i = 0; i < norms.size(); ++i) {
        EXPECT_LT(largest_difference(pass.statistics[i].mean, kept[i].mean({0, 2, 3})), 1e-4);
        EXPECT_LT(largest_difference(pass.statistics[i].variance, kept[i].var({0, 2, 3}, false)), 1e-4);
        EXPECT_FLOAT_EQ(watched.reference()[i].mean[2].item<float>(), norms[i].mean[2]);
        EXPECT_FLOAT_EQ(watched.reference()[i].variance[2].item<float>(),
                        norms[i].variance[2] + norms[i].epsilon);
    }
}

TEST(WatchedNetwork, WithoutBatchNormsWatchesActivations) {
    const Graph graph = folded(small_mobile_face_net(6));
    const WatchedNetwork watched(graph, at::kCPU, false);
    EXPECT_FALSE(watched.has_batch_norms());
    EXPECT_TRUE(watched.reference().empty());
    size_t activations = 0;
    for (const Node& node : graph.nodes) activations += std::holds_alternative<PReluOp>(node.op);
    EXPECT_EQ(watched.watched(), activations);
}

// Along the gradient, of embeddings and of statistics together.
TEST(WatchedNetwork, GradientsAreDerivatives) {
    for (const Graph& graph : {small_mobile_face_net(7), folded(small_iresnet(7)), small_mixed_net(7)}) {
        const WatchedNetwork network(graph, at::kCPU, false);
        at::Tensor pixels = random_pixels(graph, 3, 3).requires_grad_(true);
        at::manual_seed(4);
        const at::Tensor weights = at::randn({1, graph.embedding_size()});
        const auto loss = [&] {
            const WatchedPass pass = network.forward(pixels);
            at::Tensor sum = (pass.embedding.to(at::kDouble) * weights).sum();
            for (const ChannelStatistics& one : pass.statistics)
                sum = sum + one.mean.to(at::kDouble).square().sum() + one.variance.to(at::kDouble).sum();
            return sum;
        };
        const at::Tensor gradient = torch::autograd::grad({loss()}, {pixels})[0];
        const at::NoGradGuard no_gradients;
        const at::Tensor direction = at::sign(gradient);
        const double expected = gradient.abs().sum().item<double>(), step = 0.05;
        at::Tensor moved = pixels.detach();
        moved.add_(direction, step);
        const double up = loss().item<double>();
        moved.sub_(direction, 2 * step);
        const double down = loss().item<double>();
        EXPECT_NEAR((up - down) / (2 * step), expected, 0.05 * std::fabs(expected));
    }
}

TEST(WatchedNetwork, ThreadsChangeNoStatistic) {
    const Graph graph = small_mobile_face_net(8);
    const WatchedNetwork network(graph, at::kCPU, false);
    const at::Tensor pixels = random_pixels(graph, 6, 5);
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const WatchedPass one = network.forward(pixels);
    at::set_num_threads(3);
    const WatchedPass three = network.forward(pixels);
    at::set_num_threads(threads);
    EXPECT_TRUE(at::equal(one.embedding, three.embedding));
    for (size_t i = 0; i < one.statistics.size(); ++i)
        EXPECT_TRUE(at::equal(one.statistics[i].variance, three.statistics[i].variance));
}

}  // namespace
}  // namespace quantface
