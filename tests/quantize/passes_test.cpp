// The graph passes, held against the graph before them by running both.
#include "graph/passes/pass.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/channel_groups.h"
#include "quantize/pass_verification.h"
#include "small_graphs.h"

namespace quantface {
namespace {

int count_ops(const Graph& graph, const std::string& name) {
    int count = 0;
    for (const Node& node : graph.nodes) count += op_name(node.op) == name;
    return count;
}

class EveryNetwork : public testing::TestWithParam<Graph (*)(uint64_t)> {};

TEST_P(EveryNetwork, ComputesTheSameAfterAllPasses) {
    const Graph before = GetParam()(3);
    Graph after = before;
    for (const PassReport& report : run_verified_passes(after, {})) {
        EXPECT_LT(report.largest_difference, 1e-4) << report.name;
    }
    EXPECT_LT(largest_embedding_difference(before, after), 1e-4);
}

TEST_P(EveryNetwork, EachPassCanBeSkipped) {
    for (const GraphPass& pass : graph_passes()) {
        Graph graph = GetParam()(4);
        const std::vector<std::string> skip{pass.name};
        for (const PassReport& report : run_verified_passes(graph, skip)) EXPECT_NE(report.name, pass.name);
    }
}

TEST_P(EveryNetwork, ComputesTheSameAfterScalingEveryGroup) {
    Graph graph = GetParam()(5);
    run_verified_passes(graph, {});
    const Graph before = graph;
    Rng rng(6);
    for (const ChannelGroup& group : find_channel_groups(graph)) {
        std::vector<float> scales(group.channels);
        for (float& scale : scales) scale = static_cast<float>(rng.uniform(0.2, 5.0));
        scale_group(graph, group, scales);
    }
    validate(graph);
    EXPECT_LT(largest_embedding_difference(before, graph), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Networks, EveryNetwork,
                         testing::Values(&small_mobile_face_net, &small_iresnet, &small_mixed_net));

TEST(Passes, FoldEverythingInAMobileFaceNet) {
    Graph graph = small_mobile_face_net(1);
    run_verified_passes(graph, {});
    EXPECT_EQ(count_ops(graph, "BatchNorm"), 0);
    EXPECT_EQ(count_ops(graph, "Affine"), 0);
    EXPECT_EQ(count_ops(graph, "Gemm"), 0);
    EXPECT_EQ(count_ops(graph, "Flatten"), 0);
}

TEST(Passes, KeepABatchNormBeforeAPaddedConvolution) {
    Graph graph = small_iresnet(1);
    run_verified_passes(graph, {});
    EXPECT_EQ(count_ops(graph, "BatchNorm"), 0);
    EXPECT_EQ(count_ops(graph, "Affine"), 2);
}

TEST(Passes, DropWhatTheEmbeddingDoesNotNeed) {
    GraphBuilder b(8, 8, 1);
    const ValueId x = b.add(IdentityOp{}, {b.conv(b.input(), 4, 8, 1, 0)});
    b.conv(b.input(), 5, 3, 1, 1);
    Graph graph = b.finish(x);
    EXPECT_EQ(remove_dead_code(graph), 2);
    validate(graph);
    EXPECT_EQ(graph.nodes.size(), 1u);
    EXPECT_EQ(graph.values.size(), 2u);
}

TEST(Passes, AWrongPassIsNoticed) {
    const Graph before = small_iresnet(2);
    Graph after = before;
    std::get<ConvOp>(after.nodes[0].op).bias[0] += 0.5f;
    EXPECT_GT(largest_embedding_difference(before, after), kPassTolerance);
}

TEST(Passes, UnknownNamesAreRefused) {
    const std::vector<std::string> good{"equalize", "fold-into-next"}, bad{"fold-everything"};
    EXPECT_NO_THROW(check_pass_names(good));
    EXPECT_THROW(check_pass_names(bad), Error);
}

TEST(ChannelGroups, ReachThroughResidualStreamsButNotThroughConvolutions) {
    Graph graph = small_mobile_face_net(1);
    run_verified_passes(graph, {});
    bool found_stream = false;
    for (const ChannelGroup& group : find_channel_groups(graph)) {
        int adds = 0;
        for (const ValueId value : group.values) {
            adds += std::holds_alternative<AddOp>(graph.nodes[graph.producer_of(value)].op);
            EXPECT_NE(value, graph.output);
            EXPECT_NE(value, graph.input);
        }
        if (adds == 0) continue;
        found_stream = true;
        EXPECT_EQ(adds, 2);
        EXPECT_EQ(group.producers.size(), 3u);
        EXPECT_EQ(group.consumers.size(), 3u);
    }
    EXPECT_TRUE(found_stream);
}

}  // namespace
}  // namespace quantface
