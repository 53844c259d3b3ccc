// What the importer makes of the image: size, colour order, offset and scale.
#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/onnx_fixed_input.h"
#include "formats/onnx_import.h"
#include "onnx_builder.h"

namespace quantface {
namespace {

using test::attribute;
using test::OnnxBuilder;

using Three = std::array<float, 3>;

OnnxImport import(const OnnxBuilder& builder, const OnnxImportOptions& options = {}) {
    return import_onnx(builder.bytes(), "test.onnx", options);
}

// (image - 127.5) * 0.0078125 before a Relu.
OnnxBuilder normalizing(const std::vector<int64_t>& dims = {}) {
    OnnxBuilder builder;
    const size_t count = dims.empty() ? 1 : 3;
    builder.floats("offset", dims, std::vector<float>(count, 127.5f));
    builder.floats("scale", {}, {0.0078125f});
    builder.node("Sub", {"image", "offset"}, "x1");
    builder.node("Mul", {"x1", "scale"}, "x2");
    builder.node("Relu", {"x2"}, "y");
    builder.pool_to_embedding("y");
    return builder;
}

TEST(OnnxInput, SizeAndColourOrder) {
    OnnxBuilder builder(12, 7);
    builder.pool_to_embedding("image");
    const InputSpec spec = import(builder).graph.input_spec;
    EXPECT_EQ(spec.height, 12);
    EXPECT_EQ(spec.width, 7);
    EXPECT_EQ(spec.color_order, ColorOrder::kRgb);
    OnnxImportOptions bgr;
    bgr.bgr = true;
    EXPECT_EQ(import(builder, bgr).graph.input_spec.color_order, ColorOrder::kBgr);
}

TEST(OnnxInput, WithoutAnyHintTheUsualNumbersAndANote) {
    OnnxBuilder builder;
    builder.pool_to_embedding("image");
    const OnnxImport imported = import(builder);
    EXPECT_EQ(imported.graph.input_spec.mean, (Three{127.5f, 127.5f, 127.5f}));
    EXPECT_EQ(imported.graph.input_spec.std, (Three{127.5f, 127.5f, 127.5f}));
    ASSERT_EQ(imported.notes.size(), 1u);
    EXPECT_NE(imported.notes[0].find("--input-mean"), std::string::npos);
    EXPECT_NE(imported.notes[0].find("--input-std"), std::string::npos);
}

TEST(OnnxInput, OptionsReplaceTheUsualNumbers) {
    OnnxBuilder builder;
    builder.pool_to_embedding("image");
    OnnxImportOptions options;
    options.input_mean = Three{1, 2, 3};
    options.input_std = Three{4, 5, 6};
    const OnnxImport imported = import(builder, options);
    EXPECT_EQ(imported.graph.input_spec.mean, (Three{1, 2, 3}));
    EXPECT_EQ(imported.graph.input_spec.std, (Three{4, 5, 6}));
    EXPECT_TRUE(imported.notes.empty());
}

TEST(OnnxInput, ArithmeticOnTheImageMovesIntoTheSpecification) {
    for (const auto& dims : {std::vector<int64_t>{}, std::vector<int64_t>{3, 1, 1}}) {
        const OnnxImport imported = import(normalizing(dims));
        EXPECT_EQ(imported.graph.input_spec.mean, (Three{127.5f, 127.5f, 127.5f}));
        EXPECT_EQ(imported.graph.input_spec.std, (Three{128, 128, 128}));
        EXPECT_TRUE(imported.notes.empty());
        ASSERT_EQ(imported.graph.nodes.size(), 3u);
        EXPECT_EQ(std::string(op_name(imported.graph.nodes[0].op)), "Relu");
        EXPECT_EQ(imported.graph.nodes[0].inputs[0], imported.graph.input);
        EXPECT_EQ(imported.graph.values.size(), 4u);
    }
}

TEST(OnnxInput, DivAndAddAndIdentityBelongToTheChain) {
    OnnxBuilder builder;
    builder.floats("std", {1, 3, 1, 1}, {2, 4, 8});
    builder.floats("shift", {3, 1, 1}, {1, 1, 1});
    builder.node("Identity", {"image"}, "x0");
    builder.node("Div", {"x0", "std"}, "x1");
    builder.node("Add", {"shift", "x1"}, "x2");
    builder.node("Relu", {"x2"}, "y");
    builder.pool_to_embedding("y");
    const InputSpec spec = import(builder).graph.input_spec;
    // x / s + 1 = (x + s) / s
    EXPECT_EQ(spec.mean, (Three{-2, -4, -8}));
    EXPECT_EQ(spec.std, (Three{2, 4, 8}));
}

TEST(OnnxInput, OptionsComeBeforeTheNetworksOwnArithmetic) {
    OnnxImportOptions options;
    options.input_mean = Three{10, 20, 30};
    options.input_std = Three{2, 4, 8};
    const InputSpec spec = import(normalizing(), options).graph.input_spec;
    for (int channel = 0; channel < 3; ++channel) {
        const double mean = static_cast<double>((*options.input_mean)[channel]);
        const double std = static_cast<double>((*options.input_std)[channel]);
        for (const double pixel : {0.0, 100.0, 255.0}) {
            const double expected = ((pixel - mean) / std - 127.5) / 128;
            const double got =
                (pixel - static_cast<double>(spec.mean[channel])) / static_cast<double>(spec.std[channel]);
            EXPECT_NEAR(got, expected, 1e-6);
        }
    }
}

TEST(OnnxInput, NegativeScaleStaysInTheNetwork) {
    OnnxBuilder builder;
    builder.floats("scale", {}, {-1});
    builder.node("Mul", {"image", "scale"}, "x");
    builder.pool_to_embedding("x");
    const OnnxImport imported = import(builder);
    EXPECT_TRUE(std::holds_alternative<AffineOp>(imported.graph.nodes[0].op));
    EXPECT_EQ(imported.graph.input_spec.mean[0], 127.5f);
    EXPECT_EQ(imported.notes.size(), 1u);
}

TEST(OnnxInput, ArithmeticStaysWhereTheImageHasAnotherReader) {
    OnnxBuilder builder;
    builder.floats("scale", {}, {0.5f});
    builder.node("Mul", {"image", "scale"}, "x");
    builder.node("Add", {"x", "image"}, "y");
    builder.pool_to_embedding("y");
    const OnnxImport imported = import(builder);
    EXPECT_EQ(imported.graph.nodes.size(), 4u);
    EXPECT_EQ(imported.graph.input_spec.std[0], 127.5f);
}

TEST(OnnxInput, BatchNormAtTheInputIsAnOrdinaryNode) {
    OnnxBuilder builder;
    for (const char* name : {"a", "b", "c", "d"}) builder.floats(name, {3}, {1, 1, 1});
    builder.node("BatchNormalization", {"image", "a", "b", "c", "d"}, "y");
    builder.pool_to_embedding("y");
    const OnnxImport imported = import(builder);
    EXPECT_TRUE(std::holds_alternative<BatchNormOp>(imported.graph.nodes[0].op));
    EXPECT_EQ(imported.graph.input_spec.mean[0], 127.5f);
}

void expect_refusal(OnnxBuilder builder, const std::string& words) {
    try {
        import(builder);
        FAIL() << "not refused; wanted: " << words;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
}

OnnxBuilder with_input_dims(const std::vector<int64_t>& dims) {
    OnnxBuilder builder;
    builder.pool_to_embedding("image");
    auto* shape = builder.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
    shape->clear_dim();
    for (const int64_t dim : dims) shape->add_dim()->set_dim_value(dim);
    return builder;
}

TEST(OnnxInput, OtherInputsAreRefused) {
    expect_refusal(with_input_dims({8, 3, 8, 8}), "input is 8x3x8x8");
    expect_refusal(with_input_dims({1, 1, 8, 8}), "1x3xHEIGHTxWIDTH");
    expect_refusal(with_input_dims({1, 8, 8, 3}), "1x3xHEIGHTxWIDTH");
    expect_refusal(with_input_dims({1, 3, 0, 8}), "input is 1x3x?x8");
    expect_refusal(with_input_dims({1, 3, -5, 8}), "input is 1x3x?x8");
    expect_refusal(with_input_dims({1, 3, int64_t{1} << 40, 8}), "1x3xHEIGHTxWIDTH");
    expect_refusal(with_input_dims({3, 8, 8}), "input is 3x8x8");
    expect_refusal(with_input_dims({}), "unknown dimensions");

    OnnxBuilder bytes;
    bytes.pool_to_embedding("image");
    bytes.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
        onnx::TensorProto::UINT8);
    expect_refusal(bytes, "floating-point");

    OnnxBuilder two;
    two.pool_to_embedding("image");
    two.graph().add_input()->set_name("landmarks");
    expect_refusal(two, "2 inputs (image, landmarks)");

    OnnxBuilder none;
    none.graph().clear_input();
    expect_refusal(none, "0 inputs");
}

TEST(OnnxInput, AnInitializerMayBeListedAmongTheInputs) {
    OnnxBuilder builder;
    builder.pattern("slope", {3, 1, 1});
    builder.graph().add_input()->set_name("slope");
    builder.node("PRelu", {"image", "slope"}, "y");
    builder.pool_to_embedding("y");
    EXPECT_EQ(import(builder).graph.nodes.size(), 3u);
}

// A network that takes images of any size takes one size afterwards; what is fixed stays.
TEST(OnnxFixedInput, SetsWhatIsOpen) {
    OnnxBuilder open(-1, -1), half(48, -1);
    for (OnnxBuilder* builder : {&open, &half}) {
        builder->node("Relu", {"image"}, "y");
        builder->pool_to_embedding("y");
    }
    EXPECT_THROW(import(open), Error);
    const FixedInputModel fixed = with_fixed_input(open.bytes(), "test.onnx", 64);
    EXPECT_EQ(fixed.height, 64);
    EXPECT_EQ(fixed.width, 64);
    EXPECT_EQ(import_onnx(fixed.bytes, "test.onnx", {}).graph.input_spec.width, 64);
    const FixedInputModel other = with_fixed_input(half.bytes(), "test.onnx", 64);
    EXPECT_EQ(other.height, 48);
    EXPECT_EQ(other.width, 64);
}

TEST(OnnxFixedInput, RefusesWhatTakesNoSingleImage) {
    OnnxBuilder two(8, 8), grey(8, 8);
    two.graph().add_input()->set_name("second");
    grey.graph()
        .mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(1)
        ->set_dim_value(1);
    EXPECT_THROW(with_fixed_input(two.bytes(), "test.onnx", 64), Error);
    EXPECT_THROW(with_fixed_input(grey.bytes(), "test.onnx", 64), Error);
    grey.graph().clear_input();
    EXPECT_THROW(with_fixed_input(grey.bytes(), "test.onnx", 64), Error);
    EXPECT_THROW(with_fixed_input({}, "test.onnx", 64), Error);
    const std::vector<uint8_t> text = {'n', 'o', 'n', 'e'};
    EXPECT_THROW(with_fixed_input(text, "test.onnx", 64), Error);
}

}  // namespace
}  // namespace quantface
