#include "test_epilogue.h"

#include <bit>
#include <cstring>

#include "exact_math.h"
#include "numerics/half.h"

namespace quantface {

namespace {

constexpr size_t kGuardBytes = 64;

float random_half(Rng& rng, double low, double high) {
    return round_to_half(static_cast<float>(rng.uniform(low, high)));
}

// Slopes of every kind: usual, zero, negative, above one.
float random_slope(Rng& rng) {
    switch (rng.below(4)) {
        case 0:
            return 0;
        case 1:
            return random_half(rng, -1, 0);
        case 2:
            return random_half(rng, 1, 3);
        default:
            return random_half(rng, 0, 1);
    }
}

}  // namespace

std::vector<EpilogueOptions> all_epilogue_options(int bits) {
    std::vector<EpilogueOptions> all;
    for (const auto activation :
         {EpilogueActivation::kNone, EpilogueActivation::kPRelu, EpilogueActivation::kClip}) {
        for (int mask = 0; mask < 32; ++mask) {
            EpilogueOptions options;
            options.activation = activation;
            options.residual = mask & 1;
            options.activation_after_residual = mask & 2;
            options.second_output = mask & 4;
            options.affine_first = mask & 8;
            options.is_float = mask & 16;
            options.bits = bits;
            all.push_back(options);
        }
    }
    return all;
}

std::string describe(const EpilogueOptions& options) {
    std::string text = "activation " + std::to_string(static_cast<int>(options.activation)) + ", " +
                       std::to_string(options.bits) + " bits";
    if (options.residual) text += ", residual";
    if (options.activation_after_residual) text += ", activation last";
    if (options.second_output) text += ", two outputs";
    if (options.affine_first) text += ", affine first";
    if (options.is_float) text += ", float";
    return text;
}

TestEpilogue::TestEpilogue(const EpilogueOptions& options, int channels, int64_t pixels, Rng& rng)
    : size_(channels * pixels) {
    const int max_level = (1 << options.bits) - 1;
    const auto entries = static_cast<size_t>(channels + kChannelSlack);
    bias.resize(entries);
    addend.resize(entries);
    multiplier.resize(entries);
    slope.resize(entries);
    scale.resize(entries);
    shift.resize(entries);
    for (size_t channel = 0; channel < static_cast<size_t>(channels); ++channel) {
        bias[channel] = static_cast<int32_t>(rng.below(2000)) - 1000;
        addend[channel] = static_cast<float>(rng.uniform(0, 0.5));
        multiplier[channel] = random_half(rng, 0.001, 1) * 0.0625f;
        slope[channel] = random_slope(rng);
        scale[channel] = static_cast<float>(rng.uniform(-2, 2));
        shift[channel] = static_cast<float>(rng.uniform(-50, 50));
    }
    residual.resize(static_cast<size_t>(size_));
    for (uint8_t& level : residual) level = static_cast<uint8_t>(rng.below(256));

    params.channels = channels;
    params.bias = bias.data();
    params.multiplier = multiplier.data();
    if (rng.chance(0.5)) params.addend = addend.data();
    params.activation = options.activation;
    params.activation_after_residual = options.activation_after_residual;
    params.slope = slope.data();
    params.clip_low = rng.chance(0.5) ? 0.0f : -3.25f;
    params.clip_high = static_cast<float>(rng.uniform(1, max_level));
    params.has_residual = options.residual;
    params.residual_zero_point = static_cast<int32_t>(rng.below(256));
    params.residual_multiplier = static_cast<float>(rng.uniform(-1, 1));
    params.output_count = options.second_output ? 2 : 1;
    params.fits_int32 = rng.chance(0.5);  // no sum times these multipliers, slopes and scales leaves it
    for (int index = 0; index < params.output_count; ++index) {
        EpilogueOutput& output = params.outputs[index];
        output.is_float = options.is_float && index == params.output_count - 1;
        output.max_level = max_level;
        output.zero_point = static_cast<int32_t>(rng.below(static_cast<uint64_t>(max_level) + 1));
        const bool affine = index == 0 ? options.affine_first : !options.affine_first;
        output.scale = affine ? scale.data() : nullptr;
        output.shift = affine ? shift.data() : nullptr;
    }
}

EpilogueData TestEpilogue::data() {
    EpilogueData data;
    data.residual = residual.data();
    for (int index = 0; index < params.output_count; ++index) {
        const size_t entry = params.outputs[index].is_float ? sizeof(float) : 1;
        outputs_[index].assign(static_cast<size_t>(size_) * entry + kGuardBytes, 0xa5);
        data.outputs[index] = outputs_[index].data();
    }
    return data;
}

uint32_t exact_epilogue(const EpilogueParams& params, const EpilogueData& data, int64_t pixel, int channel,
                        float r, int output) {
    const auto activate = [&](float number) {
        if (params.activation == EpilogueActivation::kPRelu && number < 0) {
            return exact_product(number, params.slope[channel]);
        }
        if (params.activation == EpilogueActivation::kClip) {
            if (number < params.clip_low) return params.clip_low;
            if (number > params.clip_high) return params.clip_high;
        }
        return number;
    };
    if (!params.activation_after_residual) r = activate(r);
    if (params.has_residual) {
        const int level = data.residual[pixel * params.channels + channel];
        r = exact_sum(
            r, exact_product(exact_float(level - params.residual_zero_point), params.residual_multiplier));
    }
    if (params.activation_after_residual) r = activate(r);
    const EpilogueOutput& to = params.outputs[output];
    if (to.scale) r = exact_sum(exact_product(r, to.scale[channel]), to.shift[channel]);
    if (to.is_float) return std::bit_cast<uint32_t>(r);
    return static_cast<uint32_t>(exact_level(r, to.zero_point, to.max_level));
}

uint32_t written_entry(const EpilogueParams& params, const EpilogueData& data, int64_t pixel, int channel,
                       int output) {
    const int64_t at = pixel * params.channels + channel;
    if (!params.outputs[output].is_float) return static_cast<const uint8_t*>(data.outputs[output])[at];
    uint32_t bits;
    std::memcpy(&bits, static_cast<const uint8_t*>(data.outputs[output]) + at * 4, sizeof bits);
    return bits;
}

}  // namespace quantface
