// Quantiles of a value's numbers without knowing their range beforehand: bins as wide as a 64th of an octave.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quantface {

// Magnitudes from 2^-20 to 2^20 are told apart by less than 1.6 %; those below count as 0, those above as
// 2^20. 41 kB. Counts are whole numbers: histograms merged in any order give the same.
class ActivationHistogram {
  public:
    // Finite numbers.
    void add(std::span<const float> numbers) {
        if (counts_.empty()) counts_.resize(kBins, 0);
        int64_t* counts = counts_.data();
        for (const float number : numbers) ++counts[bin_of(number)];
    }
    void merge(const ActivationHistogram& other);

    int64_t count() const;
    // fraction in [0, 1]; linear within a bin. 0 where there is no number.
    float quantile(double fraction) const;

  private:
    static constexpr int kMantissaBits = 6, kOctaves = 40, kLowestExponent = -20;
    static constexpr int kSideBins = kOctaves << kMantissaBits;
    static constexpr int kBins = 2 * kSideBins + 1;  // negative, from large to small; 0; positive

    static size_t bin_of(float number) {
        const auto bits = std::bit_cast<uint32_t>(number);
        // Exponent and the first bits of the mantissa: the logarithm's whole part and, nearly, its fraction.
        const auto magnitude = static_cast<int>((bits & 0x7fffffff) >> (23 - kMantissaBits));
        int bin = magnitude - ((127 + kLowestExponent) << kMantissaBits) + 1;
        bin = bin < 0 ? 0 : bin > kSideBins ? kSideBins : bin;
        return static_cast<size_t>(bits >> 31 ? kSideBins - bin : kSideBins + bin);
    }
    static float lower_edge(int bin);

    std::vector<int64_t> counts_;  // empty until the first number comes
};

}  // namespace quantface
