// The scalar epilogue against independent arithmetic, and every instruction set against the scalar epilogue.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "exact_math.h"
#include "kernels/kernel_set.h"
#include "test_epilogue.h"

namespace quantface {
namespace {

constexpr int kSizes[] = {1, 3, 5, 8, 15, 16, 17, 31, 64, 100};

std::vector<int32_t> random_accumulators(size_t count, Rng& rng) {
    std::vector<int32_t> accumulators(count);
    for (int32_t& sum : accumulators) {
        sum = static_cast<int32_t>(rng.below(20000)) - 10000;
        if (rng.chance(0.1)) sum = static_cast<int32_t>(rng.below(uint64_t{1} << 31)) - (1 << 30);
    }
    return accumulators;
}

// Numbers where rounding and comparing are easily done wrong: ties, zeros of both signs, huge and tiny ones.
std::vector<float> awkward_numbers(size_t count, Rng& rng) {
    constexpr float kAwkward[] = {0.0f,   -0.0f,  0.5f,   -0.5f,   1.5f,  -1.5f,  2.5f,       -2.5f,
                                  254.5f, 255.5f, 1e-30f, -1e-30f, 1e29f, -1e29f, 127.49999f, -3.25f};
    std::vector<float> numbers(count);
    for (float& number : numbers) {
        number = rng.chance(0.5) ? kAwkward[rng.below(std::size(kAwkward))]
                                 : static_cast<float>(static_cast<int>(rng.below(1000)) - 500) * 0.5f;
    }
    return numbers;
}

TEST(EpilogueTest, ScalarIsWhatTheLawSays) {
    Rng rng(1);
    for (int bits = 2; bits <= 8; ++bits) {
        for (const EpilogueOptions& options : all_epilogue_options(bits)) {
            constexpr int kChannels = 7, kPixels = 5, kStride = 16;
            TestEpilogue epilogue(options, kChannels, kPixels, rng);
            const EpilogueData data = epilogue.data();
            const auto accumulators = random_accumulators(kPixels * kStride, rng);
            epilogue_from_accumulators_scalar(epilogue.params, data, {0, kPixels, 0, kChannels, kStride},
                                              accumulators.data());
            for (int entry = 0; entry < kPixels * kChannels; ++entry) {
                const int pixel = entry / kChannels, channel = entry % kChannels;
                const int64_t sum = int64_t{accumulators[pixel * kStride + channel]} + epilogue.bias[channel];
                float r = exact_product(exact_float(sum), epilogue.multiplier[channel]);
                if (epilogue.params.addend) r = exact_sum(r, epilogue.addend[channel]);
                for (int output = 0; output < epilogue.params.output_count; ++output) {
                    ASSERT_EQ(written_entry(epilogue.params, data, pixel, channel, output),
                              exact_epilogue(epilogue.params, data, pixel, channel, r, output))
                        << describe(options) << ", sum " << sum;
                }
            }
        }
    }
}

TEST(EpilogueTest, ScalarRoundsTiesToEvenAndKeepsZerosSign) {
    EpilogueParams params;
    params.channels = 6;
    uint8_t levels[6];
    float numbers_out[6];
    params.output_count = 2;
    params.outputs[0].zero_point = 10;
    params.outputs[1].is_float = true;
    const float numbers[] = {0.5f, 1.5f, -0.5f, -1.5f, -0.0f, 1e9f};
    epilogue_from_numbers_scalar(params, {nullptr, {levels, numbers_out}}, {0, 1, 0, 6, 6}, numbers);
    const uint8_t expected[] = {10, 12, 10, 8, 10, 255};
    for (int index = 0; index < 6; ++index) EXPECT_EQ(levels[index], expected[index]) << index;
    EXPECT_TRUE(std::signbit(numbers_out[4]));
}

class EpilogueKernelTest : public testing::TestWithParam<EpilogueKernel> {
  protected:
    void SetUp() override {
        if (!can_run(GetParam().needs, cpu_features())) GTEST_SKIP() << "this CPU lacks " << GetParam().name;
    }

    void expect_same(const TestEpilogue& epilogue, const std::vector<std::vector<uint8_t>>& expected,
                     const std::string& what) {
        for (int output = 0; output < epilogue.params.output_count; ++output) {
            ASSERT_EQ(epilogue.bytes(output), expected[static_cast<size_t>(output)]) << what;
        }
    }
};

TEST_P(EpilogueKernelTest, GivesTheScalarBits) {
    Rng rng(2);
    for (int bits = 2; bits <= 8; ++bits) {
        for (const EpilogueOptions& options : all_epilogue_options(bits)) {
            for (const int channels : kSizes) {
                constexpr int kPixels = 3;
                const ptrdiff_t stride = (channels + 15) / 16 * 16;
                TestEpilogue epilogue(options, channels, kPixels, rng);
                const auto sums = random_accumulators(static_cast<size_t>(kPixels * stride), rng);
                const auto numbers = awkward_numbers(static_cast<size_t>(kPixels * stride), rng);
                const EpilogueBlock block{0, kPixels, 0, channels, stride};
                const std::string what = describe(options) + ", channels " + std::to_string(channels);

                epilogue_from_accumulators_scalar(epilogue.params, epilogue.data(), block, sums.data());
                std::vector<std::vector<uint8_t>> expected{epilogue.bytes(0), epilogue.bytes(1)};
                GetParam().from_accumulators(epilogue.params, epilogue.data(), block, sums.data());
                expect_same(epilogue, expected, "accumulators, " + what);

                epilogue.params.fits_int32 = false;
                epilogue_from_numbers_scalar(epilogue.params, epilogue.data(), block, numbers.data());
                expected = {epilogue.bytes(0), epilogue.bytes(1)};
                GetParam().from_numbers(epilogue.params, epilogue.data(), block, numbers.data());
                expect_same(epilogue, expected, "numbers, " + what);
            }
        }
    }
}

// A block inside a value: pixels and channels from the middle; nothing else may be written.
TEST_P(EpilogueKernelTest, WritesOnlyItsBlock) {
    Rng rng(3);
    for (const EpilogueOptions& options : all_epilogue_options(6)) {
        constexpr int kChannels = 45, kPixels = 9, kStride = 32;
        TestEpilogue epilogue(options, kChannels, kPixels, rng);
        const auto sums = random_accumulators(4 * kStride, rng);
        const EpilogueBlock block{3, 4, 11, 21, kStride};
        epilogue_from_accumulators_scalar(epilogue.params, epilogue.data(), block, sums.data());
        const std::vector<std::vector<uint8_t>> expected{epilogue.bytes(0), epilogue.bytes(1)};
        GetParam().from_accumulators(epilogue.params, epilogue.data(), block, sums.data());
        expect_same(epilogue, expected, describe(options));
    }
}

// Multipliers that are powers of two put every other sum exactly between two levels.
TEST_P(EpilogueKernelTest, RoundsTiesAsTheScalarDoes) {
    Rng rng(4);
    constexpr int kChannels = 37, kPixels = 40, kStride = 48;
    for (const auto activation : {EpilogueActivation::kNone, EpilogueActivation::kPRelu}) {
        EpilogueOptions options;
        options.activation = activation;
        TestEpilogue epilogue(options, kChannels, kPixels, rng);
        epilogue.params.outputs[0].zero_point = 100;
        for (int channel = 0; channel < kChannels; ++channel) {
            epilogue.multiplier[channel] = 0.5f;
            epilogue.slope[channel] = channel % 2 ? 1.0f : 0.5f;
            epilogue.bias[channel] = channel % 3;
        }
        std::vector<int32_t> sums(kPixels * kStride);
        for (size_t index = 0; index < sums.size(); ++index)
            sums[index] = static_cast<int32_t>(index % 400) - 200;
        const EpilogueBlock block{0, kPixels, 0, kChannels, kStride};
        epilogue_from_accumulators_scalar(epilogue.params, epilogue.data(), block, sums.data());
        const std::vector<std::vector<uint8_t>> expected{epilogue.bytes(0), epilogue.bytes(1)};
        GetParam().from_accumulators(epilogue.params, epilogue.data(), block, sums.data());
        expect_same(epilogue, expected, "ties");
    }
}

// Sums beyond 2^24 do not fit a float32: the conversion rounds.
TEST_P(EpilogueKernelTest, ConvertsLargeSumsAsTheScalarDoes) {
    Rng rng(5);
    constexpr int kChannels = 16, kPixels = 200;
    EpilogueOptions options;
    options.is_float = true;
    TestEpilogue epilogue(options, kChannels, kPixels, rng);
    std::vector<int32_t> sums(kPixels * kChannels);
    for (int32_t& sum : sums) {
        const int32_t near =
            std::numeric_limits<int32_t>::max() - 5000 - static_cast<int32_t>(rng.below(5000));
        sum = rng.chance(0.5) ? near : -near;
        if (rng.chance(0.5)) sum = (1 << 24) + static_cast<int32_t>(rng.below(64));
    }
    const EpilogueBlock block{0, kPixels, 0, kChannels, kChannels};
    epilogue_from_accumulators_scalar(epilogue.params, epilogue.data(), block, sums.data());
    const std::vector<std::vector<uint8_t>> expected{epilogue.bytes(0), epilogue.bytes(1)};
    GetParam().from_accumulators(epilogue.params, epilogue.data(), block, sums.data());
    expect_same(epilogue, expected, "large sums");
}

INSTANTIATE_TEST_SUITE_P(All, EpilogueKernelTest,
                         testing::ValuesIn(epilogue_kernels().begin(), epilogue_kernels().end()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace quantface
