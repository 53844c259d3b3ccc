#include "quantize/integer_scale.h"

#include <algorithm>
#include <cmath>

#include "graph/integer_model.h"
#include "numerics/half.h"

namespace quantface {

namespace {

int bias_fraction_bits(double largest_multiplier) {
    constexpr double kPartOfLevel = 1.0 / 64;
    int bits = 0;
    while (bits < kMaxBiasFractionBits && std::ldexp(largest_multiplier, -bits) > kPartOfLevel) ++bits;
    return bits;
}

}  // namespace

bool StoredMultipliers::too_coarse(size_t channel, double wanted) const {
    constexpr double kWorthKeeping = 0.99;
    return wanted / static_cast<double>(multiplier[channel]) < kWorthKeeping;
}

StoredMultipliers store_multipliers(const std::vector<double>& wanted, const std::vector<double>& bias) {
    constexpr double kSmallestPartOfBias = 0x1.0p-22;
    constexpr double kSmallest = 0x1.0p-14;  // below it binary16 loses precision
    std::vector<double> usable(wanted.size());
    for (size_t i = 0; i < wanted.size(); ++i)
        usable[i] = std::max(wanted[i], std::fabs(bias[i]) * kSmallestPartOfBias);
    StoredMultipliers stored;
    // The largest lies in [0.5, 1): binary16 has its full precision there.
    std::frexp(*std::max_element(usable.begin(), usable.end()), &stored.exponent);
    for (const double number : usable) {
        const auto scaled = static_cast<float>(std::max(std::ldexp(number, -stored.exponent), kSmallest));
        stored.multiplier.push_back(std::ldexp(round_to_half(scaled), stored.exponent));
    }
    return stored;
}

StoredBiases store_biases(const std::vector<double>& wanted, const StoredMultipliers& multipliers) {
    constexpr double kLimit = 1 << 30;
    double largest = 0;
    for (const double bias : wanted) largest = std::max(largest, std::fabs(bias));
    StoredBiases stored;
    int& bits = stored.fraction_bits;
    bits =
        bias_fraction_bits(*std::max_element(multipliers.multiplier.begin(), multipliers.multiplier.end()));
    while (bits > 0 && std::ldexp(largest, bits) > kLimit) --bits;
    for (const double bias : wanted) {
        const double scaled = std::clamp(std::ldexp(bias, bits), -kLimit, kLimit);
        stored.bias.push_back(static_cast<int32_t>(std::nearbyint(scaled)));
    }
    return stored;
}

}  // namespace quantface
