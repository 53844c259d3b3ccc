// What the importer cannot take is refused in one line that names file, operator, node and reason.
#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/onnx_import.h"
#include "onnx_builder.h"

namespace quantface {
namespace {

using test::attribute;
using test::OnnxBuilder;

struct Refusal {
    const char* name;
    std::function<void(OnnxBuilder&)> add_nodes;
    const char* words;
};

void PrintTo(const Refusal& refusal, std::ostream* stream) {
    *stream << refusal.name;
}

std::string refusal_name(const testing::TestParamInfo<Refusal>& instance) {
    return instance.param.name;
}

class OnnxRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(OnnxRefusal, NamesFileNodeAndReason) {
    OnnxBuilder builder(8, 7);
    GetParam().add_nodes(builder);
    try {
        import_onnx(builder.bytes(), "some.onnx", {});
        FAIL() << "not refused";
    } catch (const Error& error) {
        const std::string text = error.what();
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_EQ(text.rfind("some.onnx: ", 0), 0u) << text;
        EXPECT_EQ(text.find('\n'), std::string::npos) << text;
        EXPECT_NE(text.find(GetParam().words), std::string::npos) << text;
    }
}

std::vector<int64_t> ints(std::initializer_list<int64_t> numbers) {
    return numbers;
}

// Shorthands: one node on the image, then to the embedding.
std::function<void(OnnxBuilder&)> on_image(const std::string& op,
                                           const std::vector<onnx::AttributeProto>& attributes = {}) {
    return [=](OnnxBuilder& b) {
        b.node(op, {"image"}, "y", attributes);
        b.pool_to_embedding("y");
    };
}
std::function<void(OnnxBuilder&)> with_floats(const std::string& op, const std::vector<int64_t>& dims,
                                              const std::vector<onnx::AttributeProto>& attributes = {},
                                              bool constant_first = false) {
    return [=](OnnxBuilder& b) {
        b.pattern("c", dims);
        b.node(
            op,
            constant_first ? std::vector<std::string>{"c", "image"} : std::vector<std::string>{"image", "c"},
            "y", attributes);
        b.pool_to_embedding("y");
    };
}
std::function<void(OnnxBuilder&)> reshape(const std::vector<int64_t>& target,
                                          const std::vector<onnx::AttributeProto>& attributes = {}) {
    return [=](OnnxBuilder& b) {
        b.integers("t", {static_cast<int64_t>(target.size())}, target);
        b.node("Reshape", {"image", "t"}, "embedding", attributes);
    };
}
std::function<void(OnnxBuilder&)> batch_norm(const std::vector<onnx::AttributeProto>& attributes,
                                             float variance = 1) {
    return [=](OnnxBuilder& b) {
        for (const char* name : {"s", "b", "m"}) b.pattern(name, {3});
        b.floats("v", {3}, std::vector<float>(3, variance));
        b.node("BatchNormalization", {"image", "s", "b", "m", "v"}, "y", attributes);
        b.pool_to_embedding("y");
    };
}
std::function<void(OnnxBuilder&)> on_features(const std::string& op,
                                              const std::vector<onnx::AttributeProto>& attributes = {}) {
    return [=](OnnxBuilder& b) {
        b.node("GlobalAveragePool", {"image"}, "p");
        b.node("Flatten", {"p"}, "v");
        b.pattern("w", {3, 5});
        b.node(op, {"v", "w"}, "embedding", attributes);
    };
}

INSTANTIATE_TEST_SUITE_P(
    Operators, OnnxRefusal,
    testing::ValuesIn(std::vector<Refusal>{
        Refusal{"unknown", on_image("Foo"), "operator 'Foo' of node 'node_y' is not supported"},
        Refusal{"domain",
                [](OnnxBuilder& b) {
                    b.node("Relu", {"image"}, "y").set_domain("com.microsoft");
                    b.pool_to_embedding("y");
                },
                "operator 'com.microsoft.Relu' of node 'node_y'"},
        Refusal{"hostile_name",
                [](OnnxBuilder& b) { b.node("Evil\nOp\x1b[31m", {"image"}, "y").set_name("a\r\nb"); },
                "operator 'Evil?Op?[31m' of node 'a??b'"},
        Refusal{"unknown_attribute", on_image("Relu", {attribute("strange", 1)}),
                "node 'node_y' (Relu) has an attribute 'strange'"},
        Refusal{"attribute_type", on_image("LeakyRelu", {attribute("alpha", 1)}), "wrong type"},
        Refusal{"constant_only", on_image("Sqrt"), "is supported on constants only"},
        Refusal{"conv_1d", with_floats("Conv", {4, 3, 3}), "only convolutions over height and width"},
        Refusal{"conv_3d", with_floats("Conv", {4, 3, 3, 3, 3}), "only convolutions over height and width"},
        Refusal{"conv_channels", with_floats("Conv", {4, 2, 3, 3}), "does not fit 3 input channels"},
        Refusal{"conv_too_large", with_floats("Conv", {4, 3, 9, 9}), "window larger"},
        Refusal{"conv_group", with_floats("Conv", {4, 3, 3, 3}, {attribute("group", 0)}), "'group'"},
        Refusal{"conv_kernel_shape",
                with_floats("Conv", {4, 3, 3, 3}, {attribute("kernel_shape", ints({2, 2}))}), "kernel_shape"},
        Refusal{"conv_strides", with_floats("Conv", {4, 3, 3, 3}, {attribute("strides", ints({0, 1}))}),
                "'strides' out of range"},
        Refusal{"conv_huge_pads",
                with_floats("Conv", {4, 3, 3, 3}, {attribute("pads", ints({0, int64_t{1} << 62, 0, 0}))}),
                "'pads' out of range"},
        Refusal{"conv_negative_pads",
                with_floats("Conv", {4, 3, 3, 3}, {attribute("pads", ints({-1, 0, 0, 0}))}),
                "'pads' out of range"},
        Refusal{"conv_auto_pad", with_floats("Conv", {4, 3, 3, 3}, {attribute("auto_pad", "ODD")}),
                "unknown auto_pad"},
        Refusal{"conv_dynamic_weight",
                [](OnnxBuilder& b) { b.node("Conv", {"image", "image"}, "embedding"); },
                "weight that depends on the image"},
        Refusal{"conv_bias_length",
                [](OnnxBuilder& b) {
                    b.pattern("w", {4, 3, 3, 3});
                    b.pattern("b", {3});
                    b.node("Conv", {"image", "w", "b"}, "embedding");
                },
                "needs 4 numbers as bias"},
        Refusal{"conv_not_finite",
                [](OnnxBuilder& b) {
                    b.pattern("w", {4, 3, 3, 3}).set_float_data(7, std::numeric_limits<float>::quiet_NaN());
                    b.node("Conv", {"image", "w"}, "embedding");
                },
                "not finite"},
        Refusal{"conv_no_weight", [](OnnxBuilder& b) { b.node("Conv", {"image"}, "embedding"); },
                "has 1 inputs"},
        Refusal{"conv_transpose", with_floats("ConvTranspose", {3, 4, 3, 3}), "'ConvTranspose'"},
        Refusal{"gemm_trans_a", on_features("Gemm", {attribute("transA", 1)}), "transA"},
        Refusal{"gemm_features", on_features("Gemm", {attribute("transB", 1)}), "5 inputs for a value of 3x1x1"},
        Refusal{"gemm_picture", with_floats("Gemm", {7, 7}), "2 dimensions"},
        Refusal{"matmul_left", with_floats("MatMul", {8, 8}, {}, true), "constant on the left"},
        Refusal{"matmul_picture", with_floats("MatMul", {7, 7}), "2 dimensions"},
        Refusal{"batch_norm_training", batch_norm({attribute("training_mode", 1)}), "training mode"},
        Refusal{"batch_norm_by_pixel",
                [](OnnxBuilder& b) {
                    for (const char* name : {"s", "b", "m", "v"}) b.pattern(name, {3, 8, 7});
                    b.node("BatchNormalization", {"image", "s", "b", "m", "v"}, "embedding",
                           {attribute("spatial", 0)});
                },
                "needs 3 numbers as scale"},
        Refusal{"batch_norm_variance", batch_norm({}, -1), "variance that is not positive"},
        Refusal{"prelu_full", with_floats("PRelu", {3, 8, 7}), "one for each of 3 channels"},
        Refusal{"prelu_by_width", with_floats("PRelu", {7}), "one for each of 3 channels"},
        Refusal{"clip_bounds",
                [](OnnxBuilder& b) {
                    b.floats("low", {}, {2});
                    b.floats("high", {}, {1});
                    b.node("Clip", {"image", "low", "high"}, "embedding");
                },
                "lower bound above its upper"},
        Refusal{"clip_dynamic", [](OnnxBuilder& b) { b.node("Clip", {"image", "image"}, "embedding"); },
                "lower bound that depends on the image"},
        Refusal{"add_full", with_floats("Add", {3, 8, 7}), "one for each of 3 channels"},
        Refusal{"add_batch", with_floats("Add", {2, 3, 1, 1}), "one for each of 3 channels"},
        Refusal{"add_rank", with_floats("Add", {1, 1, 3, 1, 1}), "one for each of 3 channels"},
        Refusal{"add_old_broadcast", with_floats("Add", {3, 1, 1}, {attribute("broadcast", 1)}), "'broadcast'"},
        Refusal{"add_mismatch",
                [](OnnxBuilder& b) {
                    b.node("Concat", {"image", "image"}, "a", {attribute("axis", 1)});
                    b.node("Add", {"image", "a"}, "embedding");
                },
                "cannot combine 3x8x7 and 6x8x7"},
        Refusal{"div_by_zero",
                [](OnnxBuilder& b) {
                    b.floats("zero", {}, {0});
                    b.node("Div", {"image", "zero"}, "embedding");
                },
                "divides by zero"},
        Refusal{"div_dynamic", with_floats("Div", {}, {}, true), "divides by a value that depends on the image"},
        Refusal{"pow_three",
                [](OnnxBuilder& b) {
                    b.floats("three", {}, {3});
                    b.node("Pow", {"image", "three"}, "embedding");
                },
                "another exponent than 2"},
        Refusal{"max_pool_1d", on_image("MaxPool", {attribute("kernel_shape", ints({3}))}), "2 dimensions"},
        Refusal{"max_pool_dilation",
                on_image("MaxPool", {attribute("kernel_shape", ints({2, 2})),
                                     attribute("dilations", ints({2, 2}))}),
                "dilation"},
        Refusal{"average_pool_ceil_counting",
                on_image("AveragePool",
                         {attribute("kernel_shape", ints({3, 3})), attribute("strides", ints({2, 2})),
                          attribute("ceil_mode", 1), attribute("count_include_pad", 1)}),
                "ceil_mode"},
        Refusal{"reduce_mean_axes", on_image("ReduceMean", {attribute("axes", ints({1}))}), "other axes"},
        Refusal{"reduce_sum", on_image("ReduceSum", {attribute("axes", ints({2, 3}))}), "length of a whole"},
        Refusal{"flatten_axis", on_image("Flatten", {attribute("axis", 2)}), "another axis than 1"},
        Refusal{"flatten_range", on_image("Flatten", {attribute("axis", 9)}), "axis out of range"},
        Refusal{"reshape_count", reshape({-1, 100}), "do not fit"},
        Refusal{"reshape_batch", reshape({2, -1}), "mixes the batch"},
        Refusal{"reshape_drops_batch", reshape({-1}), "mixes the batch"},
        Refusal{"reshape_empty", reshape({}), "drops the batch"},
        Refusal{"reshape_two_open", reshape({-1, -1}), "impossible dimensions"},
        Refusal{"reshape_negative", reshape({1, -7}), "negative"},
        Refusal{"reshape_huge", reshape({1, int64_t{1} << 62}), "impossible dimensions"},
        Refusal{"reshape_zero", reshape({1, 0, 0}, {attribute("allowzero", 1)}), "do not fit"},
        Refusal{"reshape_dynamic", [](OnnxBuilder& b) { b.node("Reshape", {"image", "image"}, "embedding"); },
                "shape that depends on the image"},
        Refusal{"squeeze_batch",
                on_image("Squeeze", {attribute("axes", ints({0}))}), "drops the batch"},
        Refusal{"squeeze_channels", on_image("Squeeze", {attribute("axes", ints({1}))}), "that is not 1"},
        Refusal{"unsqueeze_batch", on_image("Unsqueeze", {attribute("axes", ints({0}))}), "batch"},
        Refusal{"unsqueeze_twice", on_image("Unsqueeze", {attribute("axes", ints({2, 2}))}), "twice"},
        Refusal{"transpose_image", on_image("Transpose", {attribute("perm", ints({0, 2, 3, 1}))}),
                "channels first"},
        Refusal{"transpose_perm", on_image("Transpose", {attribute("perm", ints({0, 1, 1, 2}))}),
                "no permutation"},
        Refusal{"view_into_relu",
                [](OnnxBuilder& b) {
                    b.integers("t", {3}, {0, 3, -1});
                    b.node("Reshape", {"image", "t"}, "y");
                    b.node("Relu", {"y"}, "embedding");
                },
                "reshaped to other dimensions"},
        Refusal{"concat_axis",
                [](OnnxBuilder& b) {
                    b.node("Concat", {"image", "image"}, "y", {attribute("axis", 2)});
                    b.pool_to_embedding("y");
                },
                "another axis than the channels"},
        Refusal{"concat_constant", with_floats("Concat", {1, 3, 8, 7}, {attribute("axis", 1)}), "a constant"},
        Refusal{"cast_integers", on_image("Cast", {attribute("to", 7)}), "makes integers"},
        Refusal{"dropout_training",
                [](OnnxBuilder& b) {
                    b.floats("r", {}, {0.5f});
                    b.initializer("t", {}, onnx::TensorProto::BOOL).add_int32_data(1);
                    b.node("Dropout", {"image", "r", "t"}, "y");
                    b.pool_to_embedding("y");
                },
                "training mode"},
        Refusal{"normalization_inside",
                [](OnnxBuilder& b) {
                    b.node("GlobalAveragePool", {"image"}, "p");
                    b.node("LpNormalization", {"p"}, "n", {attribute("axis", 1)});
                    b.node("Relu", {"n"}, "r");
                    b.node("Flatten", {"r"}, "embedding");
                },
                "only as its last step"},
        Refusal{"normalization_of_another",
                [](OnnxBuilder& b) {
                    b.node("GlobalAveragePool", {"image"}, "p");
                    b.node("Relu", {"p"}, "q");
                    b.node("ReduceL2", {"p"}, "l", {attribute("axes", ints({1}))});
                    b.node("Div", {"q", "l"}, "embedding");
                },
                "length of a vector"},
        Refusal{"length_as_output",
                [](OnnxBuilder& b) {
                    b.node("GlobalAveragePool", {"image"}, "p");
                    b.node("ReduceL2", {"p"}, "embedding", {attribute("axes", ints({1}))});
                },
                "nothing computes the output"},
        Refusal{"lp_one",
                [](OnnxBuilder& b) {
                    b.node("GlobalAveragePool", {"image"}, "p");
                    b.node("LpNormalization", {"p"}, "embedding", {attribute("p", 1), attribute("axis", 1)});
                },
                "another p than 2"}}),
    refusal_name);

INSTANTIATE_TEST_SUITE_P(
    Graphs, OnnxRefusal,
    testing::ValuesIn(std::vector<Refusal>{
        Refusal{"missing_input", [](OnnxBuilder& b) { b.node("Relu", {"nowhere"}, "embedding"); },
                "reads 'nowhere', which nothing before it writes"},
        Refusal{"cycle",
                [](OnnxBuilder& b) {
                    b.node("Add", {"image", "z"}, "y");
                    b.node("Relu", {"y"}, "z");
                    b.pool_to_embedding("z");
                },
                "reads 'z', which nothing before it writes"},
        Refusal{"itself",
                [](OnnxBuilder& b) {
                    b.node("Add", {"image", "embedding"}, "embedding");
                },
                "nothing before it writes"},
        Refusal{"written_twice",
                [](OnnxBuilder& b) {
                    b.node("Relu", {"image"}, "y");
                    b.node("Relu", {"image"}, "y");
                },
                "'y' is written twice"},
        Refusal{"writes_the_input", [](OnnxBuilder& b) { b.node("Relu", {"image"}, "image"); },
                "written twice"},
        Refusal{"writes_an_initializer",
                [](OnnxBuilder& b) {
                    b.pattern("c", {1});
                    b.node("Relu", {"image"}, "c");
                },
                "written twice"},
        Refusal{"no_output_written", [](OnnxBuilder&) {}, "nothing computes the output 'embedding'"},
        Refusal{"constant_output",
                [](OnnxBuilder& b) {
                    b.pattern("embedding", {1, 4});
                },
                "nothing computes the output"},
        Refusal{"picture_as_output", [](OnnxBuilder& b) { b.node("Relu", {"image"}, "embedding"); },
                "output is 3x8x7 per image, not one embedding"},
        Refusal{"two_outputs",
                [](OnnxBuilder& b) {
                    b.pool_to_embedding("image");
                    b.graph().add_output()->set_name("boxes");
                },
                "2 outputs (embedding, boxes)"},
        Refusal{"no_operator_set",
                [](OnnxBuilder& b) {
                    b.pool_to_embedding("image");
                    b.model().clear_opset_import();
                },
                "which ONNX operators"},
        Refusal{"no_output", [](OnnxBuilder& b) { b.graph().clear_output(); }, "0 outputs"},
        Refusal{"no_nodes_output_name", [](OnnxBuilder& b) { b.node("Relu", {"image"}, ""); },
                "has no output"},
        Refusal{"string_weights",
                [](OnnxBuilder& b) {
                    b.initializer("c", {1}, onnx::TensorProto::STRING);
                    b.node("PRelu", {"image", "c"}, "embedding");
                },
                "tensor 'c' has numbers of a type"},
        Refusal{"short_weights",
                [](OnnxBuilder& b) {
                    b.floats("c", {3, 1, 1}, {1, 2});
                    b.node("PRelu", {"image", "c"}, "embedding");
                },
                "holds 2 numbers, its dimensions need 3"},
        Refusal{"short_raw",
                [](OnnxBuilder& b) {
                    b.initializer("c", {3}, onnx::TensorProto::FLOAT).set_raw_data("abc");
                    b.node("PRelu", {"image", "c"}, "embedding");
                },
                "holds 3 bytes, its dimensions need 12"},
        Refusal{"huge_dims",
                [](OnnxBuilder& b) {
                    b.floats("c", {int64_t{1} << 40, int64_t{1} << 40}, {1});
                    b.node("PRelu", {"image", "c"}, "embedding");
                },
                "impossible dimensions"},
        Refusal{"huge_dims_but_empty",
                [](OnnxBuilder& b) {
                    const int64_t huge = int64_t{1} << 31;
                    b.floats("c", {0, huge, huge, huge}, {});
                    b.node("Transpose", {"c"}, "t");
                },
                "impossible dimensions"},
        Refusal{"negative_dims",
                [](OnnxBuilder& b) {
                    b.floats("c", {-3}, {1});
                    b.node("PRelu", {"image", "c"}, "embedding");
                },
                "impossible dimensions"},
        Refusal{"empty_weight",
                [](OnnxBuilder& b) {
                    b.floats("c", {0, 3, 3, 3}, {});
                    b.node("Conv", {"image", "c"}, "embedding");
                },
                "(Conv)"},
        Refusal{"external_from_memory",
                [](OnnxBuilder& b) {
                    b.initializer("c", {3}, onnx::TensorProto::FLOAT)
                        .set_data_location(onnx::TensorProto::EXTERNAL);
                    b.node("PRelu", {"image", "c"}, "embedding");
                },
                "file of its own"}}),
    refusal_name);

INSTANTIATE_TEST_SUITE_P(
    Folding, OnnxRefusal,
    testing::ValuesIn(std::vector<Refusal>{
        Refusal{"huge_constant",
                [](OnnxBuilder& b) {
                    b.integers("dims", {1}, {int64_t{1} << 30});
                    b.node("ConstantOfShape", {"dims"}, "c");
                },
                "far more memory"},
        Refusal{"huge_expand",
                [](OnnxBuilder& b) {
                    b.floats("one", {}, {1});
                    b.integers("dims", {3}, {1 << 12, 1 << 12, 100});
                    b.node("Expand", {"one", "dims"}, "c");
                },
                "far more memory"},
        Refusal{"outer_product",
                [](OnnxBuilder& b) {
                    b.pattern("a", {5000, 1});
                    b.pattern("b", {1, 5000});
                    b.node("Mul", {"a", "b"}, "c");
                },
                "far more memory"},
        Refusal{"doubling",
                [](OnnxBuilder& b) {
                    b.pattern("c0", {64});
                    for (int i = 0; i < 40; ++i) {
                        const std::string from = "c" + std::to_string(i);
                        b.node("Concat", {from, from}, "c" + std::to_string(i + 1), {attribute("axis", 0)});
                    }
                },
                "far more memory"},
        Refusal{"batch_arithmetic",
                [](OnnxBuilder& b) {
                    b.node("Shape", {"image"}, "s");
                    b.integers("two", {1}, {2});
                    b.node("Mul", {"s", "two"}, "t");
                },
                "size of the batch"},
        Refusal{"batch_constant",
                [](OnnxBuilder& b) {
                    b.node("Shape", {"image"}, "s");
                    b.node("ConstantOfShape", {"s"}, "t");
                },
                "long as the batch"},
        Refusal{"integer_division",
                [](OnnxBuilder& b) {
                    b.integers("a", {1}, {1});
                    b.integers("zero", {1}, {0});
                    b.node("Div", {"a", "zero"}, "c");
                },
                "impossible number"},
        Refusal{"integer_overflow",
                [](OnnxBuilder& b) {
                    b.integers("a", {1}, {std::numeric_limits<int64_t>::max()});
                    b.node("Add", {"a", "a"}, "c");
                },
                "impossible number"},
        Refusal{"mixed_types",
                [](OnnxBuilder& b) {
                    b.integers("a", {1}, {1});
                    b.floats("f", {1}, {1});
                    b.node("Add", {"a", "f"}, "c");
                },
                "combines integers"},
        Refusal{"gather_range",
                [](OnnxBuilder& b) {
                    b.pattern("a", {4});
                    b.integers("i", {}, {4});
                    b.node("Gather", {"a", "i"}, "c");
                },
                "out of range"},
        Refusal{"gather_many",
                [](OnnxBuilder& b) {
                    b.pattern("a", {4});
                    b.integers("i", {2}, {0, 1});
                    b.node("Gather", {"a", "i"}, "c");
                },
                "several elements"},
        Refusal{"slice_steps",
                [](OnnxBuilder& b) {
                    b.pattern("a", {4});
                    for (const char* name : {"i", "j"}) b.integers(name, {1}, {0});
                    b.integers("two", {1}, {2});
                    b.node("Slice", {"a", "i", "j", "i", "two"}, "c");
                },
                "another step"},
        Refusal{"cast_range",
                [](OnnxBuilder& b) {
                    b.floats("a", {1}, {1e30f});
                    b.node("Cast", {"a"}, "c", {attribute("to", 7)});
                },
                "out of range"},
        Refusal{"empty_constant", [](OnnxBuilder& b) { b.node("Constant", {}, "c"); }, "holds no tensor"}}),
    refusal_name);

}  // namespace
}  // namespace quantface
