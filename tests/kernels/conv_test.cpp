// The scalar convolution against independent arithmetic, and every row of the tables against the scalar
// convolution.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "exact_math.h"
#include "kernels/kernel_set.h"
#include "test_conv.h"

namespace quantface {
namespace {

// Stride 1, the same padding on all sides.
ConvGeometry geometry_of(int height, int width, int in_channels, int out_channels, int groups,
                         int kernel_height, int kernel_width, int padding) {
    ConvGeometry geometry;
    geometry.in_height = height;
    geometry.in_width = width;
    geometry.in_channels = in_channels;
    geometry.out_channels = out_channels;
    geometry.groups = groups;
    geometry.kernel_height = kernel_height;
    geometry.kernel_width = kernel_width;
    geometry.padding_top = geometry.padding_left = padding;
    return with_output(geometry, padding, padding);
}

// Windows, strides, dilations and paddings at one size; those larger than the padded image left out.
std::vector<ConvGeometry> windows(int height, int width, int in_channels, int out_channels, int groups) {
    struct Case {
        int kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, top, left, bottom, right;
    };
    constexpr Case kCases[] = {
        {1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, {1, 1, 2, 2, 1, 1, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1, 1, 0, 0, 2},
        {1, 1, 1, 2, 1, 1, 0, 0, 0, 0}, {3, 3, 1, 1, 1, 1, 1, 1, 1, 1}, {3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
        {3, 3, 3, 1, 1, 1, 0, 2, 1, 0}, {3, 3, 1, 1, 2, 2, 2, 2, 2, 2}, {3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
        {2, 5, 1, 3, 1, 1, 0, 4, 2, 1}, {7, 6, 1, 1, 1, 1, 0, 0, 0, 0}, {3, 1, 1, 1, 3, 1, 5, 4, 5, 4},
        {3, 3, 1, 2, 2, 1, 2, 1, 2, 1}, {2, 3, 2, 1, 1, 3, 1, 3, 0, 3},
    };
    std::vector<ConvGeometry> geometries;
    for (const Case& window : kCases) {
        if ((window.kernel_height - 1) * window.dilation_y >= height + window.top + window.bottom) continue;
        if ((window.kernel_width - 1) * window.dilation_x >= width + window.left + window.right) continue;
        ConvGeometry geometry;
        geometry.in_height = height;
        geometry.in_width = width;
        geometry.in_channels = in_channels;
        geometry.out_channels = out_channels;
        geometry.groups = groups;
        geometry.kernel_height = window.kernel_height;
        geometry.kernel_width = window.kernel_width;
        geometry.stride_y = window.stride_y;
        geometry.stride_x = window.stride_x;
        geometry.dilation_y = window.dilation_y;
        geometry.dilation_x = window.dilation_x;
        geometry.padding_top = window.top;
        geometry.padding_left = window.left;
        geometries.push_back(with_output(geometry, window.bottom, window.right));
    }
    return geometries;
}

constexpr int kImages[][2] = {{1, 1}, {2, 3}, {7, 6}, {13, 9}};
constexpr int kChannels[] = {1, 3, 5, 17, 31, 64, 100};

std::vector<ConvGeometry> dense_geometries() {
    std::vector<ConvGeometry> all;
    for (const auto& image : kImages) {
        for (const int in : kChannels) {
            for (const int out : {1, 5, 31, 64, 100}) {
                if (int64_t{in} * out * image[0] * image[1] > 300000) continue;
                for (const ConvGeometry& geometry : windows(image[0], image[1], in, out, 1)) {
                    all.push_back(geometry);
                }
            }
        }
    }
    return all;
}

std::vector<ConvGeometry> grouped_geometries() {
    std::vector<ConvGeometry> all;
    for (const auto& [in, out, groups] :
         {std::array{4, 6, 2}, std::array{34, 34, 2}, std::array{5, 10, 5}, std::array{64, 32, 4},
          std::array{18, 9, 9}, std::array{128, 128, 2}}) {
        for (const ConvGeometry& geometry : windows(7, 6, in, out, groups)) all.push_back(geometry);
    }
    return all;
}

std::vector<ConvGeometry> depthwise_geometries() {
    std::vector<ConvGeometry> all;
    for (const auto& image : kImages) {
        for (const int channels : {1, 3, 5, 15, 16, 17, 31, 64, 65, 100, 200}) {
            for (const ConvGeometry& geometry : windows(image[0], image[1], channels, channels, channels)) {
                all.push_back(geometry);
            }
        }
    }
    for (const int channels : {31, 128}) {
        all.push_back(geometry_of(7, 7, channels, channels, channels, 7, 7, 0));
        all.push_back(geometry_of(56, 3, channels, channels, channels, 3, 3, 1));
    }
    return all;
}

// Bits, activations and outputs of all kinds as the seed goes on.
TestConvOptions options_for(const ConvGeometry& geometry, Rng& rng) {
    TestConvOptions options;
    options.geometry = geometry;
    options.activation_bits = 2 + static_cast<int>(rng.below(7));
    options.weight_bits = 2 + static_cast<int>(rng.below(7));
    if (rng.chance(0.4)) {
        options.weight_bits = 8;
        options.offsets = rng.chance(0.7) ? Offsets::kRandom : Offsets::kExtremes;
    }
    const auto epilogues = all_epilogue_options(2 + static_cast<int>(rng.below(7)));
    options.epilogue = epilogues[rng.below(epilogues.size())];
    return options;
}

// To operands of which two pairs of products fit in int16.
void narrow_down(TestConvOptions& options, Rng& rng) {
    if (options.offsets != Offsets::kNone) {
        options.activation_bits = 2 + static_cast<int>(rng.below(5));
    } else {
        options.activation_bits = 2 + static_cast<int>(rng.below(7));
        options.weight_bits =
            2 + static_cast<int>(rng.below(static_cast<uint64_t>(std::min(13 - options.activation_bits, 7))));
    }
}

// The accumulator by its definition, in int64 and over the ONNX-like coordinates.
int64_t exact_accumulator(const TestConv& conv, int y, int x, int out) {
    const ConvGeometry& g = conv.geometry;
    const int in_per_group = g.in_channels / g.groups, out_per_group = g.out_channels / g.groups;
    int64_t sum = conv.epilogue->bias[out];
    for (int in = 0; in < in_per_group; ++in) {
        const int channel = out / out_per_group * in_per_group + in;
        for (int ky = 0; ky < g.kernel_height; ++ky) {
            for (int kx = 0; kx < g.kernel_width; ++kx) {
                const int iy = y * g.stride_y + ky * g.dilation_y - g.padding_top;
                const int ix = x * g.stride_x + kx * g.dilation_x - g.padding_left;
                const bool padding = iy < 0 || ix < 0 || iy >= g.in_height || ix >= g.in_width;
                const int64_t level = padding ? conv.padding_level[channel]
                                              : conv.input[(iy * g.in_width + ix) * g.in_channels + channel];
                const int64_t weight =
                    conv.weight[((out * g.kernel_height + ky) * g.kernel_width + kx) * in_per_group + in];
                sum += level * (weight + (conv.weight_offset.empty() ? 0 : conv.weight_offset[out]));
            }
        }
    }
    return sum;
}

void expect_exact(TestConv& conv) {
    const ConvGeometry& g = conv.geometry;
    for (int pixel = 0; pixel < g.out_height * g.out_width; ++pixel) {
        for (int out = 0; out < g.out_channels; ++out) {
            const int64_t sum = exact_accumulator(conv, pixel / g.out_width, pixel % g.out_width, out);
            ASSERT_LE(std::abs(sum), std::numeric_limits<int32_t>::max());
            float r = exact_product(exact_float(sum), conv.epilogue->multiplier[out]);
            if (conv.epilogue->params.addend) r = exact_sum(r, conv.epilogue->addend[out]);
            for (int output = 0; output < conv.epilogue->params.output_count; ++output) {
                ASSERT_EQ(written_entry(conv.epilogue->params, conv.data, pixel, out, output),
                          exact_epilogue(conv.epilogue->params, conv.data, pixel, out, r, output))
                    << describe(g) << ", pixel " << pixel << ", channel " << out;
            }
        }
    }
}

TEST(ConvReferenceTest, IsWhatTheLawSays) {
    Rng rng(1);
    for (const auto& geometries : {dense_geometries(), grouped_geometries(), depthwise_geometries()}) {
        for (const ConvGeometry& geometry : geometries) {
            if (geometry.out_channels * geometry.depth() * geometry.out_pixels() > 200000) continue;
            TestConv conv(options_for(geometry, rng), rng);
            conv.run(conv_kernels().front());
            ASSERT_NO_FATAL_FAILURE(expect_exact(conv));
        }
    }
}

// Each body runs twice: for the rows of conv_kernels() and for those of depthwise_kernels().
template <typename Run>
void expect_reference_bits(TestConv& conv, const std::string& what, Run run, int parts = 1) {
    conv.run(conv_kernels().front());
    const auto expected = conv.outputs();
    conv.divide(parts);
    run(conv);
    ASSERT_EQ(conv.outputs(), expected) << what << ": " << describe(conv.geometry);
}

// Sums as large as int32 lets them be, the bias included.
template <typename Kernel>
void expect_reference_bits_at_extremes(const ConvGeometry& geometry, Offsets offsets, const Kernel& kernel,
                                       int activation_bits = 8, int weight_bits = 8) {
    Rng rng(7);
    for (const Filling filling : {Filling::kLargest, Filling::kMixed}) {
        TestConvOptions options;
        options.geometry = geometry;
        options.activation_bits = activation_bits;
        options.weight_bits = weight_bits;
        options.filling = filling;
        options.offsets = offsets;
        options.epilogue.is_float = true;
        TestConv conv(options, rng);
        if (!conv.fits(kernel)) return;
        const int64_t largest_weight = offsets == Offsets::kNone ? 127 : 256;
        const auto largest = static_cast<int32_t>(geometry.depth() * largest_weight * 255);
        for (int channel = 0; channel < geometry.out_channels; ++channel) {
            const int32_t room = std::numeric_limits<int32_t>::max() - largest;
            conv.epilogue->bias[channel] = channel % 3 == 0 ? room : channel % 3 == 1 ? -room : 0;
        }
        expect_reference_bits(conv, "extremes", [&kernel](TestConv& it) { it.run(kernel); });
    }
}

class ConvKernelTest : public testing::TestWithParam<ConvKernel> {
  protected:
    void SetUp() override {
        if (!can_run(GetParam().needs, cpu_features())) GTEST_SKIP() << "this CPU lacks " << GetParam().name;
    }
    void check(const std::vector<ConvGeometry>& geometries, uint64_t seed) {
        Rng rng(seed);
        for (const ConvGeometry& geometry : geometries) {
            TestConvOptions options = options_for(geometry, rng);
            const bool narrow = GetParam().gemm && GetParam().gemm->largest_product < kLargestProduct;
            if (narrow) narrow_down(options, rng);
            TestConv conv(options, rng);
            ASSERT_TRUE(conv.fits(GetParam()));
            ASSERT_NO_FATAL_FAILURE(expect_reference_bits(
                conv, GetParam().name, [](TestConv& it) { it.run(GetParam()); },
                1 + static_cast<int>(rng.below(5))));
        }
    }
};

TEST_P(ConvKernelTest, DenseGivesTheReferenceBits) {
    check(dense_geometries(), 2);
}
TEST_P(ConvKernelTest, GroupedGivesTheReferenceBits) {
    check(grouped_geometries(), 3);
}
TEST_P(ConvKernelTest, DepthwiseGivesTheReferenceBits) {
    check(depthwise_geometries(), 4);
}

TEST_P(ConvKernelTest, EveryEpilogueGivesTheReferenceBits) {
    Rng rng(5);
    for (const EpilogueOptions& epilogue : all_epilogue_options(6)) {
        TestConvOptions options;
        options.geometry = geometry_of(5, 6, 13, 37, 1, 3, 3, 1);
        options.activation_bits = options.weight_bits = 6;
        options.epilogue = epilogue;
        TestConv conv(options, rng);
        ASSERT_TRUE(conv.fits(GetParam()));
        ASSERT_NO_FATAL_FAILURE(
            expect_reference_bits(conv, describe(epilogue), [](TestConv& it) { it.run(GetParam()); }));
    }
}

TEST_P(ConvKernelTest, ExtremesGiveTheReferenceBits) {
    const ConvKernel& kernel = GetParam();
    // 127 * 255 * 66310 is just below 2^31.
    expect_reference_bits_at_extremes(geometry_of(1, 1, 65535, 3, 1, 1, 1, 0), Offsets::kNone, kernel);
    // 256 * 255 * 32895 is just below 2^31.
    expect_reference_bits_at_extremes(geometry_of(1, 1, 32895, 3, 1, 1, 1, 0), Offsets::kExtremes, kernel);
    for (const Offsets offsets : {Offsets::kNone, Offsets::kExtremes}) {
        expect_reference_bits_at_extremes(geometry_of(3, 3, 511, 33, 1, 3, 3, 1), offsets, kernel);
        expect_reference_bits_at_extremes(geometry_of(7, 2, 64, 64, 1, 1, 1, 0), offsets, kernel);
        expect_reference_bits_at_extremes(geometry_of(5, 4, 66, 66, 3, 3, 3, 1), offsets, kernel);
    }
    // Where sums in int16 are as large as they may be.
    for (int activation_bits = 2; activation_bits <= 8; ++activation_bits) {
        for (int weight_bits = 2; weight_bits <= 8; ++weight_bits) {
            for (const auto& geometry :
                 {geometry_of(3, 2, 132, 17, 1, 3, 3, 1), geometry_of(4, 7, 1000, 70, 1, 1, 1, 0)}) {
                expect_reference_bits_at_extremes(geometry, Offsets::kNone, kernel, activation_bits,
                                                  weight_bits);
            }
        }
    }
}

// Tiles of the blocked product end within the image.
TEST_P(ConvKernelTest, ManyTilesGiveTheReferenceBits) {
    check({geometry_of(31, 29, 64, 33, 1, 3, 3, 1), geometry_of(47, 53, 96, 20, 1, 1, 1, 0),
           geometry_of(47, 53, 97, 20, 1, 1, 1, 0)},
          6);
}

INSTANTIATE_TEST_SUITE_P(All, ConvKernelTest, testing::ValuesIn(conv_kernels().begin(), conv_kernels().end()),
                         [](const auto& row) { return std::string(row.param.name); });

class DepthwiseKernelTest : public testing::TestWithParam<DepthwiseKernel> {
  protected:
    void SetUp() override {
        if (!can_run(GetParam().needs, cpu_features())) GTEST_SKIP() << "this CPU lacks " << GetParam().name;
    }
};

TEST_P(DepthwiseKernelTest, GivesTheReferenceBits) {
    Rng rng(8);
    int tested = 0;
    for (const ConvGeometry& geometry : depthwise_geometries()) {
        TestConvOptions options = options_for(geometry, rng);
        if (GetParam().adds_in_int16) {
            options.offsets = Offsets::kNone;
            options.activation_bits = 2 + static_cast<int>(rng.below(5));
            options.weight_bits = 2 + static_cast<int>(rng.below(5));
        }
        TestConv conv(options, rng);
        if (!conv.fits(GetParam())) continue;
        ++tested;
        ASSERT_NO_FATAL_FAILURE(expect_reference_bits(
            conv, GetParam().name, [](TestConv& it) { it.run(GetParam()); },
            1 + static_cast<int>(rng.below(5))));
    }
    EXPECT_GT(tested, 300);
}

TEST_P(DepthwiseKernelTest, ExtremesGiveTheReferenceBits) {
    const DepthwiseKernel& kernel = GetParam();
    for (const Offsets offsets : {Offsets::kNone, Offsets::kExtremes}) {
        expect_reference_bits_at_extremes(geometry_of(9, 8, 70, 70, 70, 3, 3, 1), offsets, kernel);
        expect_reference_bits_at_extremes(geometry_of(120, 110, 17, 17, 17, 120, 110, 0), offsets, kernel);
    }
    for (int activation_bits = 2; activation_bits <= 8; ++activation_bits) {
        for (int weight_bits = 2; weight_bits <= 8; ++weight_bits) {
            expect_reference_bits_at_extremes(geometry_of(9, 8, 70, 70, 70, 3, 3, 1), Offsets::kNone, kernel,
                                              activation_bits, weight_bits);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, DepthwiseKernelTest,
                         testing::ValuesIn(depthwise_kernels().begin(), depthwise_kernels().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(KernelSetTest, GoesFromTheReferenceToTheBestThatTheCpuHas) {
    const auto baseline = kernel_sets(0);
    ASSERT_GE(baseline.size(), 2u);
    EXPECT_STREQ(baseline.front().name, "scalar");
    EXPECT_EQ(baseline.front().depthwise, nullptr);
    for (const KernelSet& set : baseline) EXPECT_EQ(set.needs, 0u) << set.name;
    const auto all = kernel_sets(~CpuFeatures{0});
    for (size_t index = 1; index < all.size(); ++index) {
        EXPECT_NE(all[index].depthwise, nullptr) << all[index].name;
        EXPECT_TRUE(can_run(all[index].epilogue->needs, all[index].needs)) << all[index].name;
        EXPECT_TRUE(can_run(all[index].depthwise->needs, all[index].needs)) << all[index].name;
    }
    // Every kernel of a table is some set's.
    for (const ConvKernel& kernel : conv_kernels()) {
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const KernelSet& set) {
            return set.conv == &kernel || set.narrow_conv == &kernel;
        })) << kernel.name;
    }
    for (const FullyConnectedKernel& kernel : fully_connected_kernels()) {
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const KernelSet& set) {
            return set.fully_connected == &kernel;
        })) << kernel.name;
    }
    for (const DepthwiseKernel& kernel : depthwise_kernels()) {
        EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const KernelSet& set) {
            return set.depthwise == &kernel || set.narrow_depthwise == &kernel;
        })) << kernel.name;
    }
}

TEST(KernelSetTest, TheEnvironmentChooses) {
    for (const KernelSet& set : kernel_sets(cpu_features())) {
        ASSERT_EQ(setenv("QUANTFACE_ISA", set.name, 1), 0);
        EXPECT_STREQ(chosen_kernel_set().name, set.name);
    }
    ASSERT_EQ(setenv("QUANTFACE_ISA", "mmx", 1), 0);
    try {
        chosen_kernel_set();
        ADD_FAILURE() << "no such set";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        EXPECT_NE(std::string(error.what()).find("scalar, portable"), std::string::npos) << error.what();
    }
    ASSERT_EQ(unsetenv("QUANTFACE_ISA"), 0);
    EXPECT_STREQ(chosen_kernel_set().name, kernel_sets(cpu_features()).back().name);
}

}  // namespace
}  // namespace quantface
