#include "formats/onnx_export_ranges.h"

#include <algorithm>
#include <cmath>

namespace quantface {

namespace {

struct Range {
    double low = 0, high = 0;
};

Range level_range(const QuantParams& quant) {
    const auto scale = static_cast<double>(quant.scale);
    return {-quant.zero_point * scale, (quant.max_level() - quant.zero_point) * scale};
}

double middle_of(std::vector<double> numbers) {
    const auto middle = numbers.begin() + static_cast<int64_t>(numbers.size() / 2);
    std::nth_element(numbers.begin(), middle, numbers.end());
    return *middle;
}

// Real numbers of r that an output's levels stand for. With scale and shift that differs by channel; the
// middle one is taken, as a channel that is scaled down never fills its range.
std::optional<Range> range_of_output(const IntegerModel& model, const IntegerOutput& output, double unit) {
    const IntegerValue& value = model.values[output.value];
    if (value.is_float) return std::nullopt;
    const Range range = level_range(value.quant);
    if (output.scale.empty()) return range;
    const auto step = static_cast<double>(value.quant.scale);
    std::vector<double> lows, highs;
    for (size_t channel = 0; channel < output.scale.size(); ++channel) {
        const double scale = static_cast<double>(output.scale[channel]) * step / unit;
        if (scale == 0) continue;
        const double shift = static_cast<double>(output.shift[channel]) * step;
        const double a = (range.low - shift) / scale, b = (range.high - shift) / scale;
        lows.push_back(std::min(a, b));
        highs.push_back(std::max(a, b));
    }
    if (lows.empty()) return std::nullopt;
    return Range{middle_of(std::move(lows)), middle_of(std::move(highs))};
}

std::optional<Range> range_of_outputs(const IntegerModel& model, const Epilogue& epilogue, double unit) {
    for (const IntegerOutput& output : epilogue.outputs) {
        if (output.scale.empty()) return range_of_output(model, output, unit);
    }
    return range_of_output(model, epilogue.outputs[0], unit);
}

// What a PReLU maps into the range. Negative numbers of a channel with a small slope may be far away without
// leaving it, but whoever filled the range was more likely a channel with a large slope: the third with the
// largest ones is covered, and as all share 255 levels the others are cut. What is cut costs the more the
// fewer levels there are behind. (Shares and factors were tried on three MobileFaceNets at 8 bits, one at 6
// and 4.)
Range before_prelu(const Range& after, const std::vector<float>& slopes, int bits) {
    std::vector<double> lows;
    for (const float number : slopes) {
        const auto slope = static_cast<double>(number);
        if (slope != 0) lows.push_back(slope > 0 ? after.low / slope : after.high / slope);
    }
    if (lows.empty()) return {0, after.high};
    const auto covered = lows.begin() + static_cast<int64_t>(lows.size() * 2 / 3);
    std::nth_element(lows.begin(), covered, lows.end());
    constexpr double kFurthest = 4;
    const double widened = *covered * (1 + 0.2 * (kMaxBits - bits));
    return {std::max(widened, -kFurthest * std::max(after.high, -after.low)), after.high};
}

// All numbers that the residual may bring back into the range.
Range before_residual(const Range& after, const OnnxExportContext& context, const Epilogue& epilogue,
                      double unit) {
    const QuantParams& quant = context.quant(epilogue.residual);
    const double factor = static_cast<double>(epilogue.residual_multiplier) * unit;
    const double a = -quant.zero_point * factor, b = (quant.max_level() - quant.zero_point) * factor;
    return {after.low - std::max(a, b), after.high - std::min(a, b)};
}

Range before_clip(const Range& after, const Epilogue& epilogue, double unit) {
    return {std::max(after.low, static_cast<double>(epilogue.clip_low) * unit),
            std::min(after.high, static_cast<double>(epilogue.clip_high) * unit)};
}

QuantParams to_levels(const Range& range) {
    const double low = std::min(range.low, 0.0), high = std::max(range.high, 0.0);
    QuantParams params;
    params.scale = static_cast<float>((high - low) / params.max_level());
    if (!(params.scale > 0) || !std::isfinite(params.scale)) return QuantParams{};
    const double zero = std::nearbyint(-low / static_cast<double>(params.scale));
    params.zero_point = static_cast<int32_t>(std::clamp(zero, 0.0, 255.0));
    return params;
}

}  // namespace

std::vector<EpilogueStep> epilogue_steps(const Epilogue& epilogue) {
    std::vector<EpilogueStep> steps;
    const bool active = epilogue.activation != Activation::kNone;
    if (active && !epilogue.activation_after_residual) steps.push_back(EpilogueStep::kActivation);
    if (epilogue.residual != kNoValue) steps.push_back(EpilogueStep::kResidual);
    if (active && epilogue.activation_after_residual) steps.push_back(EpilogueStep::kActivation);
    return steps;
}

std::optional<QuantParams> guess_levels(const OnnxExportContext& context, const Epilogue& epilogue,
                                        size_t step) {
    const double unit = context.unit(epilogue);
    std::optional<Range> range = range_of_outputs(context.model, epilogue, unit);
    if (!range) return std::nullopt;
    const int bits = context.model.values[epilogue.outputs[0].value].quant.bits;
    const std::vector<EpilogueStep> steps = epilogue_steps(epilogue);
    for (size_t index = steps.size(); index-- > step;) {
        if (steps[index] == EpilogueStep::kResidual) {
            *range = before_residual(*range, context, epilogue, unit);
            continue;
        }
        *range = epilogue.activation == Activation::kPRelu ? before_prelu(*range, epilogue.slope, bits)
                                                           : before_clip(*range, epilogue, unit);
    }
    return to_levels(*range);
}

}  // namespace quantface
