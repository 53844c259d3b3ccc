// Element-wise operations and pooling against independent arithmetic.
#include "kernels/elementwise/elementwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "base/rng.h"
#include "exact_math.h"
#include "kernels/pool/pool.h"

namespace quantface {
namespace {

std::vector<uint8_t> random_levels(size_t count, Rng& rng) {
    std::vector<uint8_t> levels(count);
    for (uint8_t& level : levels) level = static_cast<uint8_t>(rng.below(256));
    return levels;
}

class ElementwiseKernelTest : public testing::TestWithParam<ElementwiseKernel> {};

TEST_P(ElementwiseKernelTest, AffineAddAndMultiply) {
    const ElementwiseKernel& kernel = GetParam();
    if ((kernel.needs & ~cpu_features()) != 0) GTEST_SKIP() << "this CPU lacks " << kernel.name;
    Rng rng(1);
    for (const int channels : {1, 3, 5, 17, 31, 64, 100}) {
        const auto count = static_cast<size_t>(channels);
        const auto a = random_levels(count, rng), b = random_levels(count, rng);
        const auto za = static_cast<int32_t>(rng.below(256)), zb = static_cast<int32_t>(rng.below(256));
        std::vector<float> multiplier(count), shift(count), affine(count), sum(count), product(count);
        for (float& number : multiplier) number = static_cast<float>(rng.normal());
        for (float& number : shift) number = static_cast<float>(rng.normal() * 20);
        const float ma = -0.37f, mb = 1.1f;
        kernel.affine(a.data(), za, multiplier.data(), shift.data(), channels, affine.data());
        kernel.add({a.data(), za, ma}, {b.data(), zb, mb}, channels, sum.data());
        kernel.multiply({a.data(), za}, {b.data(), zb}, ma, channels, product.data());
        for (size_t c = 0; c < count; ++c) {
            const int64_t da = a[c] - za, db = b[c] - zb;
            EXPECT_EQ(affine[c], exact_sum(exact_product(exact_float(da), multiplier[c]), shift[c]));
            EXPECT_EQ(sum[c],
                      exact_sum(exact_product(exact_float(da), ma), exact_product(exact_float(db), mb)));
            EXPECT_EQ(product[c], exact_product(exact_float(da * db), ma));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, ElementwiseKernelTest,
                         testing::ValuesIn(elementwise_kernels().begin(), elementwise_kernels().end()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ElementwiseTest, LookUp) {
    Rng rng(2);
    const auto table = random_levels(256, rng), from = random_levels(1000, rng);
    std::vector<uint8_t> to(1000);
    look_up_levels(from.data(), table.data(), 1000, to.data());
    for (size_t index = 0; index < to.size(); ++index) EXPECT_EQ(to[index], table[from[index]]);
}

struct PoolCase {
    int height, width, channels, kernel_height, kernel_width, stride_y, stride_x, top, left, out_height,
        out_width;
};

constexpr PoolCase kPools[] = {
    {7, 6, 5, 7, 6, 1, 1, 0, 0, 1, 1}, {7, 6, 17, 2, 2, 2, 2, 0, 0, 3, 3}, {5, 5, 64, 3, 3, 2, 1, 1, 1, 3, 5},
    {1, 1, 3, 1, 1, 1, 1, 0, 0, 1, 1}, {4, 9, 31, 3, 2, 1, 1, 2, 1, 4, 9},
};

ConvGeometry geometry_of(const PoolCase& pool) {
    ConvGeometry geometry;
    geometry.in_height = pool.height;
    geometry.in_width = pool.width;
    geometry.in_channels = geometry.out_channels = geometry.groups = pool.channels;
    geometry.kernel_height = pool.kernel_height;
    geometry.kernel_width = pool.kernel_width;
    geometry.stride_y = pool.stride_y;
    geometry.stride_x = pool.stride_x;
    geometry.padding_top = pool.top;
    geometry.padding_left = pool.left;
    geometry.out_height = pool.out_height;
    geometry.out_width = pool.out_width;
    return geometry;
}

// The levels of one channel under an output pixel's window, the padding left out.
std::vector<int64_t> window_levels(const PoolCase& pool, const std::vector<uint8_t>& input, int y, int x,
                                   int channel) {
    std::vector<int64_t> levels;
    for (int iy = 0; iy < pool.height; ++iy) {
        for (int ix = 0; ix < pool.width; ++ix) {
            const int ky = iy - (y * pool.stride_y - pool.top), kx = ix - (x * pool.stride_x - pool.left);
            if (ky < 0 || kx < 0 || ky >= pool.kernel_height || kx >= pool.kernel_width) continue;
            levels.push_back(input[(iy * pool.width + ix) * pool.channels + channel]);
        }
    }
    return levels;
}

TEST(PoolTest, MaximumAndAverage) {
    Rng rng(3);
    for (const PoolCase& pool : kPools) {
        const ConvGeometry geometry = geometry_of(pool);
        const auto input = random_levels(static_cast<size_t>(pool.height * pool.width * pool.channels), rng);
        const auto zero_point = static_cast<int32_t>(rng.below(256));
        const float multiplier = 0.73f;
        std::vector<uint8_t> largest(static_cast<size_t>(geometry.out_pixels() * pool.channels));
        max_pool(geometry, input.data(), largest.data());
        for (int pixel = 0; pixel < geometry.out_pixels(); ++pixel) {
            for (const bool count_padding : {false, true}) {
                std::vector<int32_t> sums(static_cast<size_t>(pool.channels));
                std::vector<float> numbers(static_cast<size_t>(pool.channels));
                average_pool(geometry, input.data(), zero_point, multiplier, count_padding, pixel,
                             sums.data(), numbers.data());
                for (int channel = 0; channel < pool.channels; ++channel) {
                    const auto levels =
                        window_levels(pool, input, pixel / pool.out_width, pixel % pool.out_width, channel);
                    int64_t sum = 0;
                    for (const int64_t level : levels) sum += level - zero_point;
                    const int64_t count = count_padding ? pool.kernel_height * pool.kernel_width
                                                        : static_cast<int64_t>(levels.size());
                    EXPECT_EQ(numbers[channel], exact_quotient(exact_product(exact_float(sum), multiplier),
                                                               exact_float(count)));
                    EXPECT_EQ(largest[pixel * pool.channels + channel],
                              *std::max_element(levels.begin(), levels.end()));
                }
            }
        }
    }
}

}  // namespace
}  // namespace quantface
