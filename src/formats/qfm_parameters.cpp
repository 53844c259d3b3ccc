#include "formats/qfm_parameters.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "numerics/bit_packing.h"
#include "numerics/half.h"

namespace quantface::qfm {

namespace {

// Weights are packed in pieces of a whole number of bytes, so that a large layer is never in memory as int32.
constexpr size_t kPiece = 8192;

void append_packed(std::vector<uint8_t>& bytes, std::span<const int32_t> numbers, int bits) {
    const std::vector<uint8_t> packed = pack_signed(numbers, bits);
    bytes.insert(bytes.end(), packed.begin(), packed.end());
}

template <typename T>
void append_raw(std::vector<uint8_t>& bytes, std::span<const T> numbers) {
    if (numbers.empty()) return;
    bytes.resize(bytes.size() + numbers.size_bytes());
    std::memcpy(bytes.data() + bytes.size() - numbers.size_bytes(), numbers.data(), numbers.size_bytes());
}

// Ordered as the numbers are, -0 just below +0.
int32_t half_code(float number) {
    const uint16_t half = float_to_half(number);
    const int32_t magnitude = half & 0x7fff;
    return (half & 0x8000) != 0 ? -1 - magnitude : magnitude;
}

float from_half_code(int32_t code) {
    return code < 0 ? half_to_float(static_cast<uint16_t>(0x8000 | (-1 - code)))
                    : half_to_float(static_cast<uint16_t>(code));
}

}  // namespace

void ParameterWriter::weights(std::span<const int8_t> numbers, int bits) {
    for (size_t start = 0; start < numbers.size(); start += kPiece) {
        const auto piece = numbers.subspan(start, std::min(kPiece, numbers.size() - start));
        append_packed(bytes_, std::vector<int32_t>(piece.begin(), piece.end()), bits);
    }
}

void ParameterWriter::integers(std::span<const int32_t> numbers) {
    if (numbers.empty()) return;
    const auto [least, greatest] = std::minmax_element(numbers.begin(), numbers.end());
    const int64_t range = int64_t{*greatest} - *least;
    int bits = 0;
    int64_t base = *least;
    if (range > 0) {
        bits = 2;
        while ((int64_t{1} << bits) - 1 < range) ++bits;
        base += int64_t{1} << (bits - 1);  // so that the differences are signed ones
    }
    // 32-bit differences would need a base beyond int32 for some ranges; taken modulo 2^32 they do not.
    const auto wrapped_base = static_cast<uint32_t>(base);
    std::vector<int32_t> differences(numbers.size());
    std::transform(numbers.begin(), numbers.end(), differences.begin(), [wrapped_base](int32_t number) {
        return static_cast<int32_t>(static_cast<uint32_t>(number) - wrapped_base);
    });
    bytes_.push_back(static_cast<uint8_t>(bits));
    append_raw(bytes_, std::span<const uint32_t>(&wrapped_base, 1));
    if (bits > 0) append_packed(bytes_, differences, bits);
}

void ParameterWriter::halves(std::span<const float> numbers, int exponent) {
    std::vector<int32_t> codes(numbers.size());
    std::transform(numbers.begin(), numbers.end(), codes.begin(), [exponent](float number) {
        return half_code(static_cast<float>(std::ldexp(static_cast<double>(number), -exponent)));
    });
    integers(codes);
}

void ParameterWriter::floats(std::span<const float> numbers) {
    append_raw(bytes_, numbers);
}

ParameterReader::ParameterReader(std::span<const uint8_t> bytes, const std::string& file_name)
    : reader_(bytes, file_name), file_name_(file_name), budget_(bytes.size() * 64 + (1 << 16)) {}

void ParameterReader::charge(uint64_t count) {
    if (count > budget_) fail_bad_input(file_name_ + ": damaged: more numbers stated than the file can hold");
    budget_ -= count;
}

std::vector<int8_t> ParameterReader::weights(uint64_t count, int bits) {
    charge(count);
    const auto packed = reader_.take(packed_size_bytes(count, bits));
    std::vector<int8_t> numbers(count);
    unpack_signed(packed, numbers, bits);
    return numbers;
}

std::vector<int32_t> ParameterReader::integers(uint64_t count) {
    if (count == 0) return {};
    charge(count);
    const int bits = reader_.read<uint8_t>();
    const auto base = reader_.read<uint32_t>();
    if (bits == 0) return std::vector<int32_t>(count, static_cast<int32_t>(base));
    if (bits < 2 || bits > 32)
        fail_bad_input(file_name_ + ": damaged: numbers of " + std::to_string(bits) + " bits");
    auto numbers = unpack_signed(reader_.take(packed_size_bytes(count, bits)), count, bits);
    for (int32_t& number : numbers) number = static_cast<int32_t>(static_cast<uint32_t>(number) + base);
    return numbers;
}

std::vector<uint8_t> ParameterReader::levels(uint64_t count) {
    std::vector<uint8_t> levels;
    for (const int32_t number : integers(count)) {
        if (number < 0 || number > 255) fail_bad_input(file_name_ + ": damaged: a level is not in 0..255");
        levels.push_back(static_cast<uint8_t>(number));
    }
    return levels;
}

std::vector<float> ParameterReader::halves(uint64_t count, int exponent) {
    std::vector<float> numbers;
    for (const int32_t code : integers(count)) {
        const bool is_code = code >= -0x8000 && code <= 0x7fff;
        const double number =
            is_code ? std::ldexp(static_cast<double>(from_half_code(code)), exponent) : HUGE_VAL;
        if (!(std::fabs(number) <= std::numeric_limits<float>::max())) {
            fail_bad_input(file_name_ + ": damaged: a number is not a finite binary16 number");
        }
        numbers.push_back(static_cast<float>(number));
    }
    return numbers;
}

std::vector<float> ParameterReader::floats(uint64_t count) {
    charge(count);
    const auto raw = reader_.take(count * sizeof(float));
    std::vector<float> numbers(count);
    std::copy(raw.begin(), raw.end(), reinterpret_cast<uint8_t*>(numbers.data()));
    return numbers;
}

}  // namespace quantface::qfm
