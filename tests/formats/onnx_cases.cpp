#include "onnx_cases.h"

namespace quantface::test {

namespace {

using Attributes = std::vector<onnx::AttributeProto>;

// image -> op -> embedding, for operators of one input that keep a picture.
OnnxBuilder of_picture(const std::string& op, const Attributes& attributes = {}, int64_t opset = 14) {
    OnnxBuilder builder(8, 7, opset);
    builder.node(op, {"image"}, "y", attributes);
    builder.pool_to_embedding("y");
    return builder;
}

// The same with one more input, an initializer.
OnnxBuilder with_constant(const std::string& op, const std::vector<int64_t>& dims,
                          bool constant_first = false, int64_t opset = 11) {
    OnnxBuilder builder(8, 7, opset);
    builder.pattern("c", dims);
    // Away from the graph's beginning, where it would become part of the input's specification.
    builder.node("Relu", {"image"}, "x");
    builder.node(op, constant_first ? std::vector<std::string>{"c", "x"} : std::vector<std::string>{"x", "c"},
                 "y");
    builder.pool_to_embedding("y");
    return builder;
}

OnnxBuilder conv(const std::vector<int64_t>& weight_dims, const Attributes& attributes, bool bias = true) {
    OnnxBuilder builder(9, 8);
    builder.pattern("w", weight_dims);
    if (bias) builder.pattern("b", {weight_dims[0]});
    builder.node("Conv",
                 bias ? std::vector<std::string>{"image", "w", "b"} : std::vector<std::string>{"image", "w"},
                 "y", attributes);
    builder.node("Flatten", {"y"}, "embedding");
    return builder;
}

OnnxBuilder pool(const std::string& op, const Attributes& attributes, int64_t opset = 11) {
    OnnxBuilder builder(9, 8, opset);
    builder.node(op, {"image"}, "y", attributes);
    builder.node("Flatten", {"y"}, "embedding");
    return builder;
}

// image -> features of 3 numbers, called "v".
OnnxBuilder features(int64_t opset = 11, bool any_batch = true) {
    OnnxBuilder builder(8, 8, opset, any_batch);
    builder.node("GlobalAveragePool", {"image"}, "pooled");
    builder.node("Flatten", {"pooled"}, "v");
    return builder;
}

OnnxBuilder gemm(const std::vector<int64_t>& weight_dims, const std::vector<int64_t>& bias_dims,
                 const Attributes& attributes) {
    OnnxBuilder builder = features();
    builder.pattern("w", weight_dims);
    builder.pattern("b", bias_dims);
    builder.node("Gemm", {"v", "w", "b"}, "embedding", attributes);
    return builder;
}

OnnxBuilder matmul_add() {
    OnnxBuilder builder = features();
    builder.pattern("w", {3, 5});
    builder.pattern("b", {5});
    builder.node("MatMul", {"v", "w"}, "y");
    builder.node("Add", {"b", "y"}, "embedding");
    return builder;
}

OnnxBuilder batch_norm(bool of_features) {
    OnnxBuilder builder = of_features ? features() : OnnxBuilder(8, 8);
    builder.pattern("scale", {3});
    builder.pattern("bias", {3});
    builder.pattern("mean", {3});
    builder.floats("variance", {3}, {0.5f, 1.0f, 2.0f});
    builder.node("BatchNormalization", {of_features ? "v" : "image", "scale", "bias", "mean", "variance"},
                 of_features ? "embedding" : "y", {attribute("epsilon", 1e-3f), attribute("momentum", 0.9f)});
    if (!of_features) builder.pool_to_embedding("y");
    return builder;
}

OnnxBuilder clip(bool as_inputs, bool low, bool high) {
    OnnxBuilder builder(8, 8, as_inputs ? 11 : 6);
    if (as_inputs) {
        builder.floats("low", {}, {-0.25f});
        builder.floats("high", {}, {0.5f});
        builder.node("Clip", {"image", low ? "low" : "", high ? "high" : ""}, "y");
    } else {
        Attributes attributes;
        if (low) attributes.push_back(attribute("min", 0.0f));
        if (high) attributes.push_back(attribute("max", 0.5f));
        builder.node("Clip", {"image"}, "y", attributes);
    }
    builder.pool_to_embedding("y");
    return builder;
}

// Two branches of the image and an operator of both.
OnnxBuilder binary(const std::string& op, bool second_pooled = false) {
    OnnxBuilder builder(8, 8);
    builder.node("Relu", {"image"}, "a");
    builder.node("Sigmoid", {"image"}, "b");
    builder.node("GlobalAveragePool", {"b"}, "b_pooled");
    builder.node(op, {"a", second_pooled ? "b_pooled" : "b"}, "y");
    builder.pool_to_embedding("y");
    return builder;
}

OnnxBuilder prelu_through_unsqueeze(int64_t opset) {
    OnnxBuilder builder(8, 7, opset);
    builder.pattern("slope", {3});
    if (opset < 13) {
        builder.node("Unsqueeze", {"slope"}, "s", {attribute("axes", std::vector<int64_t>{1, 2})});
    } else {
        builder.integers("axes", {2}, {-2, -1});
        builder.node("Unsqueeze", {"slope", "axes"}, "s");
    }
    builder.node("PRelu", {"image", "s"}, "y");
    builder.pool_to_embedding("y");
    return builder;
}

// Shape -> Gather -> Unsqueeze -> Concat -> Reshape, as exporters write x.view(x.size(0), -1).
OnnxBuilder dynamic_flatten() {
    OnnxBuilder builder(4, 4);
    builder.node("Relu", {"image"}, "x");
    builder.node("Shape", {"x"}, "shape");
    onnx::TensorProto zero;
    zero.set_data_type(onnx::TensorProto::INT64);
    zero.add_int64_data(0);
    builder.constant("zero", zero);
    builder.node("Gather", {"shape", "zero"}, "n", {attribute("axis", 0)});
    builder.node("Unsqueeze", {"n"}, "n1", {attribute("axes", std::vector<int64_t>{0})});
    builder.integers("rest", {1}, {-1});
    builder.node("Concat", {"n1", "rest"}, "target", {attribute("axis", 0)});
    builder.node("Reshape", {"x", "target"}, "embedding");
    return builder;
}

// x.view(n, c * h * w), with the product computed in the graph, and Slice instead of Gather for the batch.
OnnxBuilder computed_flatten() {
    OnnxBuilder builder(4, 4, 13);
    builder.node("Relu", {"image"}, "x");
    builder.node("Shape", {"x"}, "shape");
    for (const int64_t i : {0, 1, 2, 3, 4}) builder.integers("i" + std::to_string(i), {1}, {i});
    builder.node("Slice", {"shape", "i0", "i1"}, "n");
    for (const char* i : {"1", "2", "3"}) {
        builder.node("Gather", {"shape", std::string("i") + i}, std::string("d") + i);
    }
    builder.node("Mul", {"d1", "d2"}, "d12");
    builder.node("Mul", {"d12", "d3"}, "d123");
    builder.node("Cast", {"d123"}, "as_float", {attribute("to", 1)});
    builder.floats("half", {1}, {0.5f});
    builder.floats("two", {1}, {2.0f});
    builder.node("Mul", {"as_float", "half"}, "halved");
    builder.node("Mul", {"halved", "two"}, "whole");
    builder.node("Floor", {"whole"}, "floored");
    builder.node("Ceil", {"floored"}, "ceiled");
    builder.node("Cast", {"ceiled"}, "count", {attribute("to", 7)});
    builder.node("Concat", {"n", "count"}, "target", {attribute("axis", 0)});
    builder.node("Reshape", {"x", "target"}, "embedding");
    return builder;
}

OnnxBuilder reshape_to(const std::vector<int64_t>& target, int64_t opset = 11, bool any_batch = true) {
    OnnxBuilder builder(4, 4, opset, any_batch);
    builder.node("Relu", {"image"}, "x");
    builder.integers("target", {static_cast<int64_t>(target.size())}, target);
    builder.node("Reshape", {"x", "target"}, "y");
    builder.node("Flatten", {"y"}, "embedding");
    return builder;
}

OnnxBuilder squeeze(int64_t opset) {
    OnnxBuilder builder(8, 8, opset);
    builder.node("GlobalAveragePool", {"image"}, "pooled");
    if (opset < 13) {
        builder.node("Squeeze", {"pooled"}, "s", {attribute("axes", std::vector<int64_t>{3, 2})});
        builder.node("Unsqueeze", {"s"}, "u", {attribute("axes", std::vector<int64_t>{2, 3})});
        builder.node("Squeeze", {"u"}, "embedding", {attribute("axes", std::vector<int64_t>{-1, -2})});
    } else {
        builder.integers("axes", {2}, {-1, -2});
        builder.node("Squeeze", {"pooled", "axes"}, "s");
        builder.node("Unsqueeze", {"s", "axes"}, "u");
        builder.node("Squeeze", {"u", "axes"}, "embedding");
    }
    return builder;
}

OnnxBuilder transpose_of_ones() {
    OnnxBuilder builder(8, 8);
    builder.node("GlobalAveragePool", {"image"}, "pooled");
    builder.node("Transpose", {"pooled"}, "t", {attribute("perm", std::vector<int64_t>{0, 2, 3, 1})});
    builder.integers("target", {2}, {0, -1});
    builder.node("Reshape", {"t", "target"}, "embedding");
    return builder;
}

OnnxBuilder reduce_mean(bool keep, int64_t opset) {
    OnnxBuilder builder(8, 8, opset);
    builder.node("Relu", {"image"}, "x");
    Attributes attributes{attribute("keepdims", keep ? 1 : 0)};
    std::vector<std::string> inputs{"x"};
    if (opset < 18) {
        attributes.push_back(attribute("axes", std::vector<int64_t>{-1, 2}));
    } else {
        builder.integers("axes", {2}, {2, 3});
        inputs.push_back("axes");
    }
    builder.node("ReduceMean", inputs, keep ? "m" : "embedding", attributes);
    if (keep) builder.node("Flatten", {"m"}, "embedding");
    return builder;
}

OnnxBuilder concat() {
    OnnxBuilder builder(8, 8);
    builder.node("Relu", {"image"}, "a");
    builder.node("Sigmoid", {"image"}, "b");
    builder.node("Concat", {"a", "b", "image"}, "y", {attribute("axis", -3)});
    builder.pool_to_embedding("y");
    return builder;
}

OnnxBuilder dropout(int64_t opset) {
    OnnxBuilder builder = features(opset);
    if (opset < 12) {
        builder.node("Dropout", {"v"}, "embedding", {attribute("ratio", 0.4f)}).add_output("mask");
    } else {
        builder.floats("ratio", {}, {0.4f});
        auto& off = builder.initializer("off", {}, onnx::TensorProto::BOOL);
        off.add_int32_data(0);
        builder.node("Dropout", {"v", "ratio", "off"}, "embedding");
    }
    return builder;
}

OnnxBuilder sum_of_three() {
    OnnxBuilder builder(8, 8);
    builder.node("Relu", {"image"}, "a");
    builder.node("Sigmoid", {"image"}, "b");
    builder.node("Sum", {"a", "b", "image"}, "y");
    builder.pool_to_embedding("y");
    return builder;
}

OnnxBuilder pow_two() {
    OnnxBuilder builder(8, 8, 13);
    builder.floats("two", {}, {2.0f});
    builder.node("Pow", {"image", "two"}, "y");
    builder.pool_to_embedding("y");
    return builder;
}

// A batch norm written out: (x - mean) / sqrt(variance + epsilon) in constants, and more to fold beside.
OnnxBuilder folded_constants() {
    OnnxBuilder builder(8, 8, 13);
    builder.node("Relu", {"image"}, "x");
    builder.floats("variance", {3}, {0.25f, 1.0f, 4.0f});
    builder.floats("epsilon", {}, {1e-3f});
    builder.floats("two", {}, {2.0f});
    builder.floats("half", {}, {0.5f});
    builder.node("Add", {"variance", "epsilon"}, "c1");
    builder.node("Sqrt", {"c1"}, "c2");
    builder.node("Pow", {"c2", "two"}, "c3");
    builder.node("Pow", {"c3", "half"}, "c4");
    builder.node("Neg", {"c4"}, "c5");
    builder.node("Neg", {"c5"}, "c6");
    builder.node("Reciprocal", {"c6"}, "c7");
    builder.node("Div", {"c7", "two"}, "c8");
    builder.node("Exp", {"c8"}, "c9");
    builder.node("Sub", {"c9", "half"}, "c10");
    builder.node("Identity", {"c10"}, "c11");
    builder.integers("shape", {3}, {-1, 1, 1});
    builder.node("Reshape", {"c11", "shape"}, "scale");
    builder.node("Mul", {"x", "scale"}, "y");
    builder.pool_to_embedding("y");
    return builder;
}

// Weights that reach their place through every operator that selects and reorders constants.
OnnxBuilder folded_selection() {
    OnnxBuilder builder(8, 8, 13);
    builder.node("Relu", {"image"}, "x");
    builder.pattern("table", {4, 5, 3});
    for (const int64_t i : {0, 1, 2, 3}) builder.integers("i" + std::to_string(i), {}, {i});
    builder.integers("first", {2}, {1, -4});
    builder.integers("last", {2}, {4, 1000});
    builder.integers("both", {2}, {0, 1});
    builder.node("Slice", {"table", "first", "last", "both"}, "c1");                              // 3 4 3
    builder.node("Transpose", {"c1"}, "c2", {attribute("perm", std::vector<int64_t>{2, 0, 1})});  // 3 3 4
    builder.node("Gather", {"c2", "i1"}, "c3", {attribute("axis", -1)});                          // 3 3
    builder.node("Gather", {"c2", "i2"}, "c4", {attribute("axis", 2)});                           // 3 3
    builder.node("Concat", {"c3", "c4"}, "c5", {attribute("axis", 1)});                           // 3 6
    builder.node("Flatten", {"c5"}, "c6", {attribute("axis", 0)});                                // 1 18
    builder.integers("conv", {4}, {6, 3, 1, -1});
    builder.node("Reshape", {"c6", "conv"}, "weight");
    builder.node("Conv", {"x", "weight"}, "y");
    // A bias made of shapes: 6 numbers of 1/2, then expanded once more without effect.
    builder.node("Shape", {"c3"}, "s1");         // 3 3
    builder.node("Gather", {"s1", "i0"}, "s2");  // 3
    builder.integers("two", {}, {2});
    builder.node("Mul", {"s2", "two"}, "s3");  // 6
    builder.integers("zero_axis", {1}, {0});
    builder.node("Unsqueeze", {"s3", "zero_axis"}, "s4");  // [6]
    onnx::AttributeProto half;
    half.set_name("value");
    half.set_type(onnx::AttributeProto::TENSOR);
    half.mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
    half.mutable_t()->add_dims(1);
    half.mutable_t()->add_float_data(0.5f);
    builder.node("ConstantOfShape", {"s4"}, "b1", {half});  // 6
    builder.integers("expanded", {2}, {1, 6});
    builder.node("Expand", {"b1", "expanded"}, "b2");    // 1 6
    builder.node("Squeeze", {"b2", "zero_axis"}, "b3");  // 6
    builder.integers("channels", {3}, {6, 1, 1});
    builder.node("Reshape", {"b3", "channels"}, "bias");
    builder.node("Add", {"y", "bias"}, "z");
    builder.pool_to_embedding("z");
    return builder;
}

OnnxBuilder l2_by_reduce(int64_t opset) {
    OnnxBuilder builder = features(opset);
    builder.floats("epsilon", {}, {1e-12f});
    builder.node("ReduceL2", {"v"}, "l",
                 {attribute("axes", std::vector<int64_t>{1}), attribute("keepdims", 1)});
    builder.node("Clip", {"l", "epsilon"}, "l1");
    builder.node("Shape", {"v"}, "shape");
    builder.node("Expand", {"l1", "shape"}, "l2");
    builder.node("Div", {"v", "l2"}, "embedding");
    return builder;
}

OnnxBuilder l2_by_squares(bool with_reduce_sum_square) {
    OnnxBuilder builder = features(12);
    const Attributes axes{attribute("axes", std::vector<int64_t>{-1})};
    if (with_reduce_sum_square) {
        builder.node("ReduceSumSquare", {"v"}, "s", axes);
    } else {
        builder.node("Mul", {"v", "v"}, "q");
        builder.node("ReduceSum", {"q"}, "s", axes);
    }
    builder.floats("epsilon", {}, {1e-10f});
    builder.node("Max", {"s", "epsilon"}, "s1");
    builder.node("Sqrt", {"s1"}, "l");
    if (with_reduce_sum_square) {
        builder.node("Div", {"v", "l"}, "embedding");
    } else {
        builder.node("Reciprocal", {"l"}, "r");
        builder.node("Mul", {"r", "v"}, "embedding");
    }
    return builder;
}

OnnxBuilder lp_normalization() {
    OnnxBuilder builder = features();
    builder.node("LpNormalization", {"v"}, "embedding", {attribute("axis", 1), attribute("p", 2)});
    return builder;
}

const std::vector<int64_t> k11{1, 1}, k22{2, 2}, k33{3, 3}, kPads1{1, 1, 1, 1};

std::vector<OnnxCase> convolution_cases() {
    return {
        {"conv",
         [] {
             return conv({4, 3, 3, 3}, {attribute("kernel_shape", k33)});
         },
         "Conv Flatten"},
        {"conv_no_bias",
         [] {
             return conv({4, 3, 3, 3}, {}, false);
         },
         "Conv Flatten"},
        {"conv_stride_pads",
         [] {
             return conv({4, 3, 3, 2}, {attribute("strides", std::vector<int64_t>{2, 1}),
                                        attribute("pads", std::vector<int64_t>{1, 0, 2, 1})});
         },
         "Conv Flatten"},
        {"conv_dilation",
         [] {
             return conv({2, 3, 3, 3}, {attribute("dilations", k22), attribute("pads", kPads1)});
         },
         "Conv Flatten"},
        {"conv_depthwise",
         [] {
             return conv({6, 1, 3, 3}, {attribute("group", 3)});
         },
         "Conv Flatten"},
        {"conv_same_upper",
         [] {
             return conv({2, 3, 2, 3}, {attribute("auto_pad", "SAME_UPPER"), attribute("strides", k22)});
         },
         "Conv Flatten"},
        {"conv_same_lower",
         [] {
             return conv({2, 3, 2, 2}, {attribute("auto_pad", "SAME_LOWER"), attribute("strides", k11)});
         },
         "Conv Flatten"},
        {"conv_valid",
         [] {
             return conv({2, 3, 3, 3}, {attribute("auto_pad", "VALID")});
         },
         "Conv Flatten"},
        {"gemm",
         [] {
             return gemm({3, 5}, {5}, {});
         },
         "GlobalAveragePool Identity Gemm"},
        {"gemm_transposed",
         [] {
             return gemm({5, 3}, {1, 5}, {attribute("transB", 1)});
         },
         "GlobalAveragePool Identity Gemm"},
        {"gemm_alpha_beta",
         [] {
             return gemm({3, 5}, {1}, {attribute("alpha", 0.5f), attribute("beta", -2.0f)});
         },
         "GlobalAveragePool Identity Gemm"},
        {"matmul_add", matmul_add, "GlobalAveragePool Identity Gemm Affine"},
    };
}

std::vector<OnnxCase> pooling_cases() {
    const auto kernel = attribute("kernel_shape", k33), strides = attribute("strides", k22);
    const auto pads = attribute("pads", kPads1), ceil = attribute("ceil_mode", 1);
    return {
        {"max_pool",
         [=] {
             return pool("MaxPool", {kernel, strides, pads});
         },
         "MaxPool Flatten"},
        {"max_pool_ceil",
         [=] {
             return pool("MaxPool", {kernel, strides, ceil});
         },
         "MaxPool Flatten"},
        {"max_pool_same",
         [=] {
             return pool("MaxPool", {kernel, strides, attribute("auto_pad", "SAME_UPPER")});
         },
         "MaxPool Flatten"},
        {"average_pool",
         [=] {
             return pool("AveragePool", {kernel, strides, pads});
         },
         "AveragePool Flatten"},
        {"average_pool_ceil",
         [=] {
             return pool("AveragePool", {kernel, strides, ceil});
         },
         "AveragePool Flatten"},
        {"average_pool_counting_padding",
         [=] {
             return pool("AveragePool", {kernel, pads, attribute("count_include_pad", 1)});
         },
         "AveragePool Flatten"},
        {"reduce_mean_keep", [] { return reduce_mean(true, 11); }, "Relu GlobalAveragePool Identity"},
        {"reduce_mean", [] { return reduce_mean(false, 18); }, "Relu GlobalAveragePool"},
    };
}

std::vector<OnnxCase> activation_cases() {
    return {
        {"batch_norm", [] { return batch_norm(false); }, "BatchNorm GlobalAveragePool Identity"},
        {"batch_norm_features", [] { return batch_norm(true); }, "GlobalAveragePool Identity BatchNorm"},
        {"relu", [] { return of_picture("Relu"); }, "Relu GlobalAveragePool Identity"},
        {"sigmoid", [] { return of_picture("Sigmoid"); }, "Sigmoid GlobalAveragePool Identity"},
        {"leaky_relu", [] { return of_picture("LeakyRelu", {attribute("alpha", 0.2f)}); },
         "LeakyRelu GlobalAveragePool Identity"},
        {"hard_sigmoid",
         [] {
             return of_picture("HardSigmoid", {attribute("alpha", 0.3f), attribute("beta", 0.4f)});
         },
         "HardSigmoid GlobalAveragePool Identity"},
        {"hard_swish", [] { return of_picture("HardSwish"); }, "HardSwish GlobalAveragePool Identity"},
        {"clip_inputs", [] { return clip(true, true, true); }, "Clip GlobalAveragePool Identity"},
        {"clip_low_only", [] { return clip(true, true, false); }, "Clip GlobalAveragePool Identity"},
        {"clip_high_only", [] { return clip(true, false, true); }, "Clip GlobalAveragePool Identity"},
        {"clip_attributes", [] { return clip(false, true, true); }, "Clip GlobalAveragePool Identity"},
        {"clip_as_relu", [] { return clip(false, true, false); }, "Relu GlobalAveragePool Identity"},
        {"prelu",
         [] {
             return with_constant("PRelu", {3, 1, 1});
         },
         "Relu PRelu GlobalAveragePool Identity"},
        {"prelu_rank_4",
         [] {
             return with_constant("PRelu", {1, 3, 1, 1});
         },
         "Relu PRelu GlobalAveragePool Identity"},
        {"prelu_one_slope", [] { return with_constant("PRelu", {1}); },
         "Relu PRelu GlobalAveragePool Identity"},
        {"prelu_by_channel", [] { return with_constant("PRelu", {3}, false, 6); },
         "Relu PRelu GlobalAveragePool Identity", false},
        {"prelu_unsqueeze", [] { return prelu_through_unsqueeze(11); }, "PRelu GlobalAveragePool Identity"},
        {"prelu_unsqueeze_13", [] { return prelu_through_unsqueeze(13); },
         "PRelu GlobalAveragePool Identity"},
        {"dropout", [] { return dropout(10); }, "GlobalAveragePool Identity Identity"},
        {"dropout_13", [] { return dropout(13); }, "GlobalAveragePool Identity Identity"},
    };
}

std::vector<OnnxCase> arithmetic_cases() {
    std::vector<OnnxCase> cases;
    for (const char* op : {"Add", "Sub", "Mul"}) {
        const std::string name = op;
        cases.push_back(
            {name, [op] { return binary(op); }, "Relu Sigmoid " + name + " GlobalAveragePool Identity"});
        cases.push_back({name + "_pooled", [op] { return binary(op, true); },
                         "Relu Sigmoid GlobalAveragePool " + name + " GlobalAveragePool Identity"});
        for (const bool first : {false, true}) {
            const std::string place = first ? "_constant_first" : "_constant";
            cases.push_back({name + place,
                             [op, first] {
                                 return with_constant(op, {3, 1, 1}, first);
                             },
                             "Relu Affine GlobalAveragePool Identity"});
            cases.push_back({name + place + "_scalar", [op, first] { return with_constant(op, {}, first); },
                             "Relu Affine GlobalAveragePool Identity"});
        }
    }
    const std::vector<OnnxCase> others{
        {"div",
         [] {
             return with_constant("Div", {1, 3, 1, 1});
         },
         "Relu Affine GlobalAveragePool Identity"},
        {"neg", [] { return of_picture("Neg"); }, "Affine GlobalAveragePool Identity"},
        {"pow", pow_two, "Mul GlobalAveragePool Identity"},
        {"sum", sum_of_three, "Relu Sigmoid Add Add GlobalAveragePool Identity"},
        {"concat", concat, "Relu Sigmoid Concat GlobalAveragePool Identity"},
    };
    cases.insert(cases.end(), others.begin(), others.end());
    return cases;
}

std::vector<OnnxCase> shape_cases() {
    return {
        {"identity", [] { return of_picture("Identity"); }, "Identity GlobalAveragePool Identity"},
        {"cast", [] { return of_picture("Cast", {attribute("to", 1)}, 13); },
         "Identity GlobalAveragePool Identity"},
        {"dynamic_flatten", dynamic_flatten, "Relu Flatten"},
        {"computed_flatten", computed_flatten, "Relu Flatten"},
        {"reshape_flat",
         [] {
             return reshape_to({-1, 48});
         },
         "Relu Flatten Identity"},
        {"reshape_flat_of_one",
         [] {
             return reshape_to({1, -1}, 11, false);
         },
         "Relu Flatten Identity"},
        {"reshape_same",
         [] {
             return reshape_to({0, 0, 4, -1});
         },
         "Relu Identity Flatten"},
        {"reshape_by_halves",
         [] {
             return reshape_to({0, 3, 16});
         },
         "Relu Flatten"},
        {"squeeze", [] { return squeeze(11); }, "GlobalAveragePool Identity Identity Identity"},
        {"squeeze_13", [] { return squeeze(13); }, "GlobalAveragePool Identity Identity Identity"},
        {"transpose_of_ones", transpose_of_ones, "GlobalAveragePool Identity"},
        {"folded_constants", folded_constants, "Relu Affine GlobalAveragePool Identity"},
        {"folded_selection", folded_selection, "Relu Conv Affine GlobalAveragePool Identity"},
        {"l2_by_reduce", [] { return l2_by_reduce(11); }, "GlobalAveragePool Identity Identity"},
        {"l2_by_squares", [] { return l2_by_squares(false); }, "GlobalAveragePool Identity Identity"},
        {"l2_by_sum_square", [] { return l2_by_squares(true); }, "GlobalAveragePool Identity Identity"},
        {"lp_normalization", lp_normalization, "GlobalAveragePool Identity Identity"},
    };
}

}  // namespace

const std::vector<OnnxCase>& onnx_cases() {
    static const std::vector<OnnxCase> cases = [] {
        std::vector<OnnxCase> all;
        for (const auto& family :
             {convolution_cases(), pooling_cases(), activation_cases(), arithmetic_cases(), shape_cases()}) {
            all.insert(all.end(), family.begin(), family.end());
        }
        return all;
    }();
    return cases;
}

}  // namespace quantface::test
