#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "graph/graph.h"
#include "small_graphs.h"

namespace quantface {
namespace {

Node conv_node(int outputs, int group_inputs, int kernel, int stride, int padding, int groups) {
    ConvOp op;
    op.groups = groups;
    op.window.kernel_height = op.window.kernel_width = kernel;
    op.window.stride_y = op.window.stride_x = stride;
    op.window.padding = {padding, padding, padding, padding};
    op.weight.dims = {outputs, group_inputs, kernel, kernel};
    op.weight.data.assign(static_cast<size_t>(op.weight.element_count()), 0.5f);
    return {"the_conv", op, {0}, 1};
}

void expect_refused(const Node& node, const std::vector<Shape>& shapes) {
    try {
        infer_shape(node, shapes);
        FAIL() << "was not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_NE(std::string(error.what()).find(node.name), std::string::npos) << error.what();
    }
}

TEST(ShapeInference, ConvolutionSizesFollowTheWindow) {
    EXPECT_EQ(infer_shape(conv_node(8, 3, 3, 2, 1, 1), {{3, 112, 96}}), (Shape{8, 56, 48}));
    EXPECT_EQ(infer_shape(conv_node(8, 3, 3, 2, 0, 1), {{3, 112, 96}}), (Shape{8, 55, 47}));
    EXPECT_EQ(infer_shape(conv_node(6, 1, 7, 1, 0, 6), {{6, 7, 7}}), (Shape{6, 1, 1}));
}

TEST(ShapeInference, RefusesWhatDoesNotFit) {
    expect_refused(conv_node(8, 3, 3, 1, 1, 1), {{4, 8, 8}});
    expect_refused(conv_node(8, 3, 9, 1, 0, 1), {{3, 8, 8}});
    expect_refused(conv_node(7, 3, 3, 1, 1, 2), {{6, 8, 8}});
    Node infinite = conv_node(2, 1, 1, 1, 0, 1);
    std::get<ConvOp>(infinite.op).weight.data[0] = std::numeric_limits<float>::infinity();
    expect_refused(infinite, {{1, 2, 2}});
    Node no_stride = conv_node(2, 1, 1, 0, 0, 1);
    expect_refused(no_stride, {{1, 2, 2}});
    expect_refused({"short_slopes", PReluOp{{0.1f}}, {0}, 1}, {{2, 1, 1}});
    expect_refused({"add", AddOp{}, {0, 1}, 2}, {{2, 3, 3}, {2, 3, 4}});
    expect_refused({"flat", FlattenOp{}, {0}, 1}, {{65536, 65536, 65536}});
    Window padded;
    padded.padding = {1, 0, 0, 0};
    expect_refused({"pool", MaxPoolOp{padded}, {0}, 1}, {{1, 4, 4}});
}

TEST(ShapeInference, BroadcastsVectorsOverImages) {
    EXPECT_EQ(infer_shape({"m", MulOp{}, {0, 1}, 2}, {{4, 1, 1}, {4, 5, 6}}), (Shape{4, 5, 6}));
    EXPECT_EQ(infer_shape({"c", ConcatOp{}, {0, 1}, 2}, {{4, 5, 6}, {3, 5, 6}}), (Shape{7, 5, 6}));
}

TEST(ValidateGraph, RefusesBrokenGraphs) {
    const Graph good = small_mobile_face_net(1);
    Graph graph = good;
    std::swap(graph.nodes[0], graph.nodes[1]);
    EXPECT_THROW(validate(graph), Error);
    graph = good;
    graph.nodes[1].name = graph.nodes[0].name;
    EXPECT_THROW(validate(graph), Error);
    graph = good;
    graph.nodes[2].output = graph.nodes[1].output;
    EXPECT_THROW(validate(graph), Error);
    graph = good;
    graph.output = graph.nodes[0].output;
    EXPECT_THROW(validate(graph), Error);
    graph = good;
    graph.input_spec.std[1] = 0;
    EXPECT_THROW(validate(graph), Error);
}

}  // namespace
}  // namespace quantface
