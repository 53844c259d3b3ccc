// Every instruction set's training loops give what the portable ones give.
#include "train/kernels/training_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/rng.h"

namespace quantface {
namespace {

std::vector<const TrainingKernels*> all_kernels() {
    std::vector<const TrainingKernels*> rows = {&training_kernels_portable()};
#if defined(QUANTFACE_X86_KERNELS)
    if (__builtin_cpu_supports("avx2")) rows.push_back(&training_kernels_avx2());
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq")) {
        rows.push_back(&training_kernels_avx512());
    }
#endif
    return rows;
}

template <typename T>
T from_float(float number);
template <>
float from_float<float>(float number) {
    return number;
}
template <>
Bfloat16 from_float<Bfloat16>(float number) {
    return {static_cast<uint16_t>(std::bit_cast<uint32_t>(number) >> 16)};
}
float to_float(float number) {
    return number;
}
float to_float(Bfloat16 number) {
    return std::bit_cast<float>(static_cast<uint32_t>(number.bits) << 16);
}

template <typename T>
std::vector<T> numbers(Rng& rng, int64_t count, double low, double high) {
    std::vector<T> result;
    for (int64_t i = 0; i < count; ++i)
        result.push_back(from_float<T>(static_cast<float>(rng.uniform(low, high))));
    return result;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// An epilogue of random numbers, with storage.
struct RandomEpilogue {
    FusedEpilogue form;
    std::vector<float> whole, multiplier, part, slope, scale, shift;

    RandomEpilogue(Rng& rng, int channels, bool affine, bool after) {
        const int padded = padded_channels(channels);
        multiplier = numbers<float>(rng, padded, 0.01, 0.2);
        whole = numbers<float>(rng, padded, -20, 20);
        part = numbers<float>(rng, padded, -1, 1);
        slope = numbers<float>(rng, padded, -0.2, 0.5);
        scale = numbers<float>(rng, padded, 0.5, 2);
        shift = numbers<float>(rng, padded, -1, 1);
        form.channels = channels;
        form.multiplier = multiplier.data();
        form.whole = whole.data();
        form.part = part.data();
        form.slope = slope.data();
        form.clip_low = rng.chance(0.5) ? -2.0f : -1e30f;
        form.clip_high = rng.chance(0.5) ? 3.0f : 1e30f;
        form.activation_after_residual = after;
        form.residual_multiplier = static_cast<float>(rng.uniform(-0.2, 0.2));
        if (affine) {
            form.scale = scale.data();
            form.shift = shift.data();
        }
        form.inverse_step = static_cast<float>(rng.uniform(2, 20));
        form.low = static_cast<float>(-static_cast<int>(rng.below(16)));
        form.high = form.low + 15;
    }
};

struct Sums {
    std::vector<float> multiplier, bias, slope, scale, shift;
    FusedEpilogueSums sums;
    explicit Sums(int padded)
        : multiplier(padded), bias(padded), slope(padded), scale(padded), shift(padded) {
        sums.multiplier = multiplier.data();
        sums.bias = bias.data();
        sums.slope = slope.data();
        sums.scale = scale.data();
        sums.shift = shift.data();
    }
};

// The formula of the header, one number at a time.
template <typename T>
T expected_level(const FusedEpilogue& form, int channel, T accumulator, const T* residual) {
    float r = (to_float(accumulator) + form.whole[channel]) * form.multiplier[channel] + form.part[channel];
    const auto activate = [&] {
        r = std::fmax(r, 0.0f) + std::fmin(r, 0.0f) * form.slope[channel];
        r = std::fmin(std::fmax(r, form.clip_low), form.clip_high);
    };
    if (!form.activation_after_residual) activate();
    if (residual != nullptr) r = r + to_float(*residual) * form.residual_multiplier;
    if (form.activation_after_residual) activate();
    if (form.scale != nullptr) r = r * form.scale[channel] + form.shift[channel];
    r = std::fmin(std::fmax(r * form.inverse_step, form.low), form.high);
    return from_float<T>(std::nearbyint(r));
}

template <typename T>
void check_epilogue(int channels, int64_t rows, bool with_residual, bool affine, bool after, uint64_t seed) {
    Rng rng(seed);
    const RandomEpilogue epilogue(rng, channels, affine, after);
    const int64_t count = rows * channels;
    const auto accumulator = numbers<T>(rng, count, -40, 40), residual = numbers<T>(rng, count, -15, 15);
    const auto gradient = numbers<T>(rng, count, -1, 1);
    const T* given = with_residual ? residual.data() : nullptr;
    std::vector<T> first_level, first_gradient, first_residual;
    Sums first(padded_channels(channels));
    for (const TrainingKernels* kernels : all_kernels()) {
        SCOPED_TRACE(kernels->name);
        std::vector<T> level(count), to_accumulator(count), to_residual(count);
        kernels->of<T>().epilogue_forward(epilogue.form, rows, accumulator.data(), given, level.data());
        Sums sums(padded_channels(channels));
        kernels->of<T>().epilogue_backward(epilogue.form, rows, accumulator.data(), given, gradient.data(),
                                           to_accumulator.data(),
                                           with_residual ? to_residual.data() : nullptr, sums.sums);
        if (first_level.empty()) {
            first_level = level;
            first_gradient = to_accumulator;
            first_residual = to_residual;
            first = sums;
            for (int64_t i = 0; i < count; ++i) {
                const T expected = expected_level(epilogue.form, static_cast<int>(i % channels),
                                                  accumulator[i], given == nullptr ? nullptr : given + i);
                ASSERT_EQ(to_float(level[i]), to_float(expected)) << i;
            }
            continue;
        }
        EXPECT_TRUE(same_bits(level, first_level));
        EXPECT_TRUE(same_bits(to_accumulator, first_gradient));
        EXPECT_TRUE(same_bits(to_residual, first_residual));
        for (int channel = 0; channel < channels; ++channel) {
            EXPECT_EQ(sums.bias[channel], first.bias[channel]);
            EXPECT_EQ(sums.multiplier[channel], first.multiplier[channel]);
            EXPECT_EQ(sums.slope[channel], first.slope[channel]);
            EXPECT_EQ(sums.scale[channel], first.scale[channel]);
            EXPECT_EQ(sums.shift[channel], first.shift[channel]);
        }
        const double tolerance = 1e-5 * static_cast<double>(count);
        EXPECT_NEAR(sums.sums.real_over_step, first.sums.real_over_step, tolerance);
        EXPECT_NEAR(sums.sums.clipped, first.sums.clipped, tolerance);
        EXPECT_NEAR(sums.sums.residual_multiplier, first.sums.residual_multiplier, tolerance);
    }
}

TEST(TrainingKernels, EpiloguesAgreeInEveryForm) {
    uint64_t seed = 1;
    for (const int channels : {1, 3, 8, 15, 16, 17, 33, 64}) {
        for (const int64_t rows : {1, 2, 7, 50}) {
            for (int form = 0; form < 8; ++form) {
                SCOPED_TRACE(testing::Message()
                             << channels << " channels, " << rows << " rows, form " << form);
                check_epilogue<float>(channels, rows, form & 1, form & 2, form & 4, ++seed);
                check_epilogue<Bfloat16>(channels, rows, form & 1, form & 2, form & 4, ++seed);
            }
        }
    }
}

TEST(TrainingKernels, TiesAndExtremesRoundAlike) {
    // Levels exactly halfway, at the bounds and far beyond them.
    FusedEpilogue form;
    const std::vector<float> one(padded_channels(1), 1.0f), zero(padded_channels(1), 0.0f);
    form.channels = 1;
    form.multiplier = one.data();
    form.whole = form.part = zero.data();
    form.slope = one.data();
    form.clip_low = -1e38f;
    form.clip_high = 1e38f;
    form.low = -8;
    form.high = 7;
    const std::vector<float> given = {0.5f, 1.5f,  -0.5f,  -1.5f, -8.5f, 7.5f,
                                      6.5f, 1e37f, -1e37f, -0.0f, 7.0f};
    const std::vector<float> wanted = {0, 2, -0.0f, -2, -8, 7, 6, 7, -8, 0, 7};
    for (const TrainingKernels* kernels : all_kernels()) {
        std::vector<float> level(given.size());
        kernels->single.epilogue_forward(form, static_cast<int64_t>(given.size()), given.data(), nullptr,
                                         level.data());
        for (size_t i = 0; i < given.size(); ++i)
            EXPECT_EQ(level[i], wanted[i]) << kernels->name << " " << given[i];
    }
}

// Whole numbers, so that the order of sums does not matter.
template <typename T>
std::vector<T> whole(Rng& rng, int64_t count, int largest) {
    std::vector<T> result;
    for (int64_t i = 0; i < count; ++i) {
        result.push_back(
            from_float<T>(static_cast<float>(static_cast<int>(rng.below(2 * largest + 1)) - largest)));
    }
    return result;
}

template <typename T>
void check_depthwise(const DepthwiseShape& s, uint64_t seed) {
    Rng rng(seed);
    const int taps = s.kernel_height * s.kernel_width, padded = padded_channels(s.channels);
    const int64_t inputs = s.batch * s.height * s.width * s.channels;
    const int64_t outputs = s.batch * s.out_height * s.out_width * s.channels;
    const auto input = whole<T>(rng, inputs, 3);
    const auto gradient = whole<T>(rng, outputs, 2);
    const auto weight = whole<float>(rng, static_cast<int64_t>(taps) * padded, 3);

    std::vector<float> output(outputs), to_input(inputs), to_weight(static_cast<size_t>(taps * padded));
    for (int64_t image = 0; image < s.batch; ++image) {
        for (int y = 0; y < s.out_height; ++y) {
            for (int x = 0; x < s.out_width; ++x) {
                for (int tap = 0; tap < taps; ++tap) {
                    const int from_y = y * s.stride_y - s.pad_top + tap / s.kernel_width;
                    const int from_x = x * s.stride_x - s.pad_left + tap % s.kernel_width;
                    if (from_y < 0 || from_y >= s.height || from_x < 0 || from_x >= s.width) continue;
                    for (int c = 0; c < s.channels; ++c) {
                        const int64_t in = ((image * s.height + from_y) * s.width + from_x) * s.channels + c;
                        const int64_t out = ((image * s.out_height + y) * s.out_width + x) * s.channels + c;
                        output[out] += to_float(input[in]) * weight[tap * padded + c];
                        to_input[in] += to_float(gradient[out]) * weight[tap * padded + c];
                        to_weight[tap * padded + c] += to_float(gradient[out]) * to_float(input[in]);
                    }
                }
            }
        }
    }
    for (const TrainingKernels* kernels : all_kernels()) {
        SCOPED_TRACE(kernels->name);
        const auto& table = kernels->of<T>();
        std::vector<T> forward(outputs), backward(inputs);
        std::vector<float> filters(to_weight.size());
        table.depthwise_forward(s, input.data(), weight.data(), forward.data(), 0, s.batch * s.out_height);
        table.depthwise_backward_input(s, gradient.data(), weight.data(), backward.data(), 0,
                                       s.batch * s.height);
        // In two parts, as threads would.
        const int64_t rows = s.batch * s.out_height;
        table.depthwise_backward_weight(s, input.data(), gradient.data(), filters.data(), 0, rows / 2);
        table.depthwise_backward_weight(s, input.data(), gradient.data(), filters.data(), rows / 2, rows);
        for (int64_t i = 0; i < outputs; ++i) ASSERT_EQ(to_float(forward[i]), output[i]) << i;
        for (int64_t i = 0; i < inputs; ++i) ASSERT_EQ(to_float(backward[i]), to_input[i]) << i;
        for (int tap = 0; tap < taps; ++tap) {
            for (int c = 0; c < s.channels; ++c) {
                ASSERT_EQ(filters[tap * padded + c], to_weight[tap * padded + c]) << tap << ", " << c;
            }
        }
    }
}

TEST(TrainingKernels, DepthwiseEqualsItsDefinition) {
    uint64_t seed = 100;
    for (const int channels : {1, 5, 16, 24, 40}) {
        for (const int stride : {1, 2}) {
            for (const int kernel : {1, 3, 5}) {
                for (const int size : {kernel, 7, 10}) {
                    DepthwiseShape s;
                    s.batch = 2;
                    s.channels = channels;
                    s.height = size;
                    s.width = size + 1;
                    s.kernel_height = s.kernel_width = kernel;
                    s.stride_y = s.stride_x = stride;
                    s.pad_top = kernel / 2;
                    s.pad_left = kernel / 2;
                    s.out_height = (s.height + 2 * s.pad_top - kernel) / stride + 1;
                    s.out_width = (s.width + s.pad_left - kernel) / stride + 1;  // uneven padding
                    if (s.out_width < 1) continue;
                    SCOPED_TRACE(testing::Message()
                                 << channels << " " << stride << " " << kernel << " " << size);
                    check_depthwise<float>(s, ++seed);
                    check_depthwise<Bfloat16>(s, ++seed);
                }
            }
        }
    }
}

TEST(TrainingKernels, WeightLevelsEqualTheirDefinition) {
    Rng rng(9);
    constexpr int64_t kRows = 5;
    for (const int64_t columns : {1, 9, 16, 27, 64, 130}) {
        const std::vector<float> factor = numbers<float>(rng, kRows, 0.5, 2);
        const std::vector<float> low = {-7, -1, -127, 0, -8}, high = {7, 1, 127, 15, 7};
        const std::vector<float> gradient = numbers<float>(rng, kRows * columns, -1, 1);
        std::vector<float> weight = numbers<float>(rng, kRows * columns, -12, 12);
        std::vector<float> level(weight.size()), to_weight(weight.size());
        std::vector<double> to_log_factor(kRows);
        for (int64_t row = 0; row < kRows; ++row) {
            // Ties and both bounds, exactly.
            weight[row * columns] = (row % 2 == 0 ? 0.5f : high[row] + 0.5f) / factor[row];
            for (int64_t i = row * columns; i < (row + 1) * columns; ++i) {
                const float scaled = weight[i] * factor[row];
                level[i] = std::nearbyint(std::min(std::max(scaled, low[row]), high[row]));
                const bool inside = scaled >= low[row] - 0.5f && scaled <= high[row] + 0.5f;
                to_weight[i] = inside ? gradient[i] * factor[row] : 0;
                if (inside) to_log_factor[row] += static_cast<double>(gradient[i] * scaled);
            }
        }
        const WeightRows rows{columns, factor.data(), low.data(), high.data()};
        for (const TrainingKernels* kernels : all_kernels()) {
            std::vector<float> found(weight.size()), found_weight(weight.size()), found_factor(kRows);
            kernels->weight_levels(rows, weight.data(), found.data(), 0, 2);
            kernels->weight_levels(rows, weight.data(), found.data(), 2, kRows);
            EXPECT_EQ(found, level) << kernels->name << " " << columns;
            kernels->weight_levels_backward(rows, weight.data(), gradient.data(), found_weight.data(),
                                            found_factor.data(), 0, kRows);
            EXPECT_EQ(found_weight, to_weight) << kernels->name << " " << columns;
            for (int64_t row = 0; row < kRows; ++row)
                EXPECT_NEAR(found_factor[row], to_log_factor[row], 1e-4) << kernels->name << " " << columns;
        }
    }
}

struct AdamNumbers {
    std::vector<float> gradient, parameter, first, second, average;
};

AdamNumbers adam_numbers(int64_t count) {
    Rng rng(static_cast<uint64_t>(count));
    return {numbers<float>(rng, count, -1, 1), numbers<float>(rng, count, -3, 3),
            numbers<float>(rng, count, -1, 1), numbers<float>(rng, count, 0, 1),
            numbers<float>(rng, count, -3, 3)};
}

template <typename T>
void expect_watched_definition(const TrainingKernels& kernels, int channels, double tolerance) {
    Rng rng(7, static_cast<uint64_t>(channels));
    constexpr int64_t kRows = 71;
    const auto vector = [&](double low, double high) {
        return numbers<float>(rng, padded_channels(channels), low, high);
    };
    const std::vector<float> scale = vector(-2, 2), shift = vector(-1, 1), slope = vector(-0.2, 0.4),
                             centre = vector(-1, 1), constant = vector(-1, 1), linear = vector(-1, 1);
    const WatchedActivation form = {channels, scale.data(), shift.data(), slope.data(), centre.data(), 0.8f};
    const std::vector<T> x = numbers<T>(rng, kRows * channels, -2, 2);
    const std::vector<T> gradient = numbers<T>(rng, kRows * channels, -1, 1);
    std::vector<T> output(x.size()), back(x.size());
    std::vector<double> sums(static_cast<size_t>(channels)), squares(sums.size());
    kernels.of<T>().watched_forward(form, kRows, x.data(), output.data(), sums.data(), squares.data());
    kernels.of<T>().watched_backward(form, kRows, x.data(), gradient.data(), constant.data(), linear.data(),
                                     back.data());
    std::vector<double> wanted_sums(sums.size()), wanted_squares(sums.size());
    for (size_t i = 0; i < x.size(); ++i) {
        const size_t c = i % static_cast<size_t>(channels);
        const float number = to_float(x[i]), g = to_float(gradient[i]);
        const float r = number * scale[c] + shift[c], off = number - centre[c];
        EXPECT_NEAR(to_float(output[i]), r > 0 ? std::min(r, 0.8f) : r * slope[c], tolerance);
        const float passed = r > 0 ? (r < 0.8f ? g : 0) : g * slope[c];
        EXPECT_NEAR(to_float(back[i]), passed * scale[c] + constant[c] + off * linear[c], 8 * tolerance);
        wanted_sums[c] += static_cast<double>(off);
        wanted_squares[c] += static_cast<double>(off) * static_cast<double>(off);
    }
    for (size_t c = 0; c < sums.size(); ++c) {
        EXPECT_NEAR(sums[c], wanted_sums[c], 1e-3);
        EXPECT_NEAR(squares[c], wanted_squares[c], 1e-3);
    }
}

TEST(TrainingKernels, WatchedActivationsEqualTheirDefinition) {
    for (const TrainingKernels* kernels : all_kernels()) {
        for (const int channels : {1, 3, 16, 37}) {
            expect_watched_definition<float>(*kernels, channels, 1e-5);
            expect_watched_definition<Bfloat16>(*kernels, channels, 1e-2);
        }
    }
}

TEST(TrainingKernels, AdamEqualsItsDefinition) {
    AdamStep step;
    step.gradient_factor = 0.5f;
    step.weight_decay = 0.01f;
    step.rate = 0.03f;
    step.second_factor = 7.5f;
    step.epsilon = 1e-10f;
    step.average_decay = 0.9f;
    for (const int64_t count : {1, 15, 16, 17, 100, 1025}) {
        for (const bool averages : {false, true}) {
            const AdamNumbers start = adam_numbers(count);
            AdamNumbers wanted = start;
            for (int64_t i = 0; i < count; ++i) {
                const float g =
                    start.gradient[i] * step.gradient_factor + start.parameter[i] * step.weight_decay;
                wanted.first[i] = start.first[i] * step.beta1 + g * (1 - step.beta1);
                wanted.second[i] = start.second[i] * step.beta2 + g * g * (1 - step.beta2);
                const float spread = std::sqrt(wanted.second[i] * step.second_factor) + step.epsilon;
                wanted.parameter[i] = start.parameter[i] - step.rate * wanted.first[i] / spread;
                if (averages) {
                    wanted.average[i] = start.average[i] * step.average_decay +
                                        wanted.parameter[i] * (1 - step.average_decay);
                }
            }
            for (const TrainingKernels* kernels : all_kernels()) {
                AdamNumbers found = start;
                kernels->adam(step, count, found.gradient.data(), found.parameter.data(), found.first.data(),
                              found.second.data(), averages ? found.average.data() : nullptr);
                EXPECT_TRUE(same_bits(found.first, wanted.first)) << kernels->name << " " << count;
                EXPECT_TRUE(same_bits(found.second, wanted.second)) << kernels->name << " " << count;
                EXPECT_TRUE(same_bits(found.parameter, wanted.parameter)) << kernels->name << " " << count;
                EXPECT_TRUE(same_bits(found.average, wanted.average)) << kernels->name << " " << count;
            }
        }
    }
}

TEST(TrainingKernels, SquaresAddUp) {
    for (const int64_t count : {0, 1, 16, 31, 1024, 5000}) {
        std::vector<float> whole(static_cast<size_t>(count));
        double sum = 0;
        for (int64_t i = 0; i < count; ++i) {
            whole[i] = static_cast<float>(i % 7 - 3);
            sum += static_cast<double>(whole[i] * whole[i]);
        }
        for (const TrainingKernels* kernels : all_kernels()) {
            EXPECT_EQ(kernels->sum_of_squares(count, whole.data()), sum) << kernels->name << " " << count;
        }
    }
}

}  // namespace
}  // namespace quantface
