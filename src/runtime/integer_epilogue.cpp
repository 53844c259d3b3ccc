#include "runtime/integer_epilogue.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "numerics/quantization.h"

namespace quantface {

namespace {

constexpr double kLargestLevel = 255;
// Well below 2^31, so that no rounding on the way matters.
constexpr double kSafelyInInt32 = 1 << 30;

// A copy that vector code may read past the end of.
template <typename T>
std::vector<T> with_slack(const std::vector<T>& entries) {
    std::vector<T> copy = entries;
    copy.resize(entries.size() + kChannelSlack);
    return copy;
}

EpilogueActivation activation_of(const Epilogue& epilogue) {
    switch (epilogue.activation) {
        case Activation::kNone:
            return EpilogueActivation::kNone;
        case Activation::kPRelu:
            return EpilogueActivation::kPRelu;
        case Activation::kClip:
            return EpilogueActivation::kClip;
    }
    check_failed("a known activation", __FILE__, __LINE__);
}

}  // namespace

BoundEpilogue::BoundEpilogue(const IntegerModel& model, const std::vector<int64_t>& offsets,
                             const Epilogue& epilogue)
    : slope_(with_slack(epilogue.slope)) {
    QF_CHECK(epilogue.outputs.size() == 1 || epilogue.outputs.size() == 2);
    params_.channels = model.values[epilogue.outputs[0].value].shape.channels;
    params_.activation = activation_of(epilogue);
    params_.activation_after_residual = epilogue.activation_after_residual;
    params_.slope = slope_.data();
    params_.clip_low = epilogue.clip_low;
    params_.clip_high = epilogue.clip_high;
    if (epilogue.residual != kNoValue) {
        params_.has_residual = true;
        params_.residual_zero_point = model.values[epilogue.residual].quant.zero_point;
        params_.residual_multiplier = epilogue.residual_multiplier;
        residual_ = ValuePlace(model, offsets, epilogue.residual);
    }
    params_.output_count = static_cast<int>(epilogue.outputs.size());
    for (size_t index = 0; index < epilogue.outputs.size(); ++index) {
        const IntegerOutput& from = epilogue.outputs[index];
        const IntegerValue& value = model.values[from.value];
        EpilogueOutput& output = params_.outputs[index];
        output.is_float = value.is_float;
        output.zero_point = value.quant.zero_point;
        output.max_level = value.quant.max_level();
        if (!from.scale.empty()) {
            scale_[index] = with_slack(from.scale);
            shift_[index] = with_slack(from.shift);
            output.scale = scale_[index].data();
            output.shift = shift_[index].data();
        }
        outputs_[index] = ValuePlace(model, offsets, from.value);
    }
    drop_idle_clip();
}

void BoundEpilogue::drop_idle_clip() {
    if (params_.activation != EpilogueActivation::kClip) return;
    // What comes behind it must be the clamp and nothing else.
    if (params_.has_residual && !params_.activation_after_residual) return;
    for (int index = 0; index < params_.output_count; ++index) {
        const EpilogueOutput& output = params_.outputs[index];
        if (output.is_float || output.scale) return;
        if (round_half_to_even(params_.clip_low) > static_cast<float>(-output.zero_point)) return;
        if (round_half_to_even(params_.clip_high) < static_cast<float>(output.max_level - output.zero_point))
            return;
    }
    params_.activation = EpilogueActivation::kNone;
}

double BoundEpilogue::largest_number(double bound) const {
    const auto magnitude = [](float number) { return std::fabs(static_cast<double>(number)); };
    if (params_.activation == EpilogueActivation::kPRelu) {
        double largest = 1;
        for (const float slope : slope_) largest = std::max(largest, magnitude(slope));
        bound *= largest;
    }
    if (params_.has_residual) bound += kLargestLevel * magnitude(params_.residual_multiplier);
    double largest = bound;
    for (int index = 0; index < params_.output_count; ++index) {
        for (size_t channel = 0; channel < scale_[index].size(); ++channel) {
            largest = std::max(largest,
                               bound * magnitude(scale_[index][channel]) + magnitude(shift_[index][channel]));
        }
    }
    return largest;
}

void BoundEpilogue::set_accumulator_scale(const IntegerConv& conv, int32_t max_level) {
    std::vector<int32_t> bias;
    std::vector<float> addend;
    const size_t taps = conv.weight.size() / conv.bias.size();
    double bound = 0;
    for (size_t channel = 0; channel < conv.bias.size(); ++channel) {
        int64_t magnitudes = 0;
        for (size_t tap = 0; tap < taps; ++tap) {
            magnitudes += std::abs(conv.weight[channel * taps + tap] + conv.weight_offset(channel));
        }
        const auto sum =
            static_cast<double>(magnitudes * max_level + std::abs(int64_t{conv.whole_bias(channel)}) + 1);
        bound = std::max(bound, sum * std::fabs(static_cast<double>(conv.multiplier[channel])));
        bias.push_back(conv.whole_bias(channel));
        addend.push_back(conv.part_of_bias(channel));
    }
    bias_ = with_slack(bias);
    multiplier_ = with_slack(conv.multiplier);
    addend_ = with_slack(addend);
    params_.addend = conv.bias_fraction_bits > 0 ? addend_.data() : nullptr;
    params_.bias = bias_.data();
    params_.fits_int32 = largest_number(bound) < kSafelyInInt32;
    params_.multiplier = multiplier_.data();
}

EpilogueData BoundEpilogue::data(const RunMemory& memory) const {
    EpilogueData data;
    if (params_.has_residual) data.residual = residual_.levels(memory);
    for (int index = 0; index < params_.output_count; ++index) {
        data.outputs[index] = outputs_[index].writable(memory);
    }
    return data;
}

}  // namespace quantface
