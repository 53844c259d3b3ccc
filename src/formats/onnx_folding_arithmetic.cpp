// Arithmetic on constants while the file is read.
#include <cmath>

#include "formats/onnx_operators.h"
#include "formats/onnx_shape_arithmetic.h"
#include "numerics/half.h"

namespace quantface {

namespace {

// For each element of the result of broadcasting, the place of its source in a tensor of `dims`.
class BroadcastPlaces {
  public:
    BroadcastPlaces(const std::vector<int64_t>& dims, const std::vector<int64_t>& result)
        : result_(result), strides_(result.size(), 0), index_(result.size(), 0) {
        int64_t stride = 1;
        for (size_t i = dims.size(); i-- > 0;) {
            if (dims[i] != 1) strides_[result.size() - dims.size() + i] = stride;
            stride *= dims[i];
        }
    }
    int64_t place() const { return place_; }
    void advance() {
        for (size_t axis = result_.size(); axis-- > 0;) {
            place_ += strides_[axis];
            if (++index_[axis] < result_[axis]) return;
            place_ -= strides_[axis] * result_[axis];
            index_[axis] = 0;
        }
    }

  private:
    const std::vector<int64_t>& result_;
    std::vector<int64_t> strides_, index_;
    int64_t place_ = 0;
};

template <typename Number, typename Compute>
OnnxConstant combine(OnnxNode& node, const OnnxConstant& a, const OnnxConstant& b, Compute compute) {
    OnnxConstant result;
    result.dims = broadcast_dims(node, a.dims, b.dims);
    const int64_t count = element_count(node, result.dims);
    node.context().charge(count);
    std::vector<Number> numbers(static_cast<size_t>(count));
    const auto &from_a = std::get<std::vector<Number>>(a.data),
               &from_b = std::get<std::vector<Number>>(b.data);
    BroadcastPlaces place_a(a.dims, result.dims), place_b(b.dims, result.dims);
    for (Number& number : numbers) {
        number = compute(from_a[place_a.place()], from_b[place_b.place()]);
        place_a.advance();
        place_b.advance();
    }
    result.data = std::move(numbers);
    return result;
}

// `integers` returns false where the result does not fit; `neutral` on the right leaves the batch's size as
// it is, and on the left too where the operation is symmetric.
template <typename Floats, typename Integers>
void fold_binary(OnnxNode& node, Floats floats, Integers integers, int64_t neutral, bool symmetric) {
    node.expect_inputs(2, 2);
    const OnnxConstantPtr a = node.constant(0, "constant"), b = node.constant(1, "constant");
    if (a->is_integer() != b->is_integer()) node.refuse("combines integers with other numbers");
    if (!a->is_integer()) return node.set_output(combine<float>(node, *a, *b, floats));
    node.set_output(combine<int64_t>(node, *a, *b, [&](int64_t x, int64_t y) {
        if (x == kBatchSize && y == neutral) return kBatchSize;
        if (symmetric && y == kBatchSize && x == neutral) return kBatchSize;
        if (x == kBatchSize || y == kBatchSize) {
            node.refuse("computes with the size of the batch, which is not supported");
        }
        int64_t result = 0;
        if (!integers(x, y, result) || result == kBatchSize) node.refuse("computes an impossible number");
        return result;
    }));
}

template <typename Floats>
void fold_unary(OnnxNode& node, Floats floats) {
    node.expect_inputs(1, 1);
    const OnnxConstantPtr input = node.float_constant(0, "input");
    OnnxConstant result;
    result.dims = input->dims;
    std::vector<float> numbers = node.copy(input->floats());
    for (float& number : numbers) number = floats(number);
    result.data = std::move(numbers);
    node.set_output(std::move(result));
}

}  // namespace

void fold_add(OnnxNode& node) {
    fold_binary(
        node, [](float x, float y) { return x + y; },
        [](int64_t x, int64_t y, int64_t& result) { return !__builtin_add_overflow(x, y, &result); }, 0,
        true);
}

void fold_sub(OnnxNode& node) {
    fold_binary(
        node, [](float x, float y) { return x - y; },
        [](int64_t x, int64_t y, int64_t& result) { return !__builtin_sub_overflow(x, y, &result); }, 0,
        false);
}

void fold_mul(OnnxNode& node) {
    fold_binary(
        node, [](float x, float y) { return x * y; },
        [](int64_t x, int64_t y, int64_t& result) { return !__builtin_mul_overflow(x, y, &result); }, 1,
        true);
}

void fold_div(OnnxNode& node) {
    fold_binary(
        node, [](float x, float y) { return x / y; },
        [](int64_t x, int64_t y, int64_t& result) {
            if (y == 0) return false;
            result = x / y;  // towards zero, and x is never the lowest number, so -1 divides without overflow
            return true;
        },
        1, false);
}

void fold_pow(OnnxNode& node) {
    fold_binary(
        node, [](float x, float y) { return std::pow(x, y); },
        [](int64_t, int64_t, int64_t&) { return false; }, 1, false);
}

void fold_sqrt(OnnxNode& node) {
    fold_unary(node, [](float number) { return std::sqrt(number); });
}
void fold_exp(OnnxNode& node) {
    fold_unary(node, [](float number) { return std::exp(number); });
}
void fold_neg(OnnxNode& node) {
    fold_unary(node, [](float number) { return -number; });
}
void fold_floor(OnnxNode& node) {
    fold_unary(node, [](float number) { return std::floor(number); });
}
void fold_ceil(OnnxNode& node) {
    fold_unary(node, [](float number) { return std::ceil(number); });
}
void fold_reciprocal(OnnxNode& node) {
    fold_unary(node, [](float number) { return 1 / number; });
}

namespace {

std::vector<int64_t> to_integers(OnnxNode& node, const OnnxConstant& input, bool to_bool) {
    node.context().charge(input.element_count());
    std::vector<int64_t> numbers;
    numbers.reserve(static_cast<size_t>(input.element_count()));
    if (input.is_integer()) {
        for (const int64_t number : input.integers()) {
            if (to_bool && number == kBatchSize) node.refuse("makes a truth value of the batch's size");
            numbers.push_back(to_bool ? number != 0 : number);
        }
        return numbers;
    }
    for (const float number : input.floats()) {
        constexpr float kMost = 9.0e18f;
        if (!(std::abs(number) < kMost)) node.refuse("makes an integer of a number out of range");
        numbers.push_back(to_bool ? number != 0 : static_cast<int64_t>(number));
    }
    return numbers;
}

std::vector<float> to_floats(OnnxNode& node, const OnnxConstant& input, bool to_half) {
    node.context().charge(input.element_count());
    std::vector<float> numbers;
    numbers.reserve(static_cast<size_t>(input.element_count()));
    const auto add = [&](float number) { numbers.push_back(to_half ? round_to_half(number) : number); };
    if (!input.is_integer()) {
        for (const float number : input.floats()) add(number);
        return numbers;
    }
    for (const int64_t number : input.integers()) {
        if (number == kBatchSize) node.refuse("computes with the size of the batch, which is not supported");
        add(static_cast<float>(number));
    }
    return numbers;
}

}  // namespace

void fold_cast(OnnxNode& node) {
    node.expect_inputs(1, 1);
    node.ignore_attributes({"saturate"});
    const OnnxConstantPtr input = node.constant(0, "input");
    OnnxConstant result;
    result.dims = input->dims;
    switch (const int64_t type = node.integer("to", 0)) {
        case onnx::TensorProto::FLOAT:
        case onnx::TensorProto::DOUBLE:
        case onnx::TensorProto::FLOAT16:
            result.data = to_floats(node, *input, type == onnx::TensorProto::FLOAT16);
            break;
        case onnx::TensorProto::INT64:
        case onnx::TensorProto::INT32:
        case onnx::TensorProto::BOOL:
            result.data = to_integers(node, *input, type == onnx::TensorProto::BOOL);
            break;
        default:
            node.refuse("converts to a type that is not supported");
    }
    node.set_output(std::move(result));
}

}  // namespace quantface
