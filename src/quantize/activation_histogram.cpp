#include "quantize/activation_histogram.h"

#include <cmath>
#include <numeric>

#include "base/error.h"

namespace quantface {

void ActivationHistogram::merge(const ActivationHistogram& other) {
    if (other.counts_.empty()) return;
    if (counts_.empty()) counts_.resize(kBins, 0);
    for (size_t bin = 0; bin < counts_.size(); ++bin) counts_[bin] += other.counts_[bin];
}

int64_t ActivationHistogram::count() const {
    return std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
}

// Of a positive bin, counted from 1.
float ActivationHistogram::lower_edge(int bin) {
    const int steps = bin - 1, octave = steps >> kMantissaBits, part = steps & ((1 << kMantissaBits) - 1);
    return std::ldexp(1.0f + static_cast<float>(part) / (1 << kMantissaBits), octave + kLowestExponent);
}

float ActivationHistogram::quantile(double fraction) const {
    QF_CHECK(fraction >= 0 && fraction <= 1);
    const int64_t total = count();
    if (total == 0) return 0;
    const double wanted = fraction * static_cast<double>(total);
    double below = 0;
    int bin = 0;
    while (bin + 1 < kBins && (counts_[bin] == 0 || below + static_cast<double>(counts_[bin]) < wanted)) {
        below += static_cast<double>(counts_[bin++]);
    }
    // fraction 1 with the last bins empty: the last one that holds a number.
    while (bin > 0 && counts_[bin] == 0) below -= static_cast<double>(counts_[--bin]);
    if (bin == kSideBins) return 0;
    const double within = (wanted - below) / static_cast<double>(counts_[bin]);
    const int magnitude = bin < kSideBins ? kSideBins - bin : bin - kSideBins;
    const double near = lower_edge(magnitude), far = lower_edge(magnitude + 1);
    return static_cast<float>(bin < kSideBins ? -(far + within * (near - far))
                                              : near + within * (far - near));
}

}  // namespace quantface
