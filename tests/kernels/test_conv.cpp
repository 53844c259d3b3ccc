#include "test_conv.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

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
    int32_t largest_weight = 0;
    for (const int8_t number : weight) largest_weight = std::max(largest_weight, std::abs(int32_t{number}));
    largest_product_ = largest_weight * max_level;
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
    packed.scratch_ = AlignedBytes(scratch_bytes);
    std::fill(packed.scratch_.data(), packed.scratch_.data() + scratch_bytes, std::byte{0x5a});
    data = epilogue->data();
    packed.arguments_.geometry = &geometry;
    packed.arguments_.input = input.data();
    packed.arguments_.weight = reinterpret_cast<const int8_t*>(packed.weight_.data());
    packed.arguments_.weight_offset = weight_offset.empty() ? nullptr : weight_offset.data();
    packed.arguments_.padding_level = padding_level.data();
    packed.arguments_.padding_sums = packed.padding_sums_.empty() ? nullptr : packed.padding_sums_.data();
    packed.arguments_.largest_product = largest_product_;
    packed.arguments_.epilogue = &epilogue->params;
    packed.arguments_.data = data;
    packed.arguments_.scratch = packed.scratch_.data();
    packed.parts_ = parts();
}

// By pixels and, where that may be, by channels.
std::vector<ConvPart> TestConv::parts() const {
    std::vector<ConvPart> parts;
    const int64_t pixels = geometry.out_pixels();
    const int divisions = static_cast<int>(std::min<int64_t>(part_count_, pixels));
    const bool by_channels = part_count_ > 1 && (geometry.groups == 1 || geometry.is_depthwise());
    const int channels = by_channels ? kMaxGemmColumns : geometry.out_channels;
    for (int part = 0; part < divisions; ++part) {
        for (int first = 0; first < geometry.out_channels; first += channels) {
            parts.push_back({pixels * part / divisions, pixels * (part + 1) / divisions, first,
                             std::min(first + channels, geometry.out_channels)});
        }
    }
    return parts;
}

bool TestConv::fits(const ConvKernel& kernel) const {
    return !kernel.gemm || largest_product_ <= kernel.gemm->largest_product;
}

bool TestConv::fits(const DepthwiseKernel& kernel) const {
    return takes(kernel, geometry, largest_product_, !weight_offset.empty());
}

PackedConv TestConv::pack(const ConvKernel& kernel) {
    PackedConv packed;
    packed.weight_ = pack_conv(kernel, geometry, weight.data());
    packed.conv_ = &kernel;
    packed.padding_sums_ = conv_padding_sums(kernel, geometry, weight.data(), padding_level.data());
    bind(packed, conv_scratch_bytes(kernel, geometry));
    return packed;
}

PackedConv TestConv::pack(const DepthwiseKernel& kernel) {
    PackedConv packed;
    packed.weight_ = kernel.pack(geometry, weight.data());
    packed.depthwise_ = &kernel;
    bind(packed, depthwise_scratch_bytes(geometry));
    return packed;
}

void PackedConv::run() const {
    for (const ConvPart& part : parts_) {
        if (conv_) {
            run_conv(*conv_, arguments_, part);
        } else {
            run_depthwise(*depthwise_, arguments_, part);
        }
    }
}

}  // namespace quantface
