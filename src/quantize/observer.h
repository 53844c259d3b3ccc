// Observers: from the numbers that a value takes on calibration images to the range that its levels cover.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "numerics/quantization.h"

namespace quantface {

enum class ObserverKind {
    kMinMax,         // smallest and largest number seen
    kMovingAverage,  // means over the images of each image's smallest and largest number
    kPercentile,     // 0.01 % cut off at either end
    kMse,            // the range whose quantization has the least squared error
};

const char* observer_name(ObserverKind kind);  // "minmax", "moving-average", "percentile", "mse"
std::optional<ObserverKind> observer_from_name(const std::string& name);
std::span<const ObserverKind> all_observers();

struct Range {
    float low = 0, high = 0;
};

// images: one span of numbers for each image, none empty, all finite. bits matter to kMse only.
Range observe(ObserverKind kind, std::span<const std::span<const float>> images, int bits);

// The levels that cover the range, which is first widened to hold zero (padding and the absence of a feature
// must be exact) and by `margin` about zero. A range of no extent gives scale 1.
QuantParams params_for_range(Range range, int bits, double margin = 1.0);

}  // namespace quantface
