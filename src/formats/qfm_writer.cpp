#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "formats/qfm.h"
#include "formats/qfm_container.h"
#include "formats/qfm_names.h"
#include "formats/qfm_parameters.h"
#include "qfm_generated.h"

namespace quantface {

namespace qfm {

namespace {

using flatbuffers::Offset;

schema::Window to_file(const Window& window) {
    const auto u16 = [](int number) { return static_cast<uint16_t>(number); };
    const Padding& pad = window.padding;
    return {u16(window.kernel_height),
            u16(window.kernel_width),
            u16(window.stride_y),
            u16(window.stride_x),
            u16(window.dilation_y),
            u16(window.dilation_x),
            u16(pad.top),
            u16(pad.left),
            u16(pad.bottom),
            u16(pad.right)};
}

schema::PerColor to_file(const std::array<float, 3>& numbers) {
    return {numbers[0], numbers[1], numbers[2]};
}

std::vector<uint8_t> bytes_of_hexadecimal(const std::string& digits) {
    std::vector<uint8_t> bytes;
    for (size_t position = 0; position + 1 < digits.size(); position += 2) {
        bytes.push_back(static_cast<uint8_t>(std::stoi(digits.substr(position, 2), nullptr, 16)));
    }
    return bytes;
}

// Writes structure and parameters of one model side by side, as their orders depend on each other.
class ModelWriter {
  public:
    explicit ModelWriter(const IntegerModel& model) : model_(model) {}

    void run() {
        const auto name = text(model_.name);
        const InputSpec& spec = model_.input_spec;
        const auto color_order =
            spec.color_order == ColorOrder::kRgb ? schema::ColorOrder::kRgb : schema::ColorOrder::kBgr;
        const schema::PerColor mean = to_file(spec.mean), std = to_file(spec.std);
        const auto input_spec =
            schema::CreateInputSpec(builder_, static_cast<uint16_t>(spec.height),
                                    static_cast<uint16_t>(spec.width), color_order, &mean, &std);
        const auto values = builder_.CreateVector(write_values());
        std::vector<Offset<schema::Node>> nodes;
        for (const IntegerNode& node : model_.nodes) nodes.push_back(write_node(node));
        const auto nodes_vector = builder_.CreateVector(nodes);
        Offset<flatbuffers::Vector<uint8_t>> teacher;
        if (!model_.teacher_sha256.empty()) {
            teacher = builder_.CreateVector(bytes_of_hexadecimal(model_.teacher_sha256));
        }
        builder_.Finish(schema::CreateModel(builder_, name, input_spec, values, nodes_vector,
                                            static_cast<uint32_t>(model_.input),
                                            static_cast<uint32_t>(model_.output), teacher));
    }

    std::span<const uint8_t> structure() const { return {builder_.GetBufferPointer(), builder_.GetSize()}; }
    std::span<const uint8_t> parameters() const { return parameters_.bytes(); }

  private:
    Offset<flatbuffers::String> text(const std::string& string) {
        return string.empty() ? Offset<flatbuffers::String>() : builder_.CreateString(string);
    }

    std::vector<Offset<schema::Value>> write_values() {
        const std::vector<std::string> derived_names = derived_value_names(model_);
        std::vector<Offset<schema::Value>> values;
        for (size_t index = 0; index < model_.values.size(); ++index) {
            const IntegerValue& value = model_.values[index];
            Offset<flatbuffers::String> name;
            if (value.name != derived_names[index]) name = builder_.CreateString(value.name);
            const schema::Shape shape(static_cast<uint32_t>(value.shape.channels),
                                      static_cast<uint16_t>(value.shape.height),
                                      static_cast<uint16_t>(value.shape.width));
            const schema::Quantization quantization(value.quant.scale,
                                                    static_cast<uint8_t>(value.quant.zero_point),
                                                    static_cast<uint8_t>(value.quant.bits));
            values.push_back(
                schema::CreateValue(builder_, name, &shape, value.is_float ? nullptr : &quantization));
        }
        return values;
    }

    // Slopes and affine outputs come last in their node's parameters: call it after writing the node's own.
    Offset<schema::Epilogue> write_epilogue(const Epilogue& epilogue) {
        const bool clips = epilogue.activation == Activation::kClip;
        const bool adds = epilogue.residual != kNoValue;
        if (epilogue.activation == Activation::kPRelu) parameters_.halves(epilogue.slope, 0);
        std::vector<schema::Output> outputs;
        for (const IntegerOutput& output : epilogue.outputs) {
            outputs.emplace_back(static_cast<uint32_t>(output.value), !output.scale.empty());
            parameters_.floats(output.scale);
            parameters_.floats(output.shift);
        }
        return schema::CreateEpilogue(builder_, static_cast<schema::Activation>(epilogue.activation),
                                      epilogue.activation_after_residual, clips ? epilogue.clip_low : 0,
                                      clips ? epilogue.clip_high : 0, epilogue.residual,
                                      adds ? epilogue.residual_multiplier : 0,
                                      builder_.CreateVectorOfStructs(outputs));
    }

    std::pair<schema::Operation, Offset<void>> write_operation(const IntegerOp& operation) {
        return std::visit([this](const auto& op) { return write(op); }, operation);
    }

    using Written = std::pair<schema::Operation, Offset<void>>;

    Written write(const IntegerConv& op) {
        parameters_.weights(op.weight, op.weight_bits);
        parameters_.integers(std::vector<int32_t>(op.weight_zero_point.begin(), op.weight_zero_point.end()));
        parameters_.halves(op.multiplier, op.multiplier_exponent);
        parameters_.integers(op.bias);
        parameters_.integers(std::vector<int32_t>(op.padding_level.begin(), op.padding_level.end()));
        const auto epilogue = write_epilogue(op.epilogue);
        const schema::Window window = to_file(op.window);
        return {schema::Operation::Conv,
                schema::CreateConv(builder_, &window, static_cast<uint32_t>(op.groups),
                                   static_cast<uint8_t>(op.weight_bits),
                                   static_cast<int16_t>(op.multiplier_exponent), epilogue,
                                   op.has_asymmetric_weights(), static_cast<uint8_t>(op.bias_fraction_bits))
                    .Union()};
    }
    Written write(const IntegerAffine& op) {
        parameters_.floats(op.multiplier);
        parameters_.floats(op.shift);
        return {schema::Operation::Affine,
                schema::CreateAffine(builder_, write_epilogue(op.epilogue)).Union()};
    }
    Written write(const IntegerAdd& op) {
        const auto epilogue = write_epilogue(op.epilogue);
        return {schema::Operation::Add,
                schema::CreateAdd(builder_, op.multiplier_a, op.multiplier_b, epilogue).Union()};
    }
    Written write(const IntegerMul& op) {
        const auto epilogue = write_epilogue(op.epilogue);
        return {schema::Operation::Mul, schema::CreateMul(builder_, op.multiplier, epilogue).Union()};
    }
    Written write(const IntegerLut& op) {
        parameters_.integers(std::vector<int32_t>(op.table.begin(), op.table.end()));
        return {schema::Operation::Lut,
                schema::CreateLut(builder_, static_cast<uint32_t>(op.output)).Union()};
    }
    Written write(const IntegerMaxPool& op) {
        const schema::Window window = to_file(op.window);
        return {schema::Operation::MaxPool,
                schema::CreateMaxPool(builder_, &window, static_cast<uint32_t>(op.output)).Union()};
    }
    Written write(const IntegerAveragePool& op) {
        const auto epilogue = write_epilogue(op.epilogue);
        const schema::Window window = to_file(op.window);
        return {
            schema::Operation::AveragePool,
            schema::CreateAveragePool(builder_, &window, op.count_include_padding, op.multiplier, epilogue)
                .Union()};
    }
    Written write(const IntegerConcat& op) {
        parameters_.floats(op.multiplier);
        return {schema::Operation::Concat,
                schema::CreateConcat(builder_, static_cast<uint32_t>(op.output)).Union()};
    }

    Offset<schema::Node> write_node(const IntegerNode& node) {
        const auto name = text(node.name);
        const auto [kind, operation] = write_operation(node.op);
        const auto inputs =
            builder_.CreateVector(std::vector<uint32_t>(node.inputs.begin(), node.inputs.end()));
        return schema::CreateNode(builder_, name, kind, operation, inputs);
    }

    const IntegerModel& model_;
    flatbuffers::FlatBufferBuilder builder_;
    ParameterWriter parameters_;
};

uint32_t oldest_version_for(const IntegerModel& model) {
    return std::any_of(model.nodes.begin(), model.nodes.end(),
                       [](const IntegerNode& node) {
                           const auto* conv = std::get_if<IntegerConv>(&node.op);
                           return conv != nullptr &&
                                  (conv->has_asymmetric_weights() || conv->bias_fraction_bits > 0);
                       })
               ? qfm::kRicherConvolutionsVersion
               : 1;
}

}  // namespace
}  // namespace qfm

std::vector<uint8_t> encode_qfm(const IntegerModel& model) {
    validate(model);
    qfm::ModelWriter writer(model);
    writer.run();
    std::vector<qfm::Section> sections{
        {static_cast<uint32_t>(qfm::SectionKind::kStructure), 0, writer.structure()},
        {static_cast<uint32_t>(qfm::SectionKind::kParameters), 0, writer.parameters()}};
    if (!model.record.empty()) {
        const auto* text = reinterpret_cast<const uint8_t*>(model.record.data());
        sections.push_back({static_cast<uint32_t>(qfm::SectionKind::kRecord), qfm::kOptionalFlag,
                            std::span(text, model.record.size())});
    }
    return qfm::write_container(qfm::oldest_version_for(model), sections);
}

void write_qfm(const std::filesystem::path& path, const IntegerModel& model) {
    write_file_atomically(path, encode_qfm(model));
}

}  // namespace quantface
