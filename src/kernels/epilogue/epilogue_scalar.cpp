// The specification of the epilogue.
#include <algorithm>

#include "kernels/epilogue/epilogue.h"
#include "numerics/quantization.h"

namespace quantface {

namespace {

float activate(const EpilogueParams& params, int channel, float r) {
    switch (params.activation) {
        case EpilogueActivation::kNone:
            break;
        case EpilogueActivation::kPRelu:
            return r < 0 ? r * params.slope[channel] : r;
        case EpilogueActivation::kClip:
            return std::min(std::max(r, params.clip_low), params.clip_high);
    }
    return r;
}

void finish(const EpilogueParams& params, const EpilogueData& data, int64_t pixel, int channel, float r) {
    const int64_t at = pixel * params.channels + channel;
    if (!params.activation_after_residual) r = activate(params, channel, r);
    if (params.has_residual) {
        const int32_t offset = data.residual[at] - params.residual_zero_point;
        r = r + static_cast<float>(offset) * params.residual_multiplier;
    }
    if (params.activation_after_residual) r = activate(params, channel, r);
    for (int index = 0; index < params.output_count; ++index) {
        const EpilogueOutput& output = params.outputs[index];
        const float number = output.scale ? r * output.scale[channel] + output.shift[channel] : r;
        if (output.is_float) {
            static_cast<float*>(data.outputs[index])[at] = number;
        } else {
            static_cast<uint8_t*>(data.outputs[index])[at] =
                quantize_level(number, output.zero_point, output.max_level);
        }
    }
}

}  // namespace

void epilogue_from_accumulators_scalar(const EpilogueParams& params, const EpilogueData& data,
                                       const EpilogueBlock& block, const int32_t* accumulators) {
    for (int row = 0; row < block.pixels; ++row) {
        for (int column = 0; column < block.channels; ++column) {
            const int channel = block.first_channel + column;
            const int32_t sum = accumulators[row * block.row_stride + column] + params.bias[channel];
            float r = static_cast<float>(sum) * params.multiplier[channel];
            if (params.addend) r = r + params.addend[channel];
            finish(params, data, block.first_pixel + row, channel, r);
        }
    }
}

void epilogue_from_numbers_scalar(const EpilogueParams& params, const EpilogueData& data,
                                  const EpilogueBlock& block, const float* numbers) {
    for (int row = 0; row < block.pixels; ++row) {
        for (int column = 0; column < block.channels; ++column) {
            finish(params, data, block.first_pixel + row, block.first_channel + column,
                   numbers[row * block.row_stride + column]);
        }
    }
}

}  // namespace quantface
