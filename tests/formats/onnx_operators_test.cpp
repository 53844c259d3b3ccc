// Every operator of the importer's table: what it becomes in the graph, with which numbers.
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "formats/onnx_import.h"
#include "formats/onnx_operators.h"
#include "onnx_cases.h"

namespace quantface {
namespace {

using test::attribute;
using test::OnnxBuilder;

Graph import(const OnnxBuilder& builder, const OnnxImportOptions& options = {}) {
    return import_onnx(builder.bytes(), "test.onnx", options).graph;
}

std::string ops_of(const Graph& graph) {
    std::string text;
    for (const Node& node : graph.nodes) text += (text.empty() ? "" : " ") + std::string(op_name(node.op));
    return text;
}

// The first node of the kind.
template <typename Kind>
const Kind& first(const Graph& graph) {
    for (const Node& node : graph.nodes) {
        if (const auto* op = std::get_if<Kind>(&node.op)) return *op;
    }
    throw std::runtime_error("no such node in: " + ops_of(graph));
}

const test::OnnxCase& find_case(const std::string& name) {
    for (const auto& one : test::onnx_cases()) {
        if (one.name == name) return one;
    }
    throw std::runtime_error("no case " + name);
}

TEST(OnnxOperators, EveryCaseBecomesTheExpectedGraph) {
    for (const auto& one : test::onnx_cases()) {
        SCOPED_TRACE(one.name);
        EXPECT_NO_THROW(EXPECT_EQ(ops_of(import(one.build())), one.expected_ops));
    }
}

TEST(OnnxOperators, EveryRowOfTheTableHasACase) {
    std::set<std::string> covered;
    for (const auto& one : test::onnx_cases()) {
        OnnxBuilder builder = one.build();
        for (const auto& node : builder.graph().node()) covered.insert(node.op_type());
    }
    for (const OnnxOperator& row : onnx_operators()) {
        EXPECT_TRUE(covered.contains(std::string(row.name))) << row.name;
    }
}

TEST(OnnxOperators, TableNamesAreUniqueAndFound) {
    std::set<std::string_view> names;
    for (const OnnxOperator& row : onnx_operators()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_EQ(find_onnx_operator(row.name), &row);
    }
    EXPECT_EQ(find_onnx_operator("Foo"), nullptr);
}

TEST(OnnxOperators, ConvolutionKeepsWindowAndWeights) {
    const Graph graph = import(find_case("conv_stride_pads").build());
    const auto& conv = first<ConvOp>(graph);
    EXPECT_EQ(conv.weight.dims, (std::vector<int64_t>{4, 3, 3, 2}));
    EXPECT_EQ(conv.bias.size(), 4u);
    EXPECT_EQ(conv.window.stride_y, 2);
    EXPECT_EQ(conv.window.stride_x, 1);
    EXPECT_EQ(conv.window.padding, (Padding{1, 0, 2, 1}));
    // Height (9 + 3 - 3) / 2 + 1, width 8 + 1 - 2 + 1.
    EXPECT_EQ(graph.values[graph.nodes[0].output].shape, (Shape{4, 5, 8}));
}

TEST(OnnxOperators, AutomaticPaddingPutsTheOddPixelWhereNamed) {
    // 9x8 under a 2x3 kernel of stride 2: 5 rows need 10 pixels, 4 columns need 9.
    EXPECT_EQ(first<ConvOp>(import(find_case("conv_same_upper").build())).window.padding,
              (Padding{0, 0, 1, 1}));
    EXPECT_EQ(first<ConvOp>(import(find_case("conv_same_lower").build())).window.padding,
              (Padding{1, 1, 0, 0}));
}

TEST(OnnxOperators, CeilModeExtendsTheLastWindowOnly) {
    const Graph graph = import(find_case("max_pool_ceil").build());
    // 9 rows hold four windows exactly; 8 columns need one pixel more for the fourth.
    EXPECT_EQ(first<MaxPoolOp>(graph).window.padding, (Padding{0, 0, 0, 1}));
    EXPECT_EQ(graph.values[graph.nodes[0].output].shape, (Shape{3, 4, 4}));
}

TEST(OnnxOperators, GemmIsTransposedAndScaled) {
    const Graph graph = import(find_case("gemm_alpha_beta").build());
    const auto& gemm = first<GemmOp>(graph);
    EXPECT_EQ(gemm.weight.dims, (std::vector<int64_t>{5, 3}));
    OnnxBuilder source;
    const auto& weight = source.pattern("w", {3, 5});
    for (int in = 0; in < 3; ++in) {
        for (int out = 0; out < 5; ++out) {
            EXPECT_EQ(gemm.weight.data[out * 3 + in], 0.5f * weight.float_data(in * 5 + out));
        }
    }
    EXPECT_EQ(gemm.bias, std::vector<float>(5, -2.0f * source.pattern("b", {1}).float_data(0)));
}

TEST(OnnxOperators, ConstantsOnEitherSide) {
    OnnxBuilder source;
    const auto& c = source.pattern("c", {3, 1, 1}).float_data();
    const std::vector<float> constant(c.begin(), c.end());
    std::vector<float> negative(constant);
    for (float& number : negative) number = -number;
    const std::vector<float> ones(3, 1.0f), minus(3, -1.0f), zeros(3, 0.0f);
    const auto expect = [](const char* name, const std::vector<float>& scale,
                           const std::vector<float>& shift) {
        SCOPED_TRACE(name);
        const Graph graph = import(find_case(name).build());
        EXPECT_EQ(first<AffineOp>(graph).scale, scale);
        EXPECT_EQ(first<AffineOp>(graph).shift, shift);
    };
    expect("Add_constant", ones, constant);
    expect("Add_constant_first", ones, constant);
    expect("Sub_constant", ones, negative);
    expect("Sub_constant_first", minus, constant);
    expect("Mul_constant", constant, zeros);
    expect("Mul_constant_first", constant, zeros);
}

TEST(OnnxOperators, SlopesFromEveryShape) {
    OnnxBuilder source;
    const auto& c = source.pattern("c", {3}).float_data();
    const std::vector<float> slopes(c.begin(), c.end());
    for (const char* name : {"prelu", "prelu_rank_4", "prelu_by_channel", "prelu_unsqueeze"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(first<PReluOp>(import(find_case(name).build())).slope, slopes);
    }
    EXPECT_EQ(first<PReluOp>(import(find_case("prelu_one_slope").build())).slope,
              std::vector<float>(3, slopes[0]));
}

TEST(OnnxOperators, BatchNormOfOldExporters) {
    OnnxBuilder builder = find_case("batch_norm").build();
    *builder.graph().mutable_node(0)->add_attribute() = attribute("spatial", 0);
    const Graph graph = import(builder);
    EXPECT_EQ(first<BatchNormOp>(graph).variance, (std::vector<float>{0.5f, 1.0f, 2.0f}));
    EXPECT_EQ(first<BatchNormOp>(graph).epsilon, 1e-3f);
}

TEST(OnnxOperators, ClipBoundsFromAttributesAndInputs) {
    const float infinity = std::numeric_limits<float>::infinity();
    const auto bounds = [](const char* name) {
        const Graph graph = import(find_case(name).build());
        return std::pair(first<ClipOp>(graph).low, first<ClipOp>(graph).high);
    };
    EXPECT_EQ(bounds("clip_inputs"), std::pair(-0.25f, 0.5f));
    EXPECT_EQ(bounds("clip_low_only"), std::pair(-0.25f, infinity));
    EXPECT_EQ(bounds("clip_high_only"), std::pair(-infinity, 0.5f));
    EXPECT_EQ(bounds("clip_attributes"), std::pair(0.0f, 0.5f));
}

TEST(OnnxOperators, NodesKeepTheirNamesAndGetUniqueOnes) {
    OnnxBuilder builder;
    builder.node("Relu", {"image"}, "a").set_name("same");
    builder.node("Relu", {"a"}, "b").set_name("same");
    builder.node("Relu", {"b"}, "c").clear_name();
    builder.pool_to_embedding("c");
    const Graph graph = import(builder);
    EXPECT_EQ(graph.nodes[0].name, "same");
    EXPECT_EQ(graph.nodes[1].name, "same#2");
    EXPECT_EQ(graph.nodes[2].name, "c");
}

TEST(OnnxOperators, NodesThatReachNoOutputAndUnusedInitializersAreDropped) {
    OnnxBuilder builder;
    builder.node("Relu", {"image"}, "a");
    builder.node("Sigmoid", {"a"}, "dead");
    builder.initializer("strange", {4}, onnx::TensorProto::STRING);
    builder.floats("broken", {1000}, {1});
    builder.pool_to_embedding("a");
    const Graph graph = import(builder);
    EXPECT_EQ(ops_of(graph), "Relu GlobalAveragePool Identity");
    EXPECT_EQ(graph.values.size(), 4u);
}

TEST(OnnxOperators, NormalisationAtTheEndIsDroppedWithANote) {
    for (const char* name : {"l2_by_reduce", "l2_by_squares", "l2_by_sum_square", "lp_normalization"}) {
        const auto imported = import_onnx(find_case(name).build().bytes(), "test.onnx", {});
        ASSERT_EQ(imported.notes.size(), 2u) << name;
        EXPECT_NE(imported.notes[0].find("L2 normalisation"), std::string::npos) << imported.notes[0];
    }
}

// Weights in every storage that files use must come out as the same numbers.
TEST(OnnxOperators, TensorStorages) {
    const std::vector<float> numbers{1.0f, -0.5f, 0.25f};
    const auto slope = [&](const std::function<void(onnx::TensorProto&)>& fill) {
        OnnxBuilder builder;
        fill(builder.initializer("s", {3, 1, 1}, 0));
        builder.node("PRelu", {"image", "s"}, "y");
        builder.pool_to_embedding("y");
        return first<PReluOp>(import(builder)).slope;
    };
    EXPECT_EQ(slope([&](onnx::TensorProto& tensor) {
                  tensor.set_data_type(onnx::TensorProto::FLOAT);
                  tensor.set_raw_data(numbers.data(), 12);
              }),
              numbers);
    EXPECT_EQ(slope([&](onnx::TensorProto& tensor) {
                  tensor.set_data_type(onnx::TensorProto::DOUBLE);
                  for (const float number : numbers) tensor.add_double_data(static_cast<double>(number));
              }),
              numbers);
    EXPECT_EQ(slope([&](onnx::TensorProto& tensor) {
                  tensor.set_data_type(onnx::TensorProto::DOUBLE);
                  const double raw[] = {1.0, -0.5, 0.25};
                  tensor.set_raw_data(raw, sizeof raw);
              }),
              numbers);
    const uint16_t halves[] = {0x3c00, 0xb800, 0x3400};
    EXPECT_EQ(slope([&](onnx::TensorProto& tensor) {
                  tensor.set_data_type(onnx::TensorProto::FLOAT16);
                  tensor.set_raw_data(halves, sizeof halves);
              }),
              numbers);
    EXPECT_EQ(slope([&](onnx::TensorProto& tensor) {
                  tensor.set_data_type(onnx::TensorProto::FLOAT16);
                  for (const int half : halves) tensor.add_int32_data(half);
              }),
              numbers);
}

TEST(OnnxOperators, IntegerStorages) {
    for (const int type : {onnx::TensorProto::INT64, onnx::TensorProto::INT32, onnx::TensorProto::INT16,
                           onnx::TensorProto::INT8, onnx::TensorProto::UINT8, onnx::TensorProto::UINT16}) {
        for (const bool raw : {false, true}) {
            OnnxBuilder builder(4, 4);
            auto& target = builder.initializer("t", {2}, type);
            for (const int number : {1, 48}) {
                const int64_t wide = number;
                const int size = type == onnx::TensorProto::INT64                                        ? 8
                                 : type == onnx::TensorProto::INT32                                      ? 4
                                 : type == onnx::TensorProto::INT16 || type == onnx::TensorProto::UINT16 ? 2
                                                                                                         : 1;
                if (raw) {
                    target.mutable_raw_data()->append(reinterpret_cast<const char*>(&wide), size);
                } else if (type == onnx::TensorProto::INT64) {
                    target.add_int64_data(number);
                } else {
                    target.add_int32_data(number);
                }
            }
            builder.node("Reshape", {"image", "t"}, "embedding");
            EXPECT_EQ(ops_of(import(builder)), "Flatten") << type << raw;
        }
    }
}

}  // namespace
}  // namespace quantface
