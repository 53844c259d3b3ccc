// Whole float graphs: plans, callbacks and workspaces.
#include "runtime/float_executor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/rng.h"
#include "base/thread_pool.h"
#include "naive_float.h"
#include "small_graphs.h"

namespace quantface {
namespace {

std::vector<float> random_image(const Graph& graph, uint64_t seed) {
    Rng rng(seed);
    std::vector<float> image(static_cast<size_t>(graph.values[graph.input].shape.size()));
    for (float& number : image) number = static_cast<float>(rng.uniform(-1, 1));
    return image;
}

std::vector<float> run(const FloatExecutor& executor, const Graph& graph, const std::vector<float>& image,
                       FloatExecutor::Workspace& workspace) {
    std::vector<float> embedding(static_cast<size_t>(graph.embedding_size()));
    executor.run(image, embedding, workspace);
    return embedding;
}

class FloatNetworksTest : public testing::TestWithParam<Graph (*)(uint64_t)> {
  protected:
    const Graph graph_ = GetParam()(1);
    const FloatExecutor executor_{graph_};
};

TEST_P(FloatNetworksTest, EveryValueMatchesDoublePrecisionAtItsCallback) {
    const auto image = random_image(graph_, 2);
    const auto expected = naive_run(graph_, image);
    const auto workspace = executor_.make_workspace();
    std::vector<float> embedding(static_cast<size_t>(graph_.embedding_size()));
    std::vector<ValueId> order;
    executor_.run(image, embedding, *workspace, [&](ValueId value, std::span<const float> data) {
        order.push_back(value);
        ASSERT_EQ(data.size(), expected[value].numbers.size());
        for (size_t i = 0; i < data.size(); ++i) {
            const double wanted = expected[value].numbers[i];
            ASSERT_NEAR(data[i], wanted, 2e-5 * (1 + std::abs(wanted)))
                << "value '" << graph_.values[value].name << "', number " << i;
        }
    });
    std::vector<ValueId> wanted_order{graph_.input};
    for (const Node& node : graph_.nodes) wanted_order.push_back(node.output);
    EXPECT_EQ(order, wanted_order);
    EXPECT_EQ(embedding, run(executor_, graph_, image, *workspace)) << "a callback changes the result";
}

TEST_P(FloatNetworksTest, ReusedWorkspacesLeaveNothingBehind) {
    const auto workspace = executor_.make_workspace();
    for (const uint64_t seed : {3, 4, 5}) {
        const auto image = random_image(graph_, seed);
        const auto fresh = executor_.make_workspace();
        EXPECT_EQ(run(executor_, graph_, image, *workspace), run(executor_, graph_, image, *fresh));
    }
}

TEST_P(FloatNetworksTest, ThreadsShareOneExecutor) {
    constexpr int kImages = 24;
    const auto workspace = executor_.make_workspace();
    std::vector<std::vector<float>> alone, together(kImages);
    for (int i = 0; i < kImages; ++i) {
        alone.push_back(run(executor_, graph_, random_image(graph_, i), *workspace));
    }
    ThreadPool pool(4);
    pool.parallel_for(kImages, [&](int64_t index, int) {
        const auto own = executor_.make_workspace();
        together[index] = run(executor_, graph_, random_image(graph_, index), *own);
    });
    EXPECT_EQ(alone, together);
}

TEST_P(FloatNetworksTest, OutlivesItsGraph) {
    auto graph = std::make_unique<Graph>(graph_);
    FloatExecutor executor(*graph);
    graph.reset();
    const FloatExecutor moved = std::move(executor);
    const auto image = random_image(graph_, 6);
    EXPECT_EQ(run(moved, graph_, image, *moved.make_workspace()),
              run(executor_, graph_, image, *executor_.make_workspace()));
}

INSTANTIATE_TEST_SUITE_P(Networks, FloatNetworksTest,
                         testing::Values(small_mobile_face_net, small_iresnet, small_mixed_net));

// Values that nothing reads must not be overwritten before their callback, nor write over others.
TEST(FloatGraphsTest, UnreadValuesAndLateReaders) {
    GraphBuilder builder(9, 7, 1);
    const ValueId early = builder.conv(builder.input(), 5, 3, 1, 1);
    ValueId value = early;
    for (int i = 0; i < 6; ++i) {
        value = builder.conv(value, 5, 3, 1, 1);
        builder.add(SigmoidOp{}, {value});  // nobody reads it
    }
    value = builder.add(AddOp{}, {value, early});
    value = builder.add(MulOp{}, {value, value});
    const Graph graph = builder.finish(builder.add(GlobalAveragePoolOp{}, {value}));
    const auto image = random_image(graph, 1);
    const auto expected = naive_run(graph, image);
    const FloatExecutor executor(graph);
    std::vector<float> embedding(static_cast<size_t>(graph.embedding_size()));
    std::map<ValueId, double> worst;
    executor.run(image, embedding, *executor.make_workspace(), [&](ValueId id, std::span<const float> data) {
        for (size_t i = 0; i < data.size(); ++i) {
            worst[id] = std::max(worst[id], std::abs(data[i] - expected[id].numbers[i]));
        }
    });
    EXPECT_EQ(worst.size(), graph.values.size());
    for (const auto& [id, difference] : worst) EXPECT_LT(difference, 1e-4) << graph.values[id].name;
    for (int i = 0; i < graph.embedding_size(); ++i) {
        EXPECT_NEAR(embedding[i], expected[graph.output].numbers[i], 1e-4);
    }
}

TEST(FloatGraphsTest, WrongSizesAreRefused) {
    const Graph graph = small_mobile_face_net(1);
    const FloatExecutor executor(graph);
    const auto workspace = executor.make_workspace();
    std::vector<float> image(static_cast<size_t>(graph.values[graph.input].shape.size()));
    std::vector<float> embedding(static_cast<size_t>(graph.embedding_size()));
    EXPECT_THROW(executor.run(std::span(image).first(image.size() - 1), embedding, *workspace),
                 std::logic_error);
    EXPECT_THROW(executor.run(image, std::span(embedding).first(embedding.size() - 1), *workspace),
                 std::logic_error);
}

}  // namespace
}  // namespace quantface
