#include "quantize/observer.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace quantface {
namespace {

using Images = std::vector<std::vector<float>>;

Range observe_images(ObserverKind kind, const Images& images, int bits = 8) {
    const std::vector<std::span<const float>> spans(images.begin(), images.end());
    return observe(kind, spans, bits);
}

TEST(Observer, MinMaxSeesEverything) {
    const Range range = observe_images(ObserverKind::kMinMax, {{0, 1}, {-3, 2}, {0.5f, 7}});
    EXPECT_EQ(range.low, -3);
    EXPECT_EQ(range.high, 7);
}

TEST(Observer, MovingAverageTakesTheMeanOfTheExtremes) {
    const Range range = observe_images(ObserverKind::kMovingAverage, {{0, 1}, {-3, 2}, {0, 6}});
    EXPECT_FLOAT_EQ(range.low, -1);
    EXPECT_FLOAT_EQ(range.high, 3);
}

TEST(Observer, PercentileAndSquaredErrorCutOutliers) {
    Rng rng(1);
    std::vector<float> numbers(200000);
    for (float& number : numbers) number = static_cast<float>(rng.normal());
    numbers[17] = 1000;
    numbers[18] = -900;
    const Range percentile = observe_images(ObserverKind::kPercentile, {numbers});
    EXPECT_LT(percentile.high, 6);
    EXPECT_GT(percentile.high, 3);
    const Range squares =
        observe_images(ObserverKind::kMse, {std::vector<float>(numbers.begin() + 20, numbers.end())}, 4);
    EXPECT_LT(squares.high, 3.5f);
    EXPECT_GT(squares.high, 1.8f);
}

TEST(Observer, SquaredErrorIsNoWorseThanMinMax) {
    Rng rng(2);
    Images images(3, std::vector<float>(5000));
    for (auto& image : images) {
        for (float& number : image) number = static_cast<float>(rng.normal() * rng.normal());
    }
    const auto loss = [&](Range range) {
        const QuantParams params = params_for_range(range, 4);
        double total = 0;
        for (const auto& image : images) {
            for (const float number : image) {
                const double error = number - dequantize(quantize(number, params), params);
                total += error * error;
            }
        }
        return total;
    };
    EXPECT_LE(loss(observe_images(ObserverKind::kMse, images, 4)),
              0.7 * loss(observe_images(ObserverKind::kMinMax, images, 4)));
}

TEST(ParamsForRange, KeepsZeroExactAndCoversTheRange) {
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        for (const Range range : {Range{-1, 3}, Range{0.5f, 2}, Range{-4, -1}, Range{0, 0.001f}}) {
            const QuantParams params = params_for_range(range, bits);
            EXPECT_EQ(dequantize(params.zero_point, params), 0.0f);
            EXPECT_GE(params.zero_point, 0);
            EXPECT_LE(params.zero_point, params.max_level());
            EXPECT_GE(dequantize(params.max_level(), params), range.high - params.scale * 0.51f);
            EXPECT_LE(dequantize(0, params), range.low + params.scale * 0.51f);
        }
    }
    EXPECT_EQ(params_for_range({0, 0}, 8).scale, 1.0f);
}

TEST(ParamsForRange, MarginWidens) {
    EXPECT_NEAR(params_for_range({0, 1}, 8, 1.5).scale, 1.5 / 255, 1e-6);
}

TEST(ObserverNames, RoundTrip) {
    for (const ObserverKind kind : all_observers()) EXPECT_EQ(observer_from_name(observer_name(kind)), kind);
    EXPECT_FALSE(observer_from_name("nonsense"));
}

}  // namespace
}  // namespace quantface
