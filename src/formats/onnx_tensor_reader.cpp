#include "formats/onnx_tensor_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <span>

#include "base/error.h"
#include "formats/onnx_text.h"
#include "numerics/half.h"

namespace quantface {

namespace {

using onnx::TensorProto;

// Bytes an element has as raw data; 0 for a type that is not supported.
int64_t element_bytes(int type) {
    switch (type) {
        case TensorProto::BOOL:
        case TensorProto::INT8:
        case TensorProto::UINT8:
            return 1;
        case TensorProto::FLOAT16:
        case TensorProto::INT16:
        case TensorProto::UINT16:
            return 2;
        case TensorProto::FLOAT:
        case TensorProto::INT32:
            return 4;
        case TensorProto::DOUBLE:
        case TensorProto::INT64:
            return 8;
        default:
            return 0;
    }
}

// `count` little-endian numbers of type Raw, each through `convert`.
template <typename Raw, typename Convert>
auto convert_raw(std::span<const uint8_t> bytes, Convert convert) {
    std::vector<decltype(convert(Raw{}))> numbers(bytes.size() / sizeof(Raw));
    for (size_t i = 0; i < numbers.size(); ++i) {
        Raw raw;
        std::memcpy(&raw, bytes.data() + i * sizeof(Raw), sizeof(Raw));
        numbers[i] = convert(raw);
    }
    return numbers;
}

template <typename Field, typename Convert>
auto convert_field(const Field& field, Convert convert) {
    std::vector<decltype(convert(field[0]))> numbers(static_cast<size_t>(field.size()));
    std::transform(field.begin(), field.end(), numbers.begin(), convert);
    return numbers;
}

float from_half_bits(int32_t bits) {
    return half_to_float(static_cast<uint16_t>(bits));
}
float from_double(double number) {
    return static_cast<float>(number);
}
int64_t from_integer(int64_t number) {
    return number == kBatchSize ? kBatchSize + 1 : number;
}

void decode_raw(int type, std::span<const uint8_t> raw, OnnxConstant& constant) {
    const auto same = [](float number) { return number; };
    switch (type) {
        case TensorProto::FLOAT:
            constant.data = convert_raw<float>(raw, same);
            return;
        case TensorProto::DOUBLE:
            constant.data = convert_raw<double>(raw, from_double);
            return;
        case TensorProto::FLOAT16:
            constant.data = convert_raw<uint16_t>(raw, from_half_bits);
            return;
        case TensorProto::INT64:
            constant.data = convert_raw<int64_t>(raw, from_integer);
            return;
        case TensorProto::INT32:
            constant.data = convert_raw<int32_t>(raw, from_integer);
            return;
        case TensorProto::INT16:
            constant.data = convert_raw<int16_t>(raw, from_integer);
            return;
        case TensorProto::UINT16:
            constant.data = convert_raw<uint16_t>(raw, from_integer);
            return;
        case TensorProto::INT8:
            constant.data = convert_raw<int8_t>(raw, from_integer);
            return;
        default:  // BOOL, UINT8
            constant.data = convert_raw<uint8_t>(raw, from_integer);
    }
}

void decode_typed(const TensorProto& tensor, OnnxConstant& constant) {
    switch (tensor.data_type()) {
        case TensorProto::FLOAT:
            constant.data = convert_field(tensor.float_data(), [](float number) { return number; });
            return;
        case TensorProto::DOUBLE:
            constant.data = convert_field(tensor.double_data(), from_double);
            return;
        case TensorProto::FLOAT16:
            constant.data = convert_field(tensor.int32_data(), from_half_bits);
            return;
        case TensorProto::INT64:
            constant.data = convert_field(tensor.int64_data(), from_integer);
            return;
        default:
            constant.data = convert_field(tensor.int32_data(), from_integer);
    }
}

// Elements that the typed field holds.
int64_t typed_count(const TensorProto& tensor) {
    switch (tensor.data_type()) {
        case TensorProto::FLOAT:
            return tensor.float_data_size();
        case TensorProto::DOUBLE:
            return tensor.double_data_size();
        case TensorProto::INT64:
            return tensor.int64_data_size();
        default:
            return tensor.int32_data_size();
    }
}

std::span<const uint8_t> as_bytes(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

void OnnxTensorReader::refuse(const TensorProto& tensor, const std::string& what) const {
    fail_bad_input(file_name_ + ": tensor '" + printable(tensor.name()) + "' " + what);
}

int64_t OnnxTensorReader::element_count(const TensorProto& tensor) const {
    constexpr int64_t kMost = int64_t{1} << 31;
    int64_t extent = 1;  // counts an empty dimension as 1: products of strides must not overflow either
    bool is_empty = false;
    for (const int64_t dim : tensor.dims()) {
        is_empty = is_empty || dim == 0;
        if (dim < 0 || dim > kMost || (extent *= std::max<int64_t>(dim, 1)) > kMost) {
            refuse(tensor, "has impossible dimensions");
        }
    }
    return is_empty ? 0 : extent;
}

OnnxConstant OnnxTensorReader::read(const TensorProto& tensor) {
    const int type = tensor.data_type();
    const int64_t size = element_bytes(type);
    if (size == 0) {
        refuse(tensor, "has numbers of a type that is not supported (" + std::to_string(type) +
                           "); export the network in float32");
    }
    if (tensor.has_segment()) refuse(tensor, "is split into segments, which is not supported");
    const int64_t count = element_count(tensor);
    OnnxConstant constant;
    constant.dims.assign(tensor.dims().begin(), tensor.dims().end());
    const auto check_size = [&](int64_t there, int64_t wanted, const char* unit) {
        if (there != wanted) {
            refuse(tensor, "holds " + std::to_string(there) + " " + unit + ", its dimensions need " +
                               std::to_string(wanted) + "; the file is damaged");
        }
    };
    if (tensor.data_location() == TensorProto::EXTERNAL) {
        decode_raw(type, read_external(tensor, count * size), constant);
    } else if (tensor.has_raw_data()) {
        check_size(static_cast<int64_t>(tensor.raw_data().size()), count * size, "bytes");
        budget_.charge(count);
        decode_raw(type, as_bytes(tensor.raw_data()), constant);
    } else {
        check_size(typed_count(tensor), count, "numbers");
        budget_.charge(count);
        decode_typed(tensor, constant);
    }
    return constant;
}

std::filesystem::path OnnxTensorReader::external_path(const TensorProto& tensor,
                                                      const std::string& location) const {
    if (!folder_) {
        refuse(tensor, "lies in a file of its own, which cannot be reached from here; store it inside");
    }
    const std::filesystem::path relative(location);
    bool inside = !location.empty() && location.find('\0') == std::string::npos && !relative.is_absolute();
    for (const auto& part : relative) inside = inside && part != "..";
    if (inside) {
        // A symbolic link must not lead out either.
        std::error_code error;
        const auto folder = std::filesystem::canonical(*folder_, error);
        const auto path = std::filesystem::canonical(folder / relative, error);
        if (error) refuse(tensor, "lies in '" + printable(location) + "', which is missing beside the model");
        if (std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end()) {
            return path;
        }
    }
    refuse(tensor,
           "lies in '" + printable(location) +
               "', outside the model's folder; files from there are not read, move it beside the model");
}

std::vector<uint8_t> OnnxTensorReader::read_external(const TensorProto& tensor, int64_t bytes) {
    std::string location;
    int64_t offset = 0, length = bytes;
    for (const auto& entry : tensor.external_data()) {
        const auto number = [&] {
            int64_t value = -1;
            const char* const end = entry.value().data() + entry.value().size();
            const auto parsed = std::from_chars(entry.value().data(), end, value);
            if (parsed.ec != std::errc() || parsed.ptr != end || value < 0) {
                refuse(tensor, "has a damaged place in its file of tensors");
            }
            return value;
        };
        if (entry.key() == "location") location = entry.value();
        if (entry.key() == "offset") offset = number();
        if (entry.key() == "length") length = number();
    }
    const std::filesystem::path path = external_path(tensor, location);
    std::error_code error;
    const bool is_plain = std::filesystem::is_regular_file(path, error);
    const auto file_bytes = is_plain ? static_cast<int64_t>(std::filesystem::file_size(path, error)) : 0;
    if (!is_plain || error || length != bytes || offset > file_bytes || bytes > file_bytes - offset) {
        refuse(tensor, "does not fit '" + printable(location) + "': " + std::to_string(bytes) +
                           " bytes at offset " + std::to_string(offset) + " of " +
                           std::to_string(file_bytes) + "; is the file whole?");
    }
    if (files_seen_.insert(path).second) budget_.add_bytes(static_cast<uint64_t>(file_bytes));
    budget_.charge(bytes / std::max<int64_t>(1, element_bytes(tensor.data_type())));
    std::vector<uint8_t> data(static_cast<size_t>(bytes));
    std::ifstream stream(path, std::ios::binary);
    stream.seekg(offset);
    stream.read(reinterpret_cast<char*>(data.data()), bytes);
    if (!stream || stream.gcount() != bytes) {
        refuse(tensor, "cannot be read from '" + printable(location) + "'");
    }
    return data;
}

}  // namespace quantface
