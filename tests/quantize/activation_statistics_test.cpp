#include "quantize/activation_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "faces/sources.h"
#include "quantize/activation_histogram.h"
#include "runtime/embedder.h"
#include "runtime/float_executor.h"
#include "small_graphs.h"

namespace quantface {
namespace {

TEST(ActivationHistogram, QuantilesToABinsWidth) {
    Rng rng(1);
    ActivationHistogram histogram, other;
    std::vector<float> numbers;
    for (int i = 0; i < 40001; ++i) {
        // Skewed, over many octaves, zeros among them.
        const auto number = static_cast<float>(i % 10 == 0 ? 0 : std::exp(3 * rng.normal()) - 1);
        numbers.push_back(number);
        (i % 2 ? histogram : other).add({&number, 1});
    }
    histogram.merge(other);
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(histogram.count(), 40001);
    for (const double fraction : {0.0, 0.001, 0.01, 0.2, 0.5, 0.9, 0.999, 1.0}) {
        const double exact = numbers[static_cast<size_t>(fraction * 40000)];
        EXPECT_NEAR(histogram.quantile(fraction), exact, 0.03 * std::fabs(exact) + 1e-6) << fraction;
    }
}

TEST(ActivationHistogram, ExtremeNumbersGoToTheOutermostBins) {
    ActivationHistogram histogram;
    EXPECT_EQ(histogram.quantile(0.5), 0);
    histogram.add(std::vector<float>{-3e38f, 1e-30f, 3e38f});
    EXPECT_EQ(histogram.count(), 3);
    EXPECT_NEAR(histogram.quantile(0), -std::ldexp(1.0, 20), std::ldexp(1.0, 15));
    EXPECT_EQ(histogram.quantile(0.5), 0);
    EXPECT_NEAR(histogram.quantile(1), std::ldexp(1.0, 20), std::ldexp(1.0, 15));
    ActivationHistogram negative;
    negative.add(std::vector<float>(10, -2.0f));
    for (const double fraction : {0.0, 0.5, 1.0}) EXPECT_NEAR(negative.quantile(fraction), -2, 0.04);
}

class Activations : public testing::Test {
  protected:
    Activations() : graph_(small_mobile_face_net(5)) {}

    ActivationStatistics measure(const ImageSource& source, int64_t count, int threads,
                                 std::span<const ActivationBounds> bounds = {}) {
        ThreadPool pool(threads);
        SilentProgress progress;
        return measure_activations(graph_, source, count, {"images", bounds, {}}, pool, progress);
    }

    // Every number of each value on the source's first images, as plainly as can be.
    std::vector<std::vector<float>> all_numbers(const ImageSource& source, int64_t count) {
        std::vector<std::vector<float>> numbers(graph_.values.size());
        const FloatExecutor executor(graph_);
        const auto workspace = executor.make_workspace();
        std::vector<float> input(static_cast<size_t>(graph_.values[graph_.input].shape.size()));
        std::vector<float> embedding(static_cast<size_t>(graph_.embedding_size()));
        for (int64_t index = 0; index < count; ++index) {
            const Image image = source.image(index);
            to_network_input({image.rgb.data(), image.height, image.width}, graph_.input_spec, input);
            executor.run(input, embedding, *workspace, [&](ValueId value, std::span<const float> data) {
                numbers[value].insert(numbers[value].end(), data.begin(), data.end());
            });
        }
        return numbers;
    }

    Graph graph_;
};

TEST_F(Activations, AreWhatPlainLoopsGive) {
    constexpr int64_t kImages = 19;  // no multiple of anything
    const auto source = make_noise_source(1, 24, 20), other = make_noise_source(2, 24, 20);
    const ActivationStatistics first = measure(*other, 4, 2);
    const std::vector<ActivationBounds> bounds = first.bounds();
    const ActivationStatistics statistics = measure(*source, kImages, 2, bounds);
    const auto numbers = all_numbers(*source, kImages);
    EXPECT_EQ(statistics.images, kImages);
    for (size_t value = 0; value < numbers.size(); ++value) {
        const ValueStatistics& measured = statistics.values[value];
        const std::vector<float>& all = numbers[value];
        ASSERT_EQ(measured.count, static_cast<int64_t>(all.size()));
        EXPECT_EQ(measured.minimum, *std::min_element(all.begin(), all.end()));
        EXPECT_EQ(measured.maximum, *std::max_element(all.begin(), all.end()));
        const Shape& shape = graph_.values[value].shape;
        const auto plane = static_cast<size_t>(shape.plane()), size = static_cast<size_t>(shape.size());
        for (size_t channel = 0; channel < measured.sums.size(); ++channel) {
            double sum = 0, squares = 0;
            for (size_t i = 0; i < all.size(); ++i) {
                if (i % size / plane != channel) continue;
                sum += all[i];
                squares += double{all[i]} * all[i];
            }
            const double count = static_cast<double>(plane) * kImages, mean = sum / count;
            EXPECT_NEAR(measured.mean(channel), mean, 1e-9);
            EXPECT_NEAR(measured.standard_deviation(channel),
                        std::sqrt(std::max(0.0, squares / count - mean * mean)), 1e-7);
        }
        int64_t in_extremes = 0, in_quantiles = 0, in_levels = 0;
        double clipped = 0;
        for (const float x : all) {
            const ActivationBounds& b = bounds[value];
            in_extremes += x >= b.extremes.low && x <= b.extremes.high;
            in_quantiles += x >= b.quantiles.low && x <= b.quantiles.high;
            in_levels += x >= b.levels.low && x <= b.levels.high;
            clipped += std::pow(std::max({0.0, double{x} - b.levels.high, double{b.levels.low} - x}), 2);
        }
        EXPECT_EQ(measured.bounds.in_extremes, in_extremes);
        EXPECT_EQ(measured.bounds.in_quantiles, in_quantiles);
        EXPECT_EQ(measured.bounds.in_levels, in_levels);
        EXPECT_NEAR(measured.bounds.clipped_squares, clipped, 1e-9 + 1e-9 * clipped);
    }
    const std::vector<float>& embeddings = numbers[static_cast<size_t>(graph_.output)];
    EXPECT_EQ(statistics.embeddings, embeddings);
}

// A scale that is infinite where the image is not zero, and no number where it is.
TEST(ActivationStatistics, NumbersThatAreNoneAreCountedApart) {
    GraphBuilder b(4, 4, 1);
    Graph graph =
        b.finish(b.add(GlobalAveragePoolOp{}, {b.add(AffineOp{{1, 1, 1}, {0, 0, 0}}, {b.input()})}));
    std::get<AffineOp>(graph.nodes[0].op).scale[1] = std::numeric_limits<float>::infinity();
    ThreadPool pool(1);
    SilentProgress progress;
    const auto source = make_noise_source(1, 4, 4);
    const ActivationStatistics statistics =
        measure_activations(graph, *source, 3, {"images", {}, {}}, pool, progress);
    const ValueStatistics& value = statistics.values[graph.nodes[0].output];
    EXPECT_EQ(value.not_finite, 3 * 16);
    EXPECT_EQ(value.count, 2 * 3 * 16);
    EXPECT_LE(value.maximum, 1);
    EXPECT_TRUE(std::isfinite(value.mean(0)));
}

TEST_F(Activations, AreTheSameOnAnyNumberOfThreads) {
    const auto source = make_noise_source(3, 24, 20);
    const ActivationStatistics one = measure(*source, 21, 1), three = measure(*source, 21, 3);
    EXPECT_EQ(one.embeddings, three.embeddings);
    for (size_t value = 0; value < one.values.size(); ++value) {
        EXPECT_EQ(one.values[value].sums, three.values[value].sums);
        EXPECT_EQ(one.values[value].squares, three.values[value].squares);
        EXPECT_EQ(one.bounds()[value].quantiles.high, three.bounds()[value].quantiles.high);
    }
}

class Stopped final : public Progress {
  public:
    void start(const std::string&, int64_t) override {}
    void advance(int64_t) override {}
    void finish() override {}
    bool stop_requested() const override { return true; }
};

TEST_F(Activations, StopWhenAskedTo) {
    const auto source = make_noise_source(1, 24, 20);
    ThreadPool pool(2);
    Stopped stopped;
    try {
        measure_activations(graph_, *source, 10, {"images", {}, {}}, pool, stopped);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    }
}

}  // namespace
}  // namespace quantface
