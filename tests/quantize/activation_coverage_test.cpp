#include "quantize/activation_coverage.h"

#include <gtest/gtest.h>

#include <cmath>

#include "faces/sources.h"
#include "small_graphs.h"

namespace quantface {
namespace {

// Images of one level each.
class FlatSource final : public ImageSource {
  public:
    explicit FlatSource(std::vector<uint8_t> levels) : levels_(std::move(levels)) {}
    std::optional<int64_t> size() const override { return static_cast<int64_t>(levels_.size()); }
    Image image(int64_t index) const override {
        return {4, 4, std::vector<uint8_t>(4 * 4 * 3, levels_.at(static_cast<size_t>(index)))};
    }
    std::string description() const override { return "flat"; }

  private:
    std::vector<uint8_t> levels_;
};

ActivationStatistics measure(const Graph& graph, const ImageSource& source, int64_t count,
                             const ActivationStatistics* set = nullptr) {
    ThreadPool pool(2);
    SilentProgress progress;
    std::vector<ActivationBounds> bounds;
    if (set != nullptr) bounds = set->bounds();
    return measure_activations(graph, source, count, {"images", bounds, {}}, pool, progress);
}

// Twice the image's number, x = (level - 127.5) / 127.5, and its mean.
Graph doubling_graph() {
    GraphBuilder b(4, 4, 1);
    const ValueId doubled = b.add(AffineOp{{2, 2, 2}, {0, 0, 0}}, {b.input()});
    return b.finish(b.add(GlobalAveragePoolOp{}, {doubled}));
}

TEST(Coverage, ByHand) {
    const Graph graph = doubling_graph();
    // The set reaches from -0.4 to 0.4, the reference is at 0.4 and at 2.
    const ActivationStatistics set = measure(graph, FlatSource({102, 153}), 2);
    const ActivationStatistics reference = measure(graph, FlatSource({153, 255}), 2, &set);
    const std::vector<LayerCoverage> layers = compare_activations(graph, set, reference);
    ASSERT_EQ(layers.size(), 2u);
    for (const LayerCoverage& layer : layers) {
        EXPECT_NEAR(layer.set.extremes.low, -0.4, 1e-6);
        EXPECT_NEAR(layer.reference.extremes.high, 2, 1e-6);
        EXPECT_EQ(layer.in_extremes, 0.5);
        EXPECT_EQ(layer.overflow, 0.5);
        // 1.6 squared of 0.4 squared and 2 squared.
        EXPECT_NEAR(layer.clipped_energy, 2.56 / 4.16, 1e-6);
        // Levels reach from -0.4 to 0.4, and from 0 to 2.
        ASSERT_TRUE(layer.range_ratio);
        EXPECT_NEAR(*layer.range_ratio, 0.4, 1e-6);
        // Half the numbers lose 1.6 squared, the others a step's square over 12.
        const double step = 0.8 / 255, own_step = 2.0 / 255;
        ASSERT_TRUE(layer.noise_db);
        EXPECT_NEAR(*layer.noise_db,
                    10 * std::log10((2.56 / 2 + step * step / 24) / (own_step * own_step / 12)), 1e-4);
        // Means 0 and 1.2, standard deviations 0.4 and 0.8.
        EXPECT_EQ(layer.channels.channels, 3);
        EXPECT_NEAR(layer.channels.mean_shift, 1.5, 1e-6);
        EXPECT_NEAR(layer.channels.largest_shift, 1.5, 1e-6);
        EXPECT_NEAR(layer.channels.log_std_ratio, -std::log(2.0), 1e-6);
        EXPECT_NEAR(layer.channels.abs_log_std_ratio, std::log(2.0), 1e-6);
    }
    EXPECT_EQ(layers[0].op, "Affine");
    const CoverageSummary summary = summarize(layers);
    EXPECT_EQ(summary.in_extremes, 0.5);
    EXPECT_NEAR(summary.range_ratio, 0.4, 1e-6);
    EXPECT_NEAR(summary.mean_shift, 1.5, 1e-6);
}

TEST(Coverage, ASetCoversItself) {
    const Graph graph = small_mobile_face_net(2);
    const auto source = make_noise_source(1, 24, 20);
    const ActivationStatistics set = measure(graph, *source, 64);
    const std::vector<LayerCoverage> layers =
        compare_activations(graph, set, measure(graph, *source, 64, &set));
    int quantized = 0;
    for (const LayerCoverage& layer : layers) {
        EXPECT_EQ(layer.in_extremes, 1) << layer.name;
        EXPECT_EQ(layer.overflow, 0);
        EXPECT_EQ(layer.clipped_energy, 0);
        EXPECT_EQ(layer.channels.mean_shift, 0);
        EXPECT_EQ(layer.channels.abs_log_std_ratio, 0);
        if (layer.range_ratio) {
            EXPECT_EQ(*layer.range_ratio, 1);
            EXPECT_NEAR(*layer.noise_db, 0, 1e-12);
        }
        // Where a layer has numbers enough for quantiles.
        if (graph.values[layer.value].shape.size() > 1000) {
            EXPECT_NEAR(layer.in_quantiles, 0.998, 5e-4) << layer.name;
        }
        quantized += layer.quantized;
        EXPECT_NE(layer.op, "Flatten");
    }
    // The first two convolutions, three of each of the two blocks, the last two; the embedding has no levels.
    EXPECT_EQ(quantized, 10);
    EXPECT_EQ(summarize(layers).layers, 10);
}

TEST(Coverage, ChannelsThatTheReferenceLeavesSilentTakeNoPart) {
    GraphBuilder b(4, 4, 1);
    const ValueId scaled = b.add(AffineOp{{1, 0, 1e-6f}, {0, 5, 0}}, {b.input()});
    const Graph graph = b.finish(b.add(GlobalAveragePoolOp{}, {scaled}));
    const ActivationStatistics set = measure(graph, FlatSource({0, 255}), 2);
    const std::vector<LayerCoverage> layers =
        compare_activations(graph, set, measure(graph, FlatSource({0, 255}), 2, &set));
    EXPECT_EQ(layers[0].channels.channels, 1);
}

TEST(BatchNorms, DistanceFromWhatTheyRemember) {
    GraphBuilder b(4, 4, 1);
    BatchNormOp norm;
    norm.scale = norm.variance = {1, 4, 0.25f};
    norm.bias = {0, 0, 0};
    norm.mean = {0, 3, -1};
    norm.epsilon = 0;
    const ValueId normed = b.add(norm, {b.input()});
    const Graph graph = b.finish(b.add(GlobalAveragePoolOp{}, {normed}));
    // Numbers -1 and 1: mean 0, standard deviation 1.
    const ActivationStatistics set = measure(graph, FlatSource({0, 255}), 2);
    const std::vector<BatchNormDistance> distances = batch_norm_distances(graph, set);
    ASSERT_EQ(distances.size(), 1u);
    EXPECT_EQ(distances[0].name, graph.nodes[0].name);
    const ChannelDistance& channels = distances[0].channels;
    EXPECT_EQ(channels.channels, 3);
    // Shifts 0, 3 / 2 and 1 / 0.5; ratios 1, 1 / 2 and 2.
    EXPECT_NEAR(channels.mean_shift, 3.5 / 3, 1e-6);
    EXPECT_NEAR(channels.largest_shift, 2, 1e-6);
    EXPECT_NEAR(channels.log_std_ratio, 0, 1e-6);
    EXPECT_NEAR(channels.abs_log_std_ratio, 2 * std::log(2.0) / 3, 1e-6);
    EXPECT_TRUE(
        batch_norm_distances(doubling_graph(), measure(doubling_graph(), FlatSource({0, 255}), 2)).empty());
}

TEST(QuantizedValues, AreNotKnownWhereANetworkHasNoIntegerForm) {
    GraphBuilder b(4, 4, 1);
    const ValueId flat = b.add(FlattenOp{}, {b.prelu(b.input())});
    EXPECT_FALSE(quantized_values(b.finish(flat)));
    EXPECT_TRUE(quantized_values(small_iresnet(1)));
}

}  // namespace
}  // namespace quantface
