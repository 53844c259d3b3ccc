#include "quantize/observer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"

namespace quantface {

namespace {

struct KindName {
    ObserverKind kind;
    const char* name;
};
constexpr std::array kNames{
    KindName{ObserverKind::kMinMax, "minmax"},
    KindName{ObserverKind::kMovingAverage, "moving-average"},
    KindName{ObserverKind::kPercentile, "percentile"},
    KindName{ObserverKind::kMse, "mse"},
};
constexpr std::array kKinds{ObserverKind::kMinMax, ObserverKind::kMovingAverage, ObserverKind::kPercentile,
                            ObserverKind::kMse};

Range extent(std::span<const float> numbers) {
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    return {*low, *high};
}

Range min_max(std::span<const std::span<const float>> images) {
    Range all = extent(images[0]);
    for (const auto& image : images) {
        const Range range = extent(image);
        all = {std::min(all.low, range.low), std::max(all.high, range.high)};
    }
    return all;
}

Range moving_average(std::span<const std::span<const float>> images) {
    double low = 0, high = 0;
    for (const auto& image : images) {
        const Range range = extent(image);
        low += range.low;
        high += range.high;
    }
    const auto count = static_cast<double>(images.size());
    return {static_cast<float>(low / count), static_cast<float>(high / count)};
}

// At most about 2^18 of the numbers, evenly spread.
std::vector<float> sample(std::span<const std::span<const float>> images) {
    constexpr size_t kWanted = size_t{1} << 18;
    size_t total = 0;
    for (const auto& image : images) total += image.size();
    // An odd step does not fall in line with rows of even length.
    const size_t step = std::max<size_t>(1, total / kWanted) | 1;
    std::vector<float> numbers;
    size_t offset = 0;
    for (const auto& image : images) {
        size_t index = offset;
        for (; index < image.size(); index += step) numbers.push_back(image[index]);
        offset = index - image.size();
    }
    return numbers;
}

Range percentile(std::span<const std::span<const float>> images) {
    constexpr double kCut = 1e-4;
    std::vector<float> numbers = sample(images);
    const auto cut = static_cast<size_t>(static_cast<double>(numbers.size()) * kCut);
    std::nth_element(numbers.begin(), numbers.begin() + cut, numbers.end());
    const float low = numbers[cut];
    const size_t top = numbers.size() - 1 - cut;
    std::nth_element(numbers.begin(), numbers.begin() + top, numbers.end());
    return {low, numbers[top]};
}

double squared_error(std::span<const float> numbers, const QuantParams& params) {
    const float inverse = 1.0f / params.scale;
    const auto low = static_cast<float>(-params.zero_point);
    const auto high = static_cast<float>(params.max_level() - params.zero_point);
    double total = 0;
    for (const float number : numbers) {
        const float level = round_half_to_even(std::min(std::max(number * inverse, low), high));
        const float error = number - level * params.scale;
        total += static_cast<double>(error) * error;
    }
    return total;
}

// Shrinks both ends together, then each by itself, keeping what lowers the error.
Range least_squares(std::span<const std::span<const float>> images, int bits) {
    const Range full = min_max(images);
    std::vector<float> numbers = sample(images);
    if (numbers.size() > 32768) {
        std::vector<float> fewer;
        for (size_t index = 0; index < numbers.size(); index += numbers.size() / 32768)
            fewer.push_back(numbers[index]);
        numbers = std::move(fewer);
    }
    double low_part = 1, high_part = 1;
    double best = squared_error(numbers, params_for_range(full, bits));
    const auto attempt = [&](double low, double high) {
        const Range range{static_cast<float>(full.low * low), static_cast<float>(full.high * high)};
        const double error = squared_error(numbers, params_for_range(range, bits));
        if (error < best) {
            best = error;
            low_part = low;
            high_part = high;
        }
    };
    for (double part = 0.98; part > 0.25; part -= 0.02) attempt(part, part);
    for (int round = 0; round < 2; ++round) {
        const double kept_low = low_part, kept_high = high_part;
        for (double part = 0.7; part < 1.35; part += 0.05) attempt(std::min(1.0, kept_low * part), kept_high);
        const double new_low = low_part;
        for (double part = 0.7; part < 1.35; part += 0.05) attempt(new_low, std::min(1.0, kept_high * part));
    }
    return {static_cast<float>(full.low * low_part), static_cast<float>(full.high * high_part)};
}

}  // namespace

const char* observer_name(ObserverKind kind) {
    for (const KindName& row : kNames) {
        if (row.kind == kind) return row.name;
    }
    return "?";
}

std::optional<ObserverKind> observer_from_name(const std::string& name) {
    for (const KindName& row : kNames) {
        if (name == row.name) return row.kind;
    }
    return std::nullopt;
}

std::span<const ObserverKind> all_observers() {
    return kKinds;
}

Range observe(ObserverKind kind, std::span<const std::span<const float>> images, int bits) {
    QF_CHECK(!images.empty());
    switch (kind) {
        case ObserverKind::kMinMax:
            return min_max(images);
        case ObserverKind::kMovingAverage:
            return moving_average(images);
        case ObserverKind::kPercentile:
            return percentile(images);
        case ObserverKind::kMse:
            return least_squares(images, bits);
    }
    QF_CHECK(false);
    return {};
}

QuantParams params_for_range(Range range, int bits, double margin) {
    const double low = std::min(0.0, range.low * margin), high = std::max(0.0, range.high * margin);
    QuantParams params;
    params.bits = bits;
    const auto scale = static_cast<float>((high - low) / params.max_level());
    if (!(scale > 1e-30f) || !std::isfinite(scale)) return params;
    params.scale = scale;
    params.zero_point =
        std::clamp(static_cast<int32_t>(std::nearbyint(-low / scale)), int32_t{0}, params.max_level());
    return params;
}

}  // namespace quantface
