#include "test_conv.h"

#include <cmath>

#include "numerics/quantization.h"

namespace quantface {

ConvGeometry with_output(ConvGeometry geometry, int bottom, int right) {
    const int height = geometry.in_height + geometry.padding_top + bottom;
    const int width = geometry.in_width + geometry.padding_left + right;
    geometry.out_height =
        (height - (geometry.kernel_height - 1) * geometry.dilation_y - 1) / geometry.stride_y + 1;
    geometry.out_width =
        (width - (geometry.kernel_width - 1) * geometry.dilation_x - 1) / geometry.stride_x + 1;
    return geometry;
}

std::string describe(const ConvGeometry& geometry) {
    const auto pair = [](int a, int b) { return std::to_string(a) + "x" + std::to_string(b); };
    return std::to_string(geometry.in_channels) + " to " + std::to_string(geometry.out_channels) +
           " channels, groups " + std::to_string(geometry.groups) + ", in " +
           pair(geometry.in_height, geometry.in_width) + ", out " +
           pair(geometry.out_height, geometry.out_width) + ", kernel " +
           pair(geometry.kernel_height, geometry.kernel_width) + ", stride " +
           pair(geometry.stride_y, geometry.stride_x) + ", dilation " +
           pair(geometry.dilation_y, geometry.dilation_x) + ", padding " +
           pair(geometry.padding_top, geometry.padding_left);
}

TestConv::TestConv(const TestConvOptions& options, Rng& rng) : geometry(options.geometry) {
    const int max_level = (1 << options.activation_bits) - 1;
    const int limit = weight_limit(options.weight_bits);
    input.resize(static_cast<size_t>(geometry.in_height) * geometry.in_width * geometry.in_channels);
    const auto random_level = [&] {
        switch (options.filling) {
            case Filling::kLargest:
                return static_cast<uint8_t>(max_level);
            case Filling::kMixed:
                return static_cast<uint8_t>(rng.chance(0.5) ? max_level : 0);
            default:
                return static_cast<uint8_t>(rng.below(static_cast<uint64_t>(max_level) + 1));
        }
    };
    for (uint8_t& level : input) level = random_level();
    padding_level.resize(static_cast<size_t>(geometry.in_channels));
    for (uint8_t& level : padding_level) level = random_level();
    weight.resize(static_cast<size_t>(geometry.out_channels * geometry.depth()));
    for (int8_t& number : weight) {
        switch (options.filling) {
            case Filling::kLargest:
                number = static_cast<int8_t>(limit);
                break;
            case Filling::kMixed:
                number = static_cast<int8_t>(rng.chance(0.5) ? limit : -limit);
                break;
            default:
                number = static_cast<int8_t>(
                    static_cast<int>(rng.below(2 * static_cast<uint64_t>(limit) + 1)) - limit);
        }
    }
    if (options.offsets != Offsets::kNone) set_offsets(options.offsets, rng);
    epilogue =
        std::make_unique<TestEpilogue>(options.epilogue, geometry.out_channels, geometry.out_pixels(), rng);
    // Sums spread over the output's levels.
    const double spread = std::sqrt(static_cast<double>(geometry.depth())) * limit * max_level / 3 + 1;
    const double wanted = (1 << options.epilogue.bits) / 2.0;
    for (int channel = 0; channel < geometry.out_channels; ++channel) {
        epilogue->multiplier[channel] = static_cast<float>(wanted / spread * rng.uniform(0.3, 1.5));
    }
}

// Asymmetric weights use every level, the least one too.
void TestConv::set_offsets(Offsets offsets, Rng& rng) {
    for (int8_t& number : weight) {
        if (number == -127 && rng.chance(0.5)) number = -128;
    }
    weight_offset.resize(static_cast<size_t>(geometry.out_channels) + kChannelSlack);
    for (int channel = 0; channel < geometry.out_channels; ++channel) {
        const int extreme = channel % 2 == 0 ? 128 : -127;
        weight_offset[static_cast<size_t>(channel)] =
            offsets == Offsets::kExtremes ? extreme : static_cast<int32_t>(rng.below(256)) - 127;
    }
}

void TestConv::bind(PackedConv& packed, size_t scratch_bytes) {
    constexpr size_t kAlignment = 64;
    packed.scratch_.assign(scratch_bytes + kAlignment, std::byte{0x5a});
    const size_t misaligned = reinterpret_cast<uintptr_t>(packed.scratch_.data()) % kAlignment;
    data = epilogue->data();
    packed.arguments_.geometry = &geometry;
    packed.arguments_.input = input.data();
    packed.arguments_.weight = packed.weight_.data();
    packed.arguments_.weight_offset = weight_offset.empty() ? nullptr : weight_offset.data();
    packed.arguments_.padding_level = padding_level.data();
    packed.arguments_.epilogue = &epilogue->params;
    packed.arguments_.data = data;
    packed.arguments_.scratch = packed.scratch_.data() + (kAlignment - misaligned);
}

PackedConv TestConv::pack(const ConvKernel& kernel) {
    PackedConv packed;
    packed.weight_ = kernel.pack(geometry, weight.data());
    packed.run_ = kernel.run;
    bind(packed, kernel.scratch_bytes(geometry));
    return packed;
}

PackedConv TestConv::pack(const DepthwiseKernel& kernel) {
    PackedConv packed;
    packed.weight_ = kernel.pack(weight.data(), geometry.out_channels, geometry.taps());
    packed.run_ = [&kernel](const ConvArguments& arguments) { convolve_depthwise(arguments, kernel); };
    bind(packed, depthwise_scratch_bytes(geometry, kernel));
    return packed;
}

}  // namespace quantface
