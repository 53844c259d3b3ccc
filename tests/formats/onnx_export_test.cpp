// What is in exported files: standard operators, names and sizes, levels within their bits, metadata.
#include "formats/onnx_export.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "formats/onnx_import.h"
#include "formats/onnx_parse.h"
#include "sample_integer_model.h"

namespace quantface {
namespace {

onnx::ModelProto exported(const IntegerModel& model, OnnxStyle style) {
    return parse_onnx(encode_onnx(model, {style, "1.2.3"}), "memory");
}

const onnx::TensorProto* find_constant(const onnx::ModelProto& proto, const std::string& name) {
    for (const auto& tensor : proto.graph().initializer()) {
        if (tensor.name() == name) return &tensor;
    }
    return nullptr;
}

std::string metadata(const onnx::ModelProto& proto, const std::string& key) {
    for (const auto& entry : proto.metadata_props()) {
        if (entry.key() == key) return entry.value();
    }
    return "absent";
}

std::set<std::string> operators(const onnx::ModelProto& proto) {
    std::set<std::string> names;
    for (const auto& node : proto.graph().node()) names.insert(node.op_type());
    return names;
}

// Every tensor is written once and before it is read; every constant is read.
void expect_sound(const onnx::ModelProto& proto) {
    std::set<std::string> written = {"", proto.graph().input(0).name()}, read;
    for (const auto& tensor : proto.graph().initializer()) EXPECT_TRUE(written.insert(tensor.name()).second);
    for (const auto& node : proto.graph().node()) {
        EXPECT_EQ(node.domain(), "") << node.op_type();
        for (const auto& input : node.input()) {
            EXPECT_TRUE(written.contains(input)) << node.name() << " reads " << input;
            read.insert(input);
        }
        for (const auto& output : node.output()) EXPECT_TRUE(written.insert(output).second) << output;
    }
    EXPECT_TRUE(written.contains(proto.graph().output(0).name()));
    for (const auto& tensor : proto.graph().initializer())
        EXPECT_TRUE(read.contains(tensor.name())) << tensor.name();
}

TEST(OnnxExportFile, IsSoundInEveryStyle) {
    for (const OnnxStyleName& style : kOnnxStyles) {
        for (const int bits : {2, 5, 8}) {
            const IntegerModel model = sample_model(bits, bits);
            for (const IntegerModel& each : {model, with_asymmetric_weights(model)}) {
                const onnx::ModelProto proto = exported(each, style.style);
                expect_sound(proto);
                EXPECT_EQ(proto.opset_import_size(), 1);
                EXPECT_EQ(proto.opset_import(0).version(), 13);
                EXPECT_EQ(proto.producer_name(), "quantface");
                EXPECT_EQ(proto.producer_version(), "1.2.3");
            }
        }
    }
}

TEST(OnnxExportFile, NamesInputAndOutputWithAnyBatch) {
    const IntegerModel model = sample_model(8, 8);
    const onnx::GraphProto graph = exported(model, OnnxStyle::kQdq).graph();
    ASSERT_EQ(graph.input_size(), 1);
    ASSERT_EQ(graph.output_size(), 1);
    EXPECT_EQ(graph.input(0).name(), "input");
    EXPECT_EQ(graph.output(0).name(), "embedding");
    const auto& in = graph.input(0).type().tensor_type().shape();
    const auto& out = graph.output(0).type().tensor_type().shape();
    ASSERT_EQ(in.dim_size(), 4);
    EXPECT_EQ(in.dim(0).dim_param(), "N");
    EXPECT_EQ(in.dim(1).dim_value(), 3);
    EXPECT_EQ(in.dim(2).dim_value(), model.input_spec.height);
    EXPECT_EQ(in.dim(3).dim_value(), model.input_spec.width);
    ASSERT_EQ(out.dim_size(), 2);
    EXPECT_EQ(out.dim(0).dim_param(), "N");
    EXPECT_EQ(out.dim(1).dim_value(), model.embedding_size());
}

TEST(OnnxExportFile, CarriesTheRecord) {
    IntegerModel model = sample_model(6, 6);
    model.record = R"({"weights": 6})";
    model.teacher_sha256 = std::string(64, 'a');
    model.input_spec.color_order = ColorOrder::kBgr;
    const onnx::ModelProto proto = exported(model, OnnxStyle::kQdqInteger);
    EXPECT_EQ(metadata(proto, "quantface.record"), model.record);
    EXPECT_EQ(metadata(proto, "quantface.teacher_sha256"), model.teacher_sha256);
    EXPECT_EQ(metadata(proto, "quantface.style"), "qdq-integer");
    EXPECT_EQ(metadata(proto, "color_order"), "BGR");
    EXPECT_EQ(metadata(proto, "input_height"), std::to_string(model.input_spec.height));
    EXPECT_EQ(metadata(proto, "input_width"), std::to_string(model.input_spec.width));
}

TEST(OnnxExportFile, FloatHasNoLevelsAndOthersHaveOnlyStandardOnes) {
    const IntegerModel model = sample_model(4, 4);
    EXPECT_FALSE(operators(exported(model, OnnxStyle::kFloat)).contains("QuantizeLinear"));
    EXPECT_FALSE(operators(exported(model, OnnxStyle::kFloat)).contains("DequantizeLinear"));
    EXPECT_TRUE(operators(exported(model, OnnxStyle::kFloat)).contains("BatchNormalization"));
    for (const OnnxStyle style : {OnnxStyle::kQdq, OnnxStyle::kQdqInteger}) {
        EXPECT_TRUE(operators(exported(model, style)).contains("QuantizeLinear"));
    }
}

// Narrow weights stay within their bits in int8, one scale for each output channel along axis 0.
TEST(OnnxExportFile, WeightsAreInt8ByOutputChannel) {
    for (const int bits : {2, 4, 8}) {
        const onnx::ModelProto proto = exported(sample_model(bits, 8), OnnxStyle::kQdq);
        int checked = 0;
        for (const auto& node : proto.graph().node()) {
            const onnx::TensorProto* levels =
                node.op_type() == "DequantizeLinear" ? find_constant(proto, node.input(0)) : nullptr;
            if (levels == nullptr || levels->data_type() != onnx::TensorProto::INT8) continue;
            ++checked;
            ASSERT_EQ(node.attribute_size(), 1);
            EXPECT_EQ(node.attribute(0).name(), "axis");
            EXPECT_EQ(node.attribute(0).i(), 0);
            EXPECT_EQ(find_constant(proto, node.input(1))->dims(0), levels->dims(0));
            for (const char level : levels->raw_data()) {
                EXPECT_LE(std::abs(static_cast<int>(static_cast<signed char>(level))), weight_limit(bits));
            }
        }
        EXPECT_GE(checked, 2);
    }
}

TEST(OnnxExportFile, SameModelSameBytes) {
    const IntegerModel model = sample_model(5, 6, 3);
    EXPECT_EQ(encode_onnx(model, {OnnxStyle::kQdq, "1"}), encode_onnx(model, {OnnxStyle::kQdq, "1"}));
}

// Names are free text: what clashes with the export's own, or is empty, gets another.
TEST(OnnxExportFile, AnyNamesWillDo) {
    IntegerModel model = sample_model(8, 8);
    for (IntegerValue& value : model.values) value.name = "input";
    for (IntegerNode& node : model.nodes) node.name = "embedding";
    for (const OnnxStyleName& style : kOnnxStyles) expect_sound(exported(model, style.style));
    for (IntegerValue& value : model.values) value.name.clear();
    for (IntegerNode& node : model.nodes) node.name.clear();
    for (const OnnxStyleName& style : kOnnxStyles) expect_sound(exported(model, style.style));
}

TEST(OnnxExportFile, FloatStyleIsReadBackWithTheImagesOffset) {
    IntegerModel model = tiny_model();
    auto& op = std::get<IntegerConv>(model.nodes[0].op);
    op.padding_level = {124, 116, 104};
    const auto bytes = encode_onnx(model, {OnnxStyle::kFloat, ""});
    const Graph graph = import_onnx(bytes, "memory", {}).graph;
    EXPECT_EQ(graph.embedding_size(), model.embedding_size());
    EXPECT_EQ(graph.input_spec.mean, (std::array<float, 3>{124, 116, 104}));
    EXPECT_EQ(graph.input_spec.std, (std::array<float, 3>{1, 1, 1}));
}

TEST(OnnxExportFile, NumbersBeyondFloat32AreRefused) {
    IntegerModel model = sample_model(8, 8);
    for (IntegerValue& value : model.values) {
        if (!value.is_float && &value != &model.values[model.input]) value.quant.scale = 3e38f;
    }
    try {
        encode_onnx(model, {OnnxStyle::kFloat, ""});
        FAIL() << "was not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_NE(std::string(error.what()).find("float32"), std::string::npos);
    }
}

TEST(OnnxExportFile, InvalidModelsAreRefused) {
    IntegerModel model = sample_model(8, 8);
    model.nodes.pop_back();
    EXPECT_THROW(encode_onnx(model, {}), Error);
}

}  // namespace
}  // namespace quantface
