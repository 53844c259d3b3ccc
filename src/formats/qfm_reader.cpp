#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/mapped_file.h"
#include "formats/qfm.h"
#include "formats/qfm_container.h"
#include "formats/qfm_names.h"
#include "formats/qfm_parameters.h"
#include "graph/integer_limits.h"
#include "graph/window_arithmetic.h"
#include "qfm_generated.h"

namespace quantface {

namespace qfm {

namespace {

// A structure of a few hundred nodes has some 20 kB; this is the room of the largest model that validate()
// lets through.
constexpr size_t kMaxStructureBytes = size_t{1} << 26;
constexpr flatbuffers::uoffset_t kMaxDepth = 8;
constexpr flatbuffers::uoffset_t kMaxTables = 1 << 19;

Window from_file(const schema::Window& window) {
    return {window.kernel_height(),
            window.kernel_width(),
            window.stride_y(),
            window.stride_x(),
            window.dilation_y(),
            window.dilation_x(),
            {window.pad_top(), window.pad_left(), window.pad_bottom(), window.pad_right()}};
}

std::array<float, 3> from_file(const schema::PerColor& numbers) {
    return {numbers.first(), numbers.second(), numbers.third()};
}

std::string hexadecimal(const flatbuffers::Vector<uint8_t>& bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

// Takes a model whose structure the FlatBuffers verifier has passed out of the file. Checks only what it
// needs to do so safely; validate() does the rest.
class ModelReader {
  public:
    ModelReader(const schema::Model& file, uint32_t version, size_t structure_bytes,
                std::span<const uint8_t> parameters, const std::string& file_name)
        : file_(file),
          version_(version),
          unshared_bytes_(structure_bytes),
          parameters_(parameters, file_name),
          file_name_(file_name) {}

    IntegerModel run() {
        model_.name = text(file_.name());
        model_.input = value_id(file_.input());
        model_.output = value_id(file_.output());
        read_input_spec(*file_.input_spec());
        if (const auto* teacher = file_.teacher_sha256()) {
            if (teacher->size() != 32) damaged("the teacher's SHA-256 does not have 32 bytes");
            model_.teacher_sha256 = hexadecimal(*teacher);
        }
        if (file_.values()->size() > kMaxIntegerValues || file_.nodes()->size() > kMaxIntegerNodes) {
            damaged("too many values or nodes");
        }
        for (const schema::Value* value : *file_.values()) read_value(*value);
        for (const schema::Node* node : *file_.nodes()) read_node(*node);
        derive_names();
        if (parameters_.remaining() != 0) damaged("more parameters than the operations have");
        return std::move(model_);
    }

  private:
    [[noreturn]] void damaged(const std::string& what) const {
        fail_bad_input(file_name_ + ": damaged: " + what);
    }

    // A hostile structure may refer to the same string or vector a million times; ours never does, so what is
    // copied out of it can never be more than the structure itself.
    void charge(uint64_t bytes) {
        if (bytes > unshared_bytes_) damaged("its structure refers to the same bytes again and again");
        unshared_bytes_ -= bytes;
    }

    std::string text(const flatbuffers::String* string) {
        if (!string) return {};
        charge(string->size());
        return string->str();
    }

    static ValueId value_id(uint32_t number) { return static_cast<ValueId>(number); }

    const IntegerValue& value(ValueId id) const {
        if (id < 0 || static_cast<size_t>(id) >= model_.values.size())
            damaged("a node's value does not exist");
        return model_.values[id];
    }

    void read_input_spec(const schema::InputSpec& spec) {
        if (spec.color_order() > schema::ColorOrder::kBgr) damaged("the colour order is unknown");
        model_.input_spec = {
            spec.height(), spec.width(),
            spec.color_order() == schema::ColorOrder::kRgb ? ColorOrder::kRgb : ColorOrder::kBgr,
            from_file(*spec.mean()), from_file(*spec.std())};
    }

    void read_value(const schema::Value& value) {
        IntegerValue read;
        const schema::Shape& shape = *value.shape();
        // Counts of parameters follow from channels, so these are checked here already.
        if (shape.channels() > static_cast<uint32_t>(kMaxChannels))
            damaged("a value has more than 65536 channels");
        read.name = text(value.name());
        read.shape = {static_cast<int>(shape.channels()), shape.height(), shape.width()};
        if (const schema::Quantization* quantization = value.quantization()) {
            read.quant = {quantization->bits(), quantization->scale(), quantization->zero_point()};
        } else {
            read.is_float = true;
        }
        named_.push_back(value.name() != nullptr);
        model_.values.push_back(std::move(read));
    }

    void derive_names() {
        const std::vector<std::string> names = derived_value_names(model_);
        for (size_t index = 0; index < names.size(); ++index) {
            if (!named_[index]) model_.values[index].name = names[index];
        }
    }

    void read_node(const schema::Node& node) {
        IntegerNode read;
        read.name = text(node.name());
        charge(node.inputs()->size() * sizeof(uint32_t));
        for (const uint32_t input : *node.inputs()) read.inputs.push_back(value_id(input));
        if (read.inputs.empty()) damaged("a node has no input");
        inputs_ = &read.inputs;
        read.op = read_operation(node);
        model_.nodes.push_back(std::move(read));
    }

    IntegerOp read_operation(const schema::Node& node) {
        switch (node.operation_type()) {
            case schema::Operation::Conv:
                return read(*node.operation_as_Conv());
            case schema::Operation::Affine:
                return read(*node.operation_as_Affine());
            case schema::Operation::Add:
                return read(*node.operation_as_Add());
            case schema::Operation::Mul:
                return read(*node.operation_as_Mul());
            case schema::Operation::Lut:
                return read(*node.operation_as_Lut());
            case schema::Operation::MaxPool:
                return read(*node.operation_as_MaxPool());
            case schema::Operation::AveragePool:
                return read(*node.operation_as_AveragePool());
            case schema::Operation::Concat:
                return read(*node.operation_as_Concat());
            case schema::Operation::NONE:
                break;
        }
        damaged("operation " + std::to_string(static_cast<int>(node.operation_type())) + " is unknown");
    }

    uint64_t input_channels() const { return static_cast<uint64_t>(value((*inputs_)[0]).shape.channels); }

    uint64_t output_channels(const schema::Epilogue& epilogue) const {
        if (epilogue.outputs()->size() == 0) damaged("a node has no output");
        return static_cast<uint64_t>(value(value_id(epilogue.outputs()->Get(0)->value())).shape.channels);
    }

    Epilogue read_epilogue(const schema::Epilogue& epilogue) {
        if (epilogue.activation() > schema::Activation::kClip) damaged("an activation is unknown");
        if (epilogue.outputs()->size() > 2) damaged("a node has more than 2 outputs");
        const uint64_t channels = output_channels(epilogue);
        Epilogue read;
        read.activation = static_cast<Activation>(epilogue.activation());
        read.activation_after_residual = epilogue.activation_after_residual();
        read.clip_low = epilogue.clip_low();
        read.clip_high = epilogue.clip_high();
        read.residual = epilogue.residual();
        read.residual_multiplier = epilogue.residual_multiplier();
        if (epilogue.activation() == schema::Activation::kPRelu) read.slope = parameters_.halves(channels, 0);
        for (const schema::Output* output : *epilogue.outputs()) {
            IntegerOutput& written = read.outputs.emplace_back();
            written.value = value_id(output->value());
            if (output->affine()) {
                written.scale = parameters_.floats(channels);
                written.shift = parameters_.floats(channels);
            }
        }
        return read;
    }

    IntegerConv read(const schema::Conv& op) {
        IntegerConv read;
        read.window = from_file(*op.window());
        read.weight_bits = op.weight_bits();
        read.multiplier_exponent = op.multiplier_exponent();
        const uint64_t in_channels = input_channels(), out_channels = output_channels(*op.epilogue());
        if (op.groups() == 0 || in_channels % op.groups() != 0 || !is_sane(read.window) ||
            read.weight_bits < kMinBits || read.weight_bits > kMaxBits) {
            damaged("a convolution's groups, window or bits are out of range");
        }
        read.groups = static_cast<int>(op.groups());
        // At most 2^16 * 2^24 * 2^16: far from overflow.
        const uint64_t kernel = static_cast<uint64_t>(read.window.kernel_height) * read.window.kernel_width;
        read.weight =
            parameters_.weights(out_channels * kernel * (in_channels / op.groups()), read.weight_bits);
        if (op.asymmetric_weights()) {
            if (version_ < kRicherConvolutionsVersion) damaged("asymmetric weights in a file of format 1");
            read.weight_zero_point = parameters_.levels(out_channels);
        }
        read.bias_fraction_bits = op.bias_fraction_bits();
        if (read.bias_fraction_bits != 0 && version_ < kRicherConvolutionsVersion)
            damaged("a fine bias in a file of format 1");
        read.multiplier = parameters_.halves(out_channels, read.multiplier_exponent);
        read.bias = parameters_.integers(out_channels);
        read.padding_level = parameters_.levels(in_channels);
        read.epilogue = read_epilogue(*op.epilogue());
        return read;
    }
    IntegerAffine read(const schema::Affine& op) {
        IntegerAffine read;
        read.multiplier = parameters_.floats(input_channels());
        read.shift = parameters_.floats(input_channels());
        read.epilogue = read_epilogue(*op.epilogue());
        return read;
    }
    IntegerAdd read(const schema::Add& op) {
        return {op.multiplier_a(), op.multiplier_b(), read_epilogue(*op.epilogue())};
    }
    IntegerMul read(const schema::Mul& op) { return {op.multiplier(), read_epilogue(*op.epilogue())}; }
    IntegerLut read(const schema::Lut& op) {
        const int bits = value((*inputs_)[0]).quant.bits;
        if (bits < kMinBits || bits > kMaxBits) damaged("a value's bits are not in 2..8");
        return {parameters_.levels(uint64_t{1} << bits), value_id(op.output())};
    }
    IntegerMaxPool read(const schema::MaxPool& op) {
        return {from_file(*op.window()), value_id(op.output())};
    }
    IntegerAveragePool read(const schema::AveragePool& op) {
        return {from_file(*op.window()), op.count_include_padding(), op.multiplier(),
                read_epilogue(*op.epilogue())};
    }
    IntegerConcat read(const schema::Concat& op) {
        return {parameters_.floats(inputs_->size()), value_id(op.output())};
    }

    const schema::Model& file_;
    uint32_t version_;
    uint64_t unshared_bytes_;
    ParameterReader parameters_;
    std::string file_name_;
    IntegerModel model_;
    std::vector<bool> named_;                       // by value: the file holds its name
    const std::vector<ValueId>* inputs_ = nullptr;  // of the node being read
};

IntegerModel read_model(const Container& container, const std::string& file_name) {
    const auto structure = container.find(SectionKind::kStructure);
    if (structure.size() > kMaxStructureBytes)
        fail_bad_input(file_name + ": damaged: its structure is too large");
    // A copy, as FlatBuffers needs alignment that a section in the middle of a file does not have.
    const std::vector<uint8_t> aligned(structure.begin(), structure.end());
    flatbuffers::Verifier verifier(aligned.data(), aligned.size(), kMaxDepth, kMaxTables);
    if (!schema::VerifyModelBuffer(verifier))
        fail_bad_input(file_name + ": damaged: its structure is malformed");
    ModelReader reader(*schema::GetModel(aligned.data()), container.version, aligned.size(),
                       container.find(SectionKind::kParameters), file_name);
    IntegerModel model = reader.run();
    const auto record = container.find(SectionKind::kRecord);
    if (record.size() > kMaxRecordBytes) fail_bad_input(file_name + ": damaged: its record is too large");
    model.record.assign(record.begin(), record.end());
    return model;
}

}  // namespace
}  // namespace qfm

IntegerModel decode_qfm(std::span<const uint8_t> bytes, const std::string& file_name) {
    IntegerModel model = qfm::read_model(qfm::read_container(bytes, file_name), file_name);
    try {
        validate(model);
    } catch (const Error& error) {
        fail_bad_input(file_name + ": " + error.what());
    }
    return model;
}

QfmSizes measure_qfm(std::span<const uint8_t> bytes, const std::string& file_name) {
    const qfm::Container container = qfm::read_container(bytes, file_name);
    QfmSizes sizes;
    sizes.version = container.version;
    sizes.header = container.header_bytes;
    sizes.structure = container.find(qfm::SectionKind::kStructure).size();
    sizes.parameters = container.find(qfm::SectionKind::kParameters).size();
    sizes.record = container.find(qfm::SectionKind::kRecord).size();
    sizes.total = bytes.size();
    sizes.other = sizes.total - sizes.header - sizes.structure - sizes.parameters - sizes.record;
    return sizes;
}

IntegerModel read_qfm(const std::filesystem::path& path) {
    return decode_qfm(MappedFile(path).bytes(), path.string());
}

}  // namespace quantface
