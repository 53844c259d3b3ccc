// The "parameters" section of a .qfm: the model's numbers as one stream without names or offsets; their
// counts follow from the structure. For each node in order:
//
//   Conv         weights, their zero points (integers) if asymmetric, multipliers (halves), bias (integers),
//                padding levels (integers), epilogue
//   Affine       multiplier, shift (floats), epilogue
//   Lut          table (integers)
//   Concat       multiplier (floats)
//   Add, Mul, AveragePool   epilogue
//   epilogue     slopes (halves) if PReLU; then for each affine output scale, shift (floats)
//
// weights    two's complement at weight_bits each (numerics/bit_packing.h), padded to a whole byte;
// asymmetric
//            ones less 2^(weight_bits - 1), as graph/integer_model.h has them
// integers   bits u8 (0, or 2..32), base i32, then number - base at `bits` each, padded to a whole byte; 0
// bits:
//            all numbers are the base
// halves     the binary16 codes as integers, in an order that keeps near numbers near: sign + magnitude code
// floats     float32 as they are
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/byte_reader.h"

namespace quantface::qfm {

class ParameterWriter {
  public:
    void weights(std::span<const int8_t> numbers, int bits);
    void integers(std::span<const int32_t> numbers);
    // Each number is binary16 * 2^exponent exactly.
    void halves(std::span<const float> numbers, int exponent);
    void floats(std::span<const float> numbers);

    const std::vector<uint8_t>& bytes() const { return bytes_; }

  private:
    std::vector<uint8_t> bytes_;
};

// Throws Error(kBadInput) where the stream ends too early, makes no sense or unpacks to memory out of
// proportion.
class ParameterReader {
  public:
    ParameterReader(std::span<const uint8_t> bytes, const std::string& file_name);

    std::vector<int8_t> weights(uint64_t count, int bits);
    std::vector<int32_t> integers(uint64_t count);
    // integers, each 0..255
    std::vector<uint8_t> levels(uint64_t count);
    std::vector<float> halves(uint64_t count, int exponent);
    std::vector<float> floats(uint64_t count);

    size_t remaining() const { return reader_.remaining(); }

  private:
    // Numbers of 0 bits cost the file nothing, so their count needs a bound of its own.
    void charge(uint64_t count);

    ByteReader reader_;
    std::string file_name_;
    uint64_t budget_;  // numbers that may still be unpacked
};

}  // namespace quantface::qfm
