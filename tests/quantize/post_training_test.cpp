#include "quantize/post_training.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "faces/sources.h"
#include "quantize/embedding_agreement.h"
#include "quantize/fake_quantized_graph.h"
#include "quantize/fusion.h"
#include "quantize/layerwise.h"
#include "runtime/integer_executor.h"
#include "small_quantization.h"

namespace quantface {
namespace {

class EveryNetwork : public testing::TestWithParam<Graph (*)(uint64_t)> {};

TEST_P(EveryNetwork, EightBitsAgreeWithTheTeacher) {
    EXPECT_GT(quantize_small(GetParam()(11), quick_options(8)).held_out_cosine, 0.99);
}

TEST_P(EveryNetwork, MoreBitsAgreeMore) {
    const Graph graph = GetParam()(12);
    const double four = quantize_small(graph, quick_options(4)).held_out_cosine;
    const double eight = quantize_small(graph, quick_options(8)).held_out_cosine;
    EXPECT_GT(eight, four);
}

// The mean cosine between the two.
double simulation_agreement(Graph graph, int weight_bits, int activation_bits, WeightGrid grid) {
    run_verified_passes(graph, {});
    const std::vector<FusedNode> plan = plan_fusion(graph);
    const BitPlan bits{std::vector<int>(graph.nodes.size(), weight_bits),
                       std::vector<int>(graph.values.size(), activation_bits)};
    ThreadPool pool(2);
    SilentProgress progress;
    const auto source = make_noise_source(2, graph.input_spec.height, graph.input_spec.width);
    const CalibrationImages images =
        load_calibration_images(*source, graph.input_spec, 0, 24, pool, progress);
    LayerwiseOptions options;
    options.weight_grid = grid;
    const QuantizedGraph quantized = quantize_layerwise(graph, plan, bits, images, options, pool, progress);
    const Graph simulated = fake_quantized_graph(graph, plan, quantized);
    const IntegerModel model = lower_to_integer(graph, plan, quantized);
    for (const IntegerNode& node : model.nodes) {
        const auto* conv = std::get_if<IntegerConv>(&node.op);
        if (conv == nullptr) continue;
        EXPECT_EQ(conv->has_asymmetric_weights(), grid == WeightGrid::kAsymmetric);
    }
    return mean_cosine(float_embeddings(simulated, images, pool), integer_embeddings(model, images, pool),
                       static_cast<size_t>(graph.embedding_size()));
}

TEST_P(EveryNetwork, TheFloatSimulationAgreesWithTheIntegerModel) {
    const Graph graph = GetParam()(13);
    EXPECT_GT(simulation_agreement(graph, 6, 6, WeightGrid::kSymmetric), 0.995);
    for (const int weight_bits : {8, 7, 6, 4, 3}) {
        EXPECT_GT(simulation_agreement(graph, weight_bits, 8, WeightGrid::kAsymmetric), 0.995) << weight_bits;
    }
}

TEST_P(EveryNetwork, AsymmetricWeightsAgreeWithTheTeacher) {
    PostTrainingOptions options = quick_options(8);
    options.asymmetric_weights = true;
    for (const bool compensation : {false, true}) {
        options.weight_compensation = compensation;
        const PostTrainingResult result = quantize_small(GetParam()(11), options);
        EXPECT_GT(result.held_out_cosine, 0.99);
        EXPECT_NE(result.model.record.find("\"asymmetric_weights\":true"), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Networks, EveryNetwork,
                         testing::Values(&small_mobile_face_net, &small_iresnet, &small_mixed_net));

TEST(PostTraining, HonoursBitsOfEndsAndResidualStream) {
    PostTrainingOptions options = quick_options(4);
    options.ends_bits = 8;
    options.residual_bits = 7;
    const IntegerModel model = quantize_small(small_mobile_face_net(14), options).model;
    const auto* first = std::get_if<IntegerConv>(&model.nodes.front().op);
    const auto* last = std::get_if<IntegerConv>(&model.nodes.back().op);
    ASSERT_TRUE(first != nullptr && last != nullptr);
    EXPECT_EQ(first->weight_bits, 8);
    EXPECT_EQ(last->weight_bits, 8);
    EXPECT_EQ(model.values[model.nodes.back().inputs[0]].quant.bits, 8);
    int residuals = 0;
    for (const IntegerNode& node : model.nodes) {
        const Epilogue* epilogue = epilogue_of(node);
        if (epilogue == nullptr || epilogue->residual == kNoValue) continue;
        ++residuals;
        EXPECT_EQ(model.values[epilogue->residual].quant.bits, 7);
        EXPECT_EQ(model.values[epilogue->outputs[0].value].quant.bits, 7);
    }
    EXPECT_EQ(residuals, 2);
    int four_bit_convs = 0;
    for (const IntegerNode& node : model.nodes) {
        const auto* conv = std::get_if<IntegerConv>(&node.op);
        if (conv != nullptr) four_bit_convs += conv->weight_bits == 4;
    }
    EXPECT_EQ(four_bit_convs, 9);
}

// Trained networks have channels that died: no weights left, or weights of no consequence beside a constant.
TEST(PostTraining, DeadChannelsDoNotHarmTheOthers) {
    Graph graph = small_mobile_face_net(21);
    run_verified_passes(graph, {});
    for (Node& node : graph.nodes) {
        auto* conv = std::get_if<ConvOp>(&node.op);
        if (conv == nullptr || conv->weight.dims[0] < 12 || node.output == graph.output) continue;
        const auto per_output = static_cast<int64_t>(conv->weight.data.size()) / conv->weight.dims[0];
        std::fill_n(conv->weight.data.begin() + 2 * per_output, per_output, 0.0f);
        for (int64_t index = 5 * per_output; index < 6 * per_output; ++index)
            conv->weight.data[index] *= 1e-12f;
        conv->bias[2] = 0.7f;
        conv->bias[5] = -0.6f;
    }
    EXPECT_GT(quantize_small(graph, quick_options(8)).held_out_cosine, 0.99);
}

// What the input's zero level contributes is folded into the bias with the weights as they will run, also
// where a channel's had to go to a coarser grid.
TEST(IntegerLowering, FaintChannelsKeepTheirZeroLevel) {
    GraphBuilder builder(3, 3, 1);
    const Graph graph = builder.finish(builder.conv(builder.input(), 2, 3, 1, 0));
    const std::vector<FusedNode> plan = plan_fusion(graph);
    QuantizedGraph quantized;
    quantized.values.resize(graph.values.size());
    QuantizedConv& conv = quantized.convs[0];
    conv.scale = {1.0f, 0x1p-18f};
    conv.bias = {0, 0};
    conv.level.assign(54, 96);
    ThreadPool pool(1);
    SilentProgress progress;
    const auto source = make_noise_source(2, 3, 3);
    const CalibrationImages images = load_calibration_images(*source, graph.input_spec, 0, 4, pool, progress);
    for (const bool asymmetric : {false, true}) {
        if (asymmetric) conv.zero_point = {10, 0};
        const Graph simulated = fake_quantized_graph(graph, plan, quantized);
        const IntegerModel model = lower_to_integer(graph, plan, quantized);
        const std::vector<float> wanted = float_embeddings(simulated, images, pool);
        const std::vector<float> found = integer_embeddings(model, images, pool);
        for (size_t image = 0; image < 4; ++image) {
            // Beside the rounding of the weight, half a unit of the bias.
            EXPECT_NEAR(found[image * 2 + 1], wanted[image * 2 + 1],
                        0.01 * std::fabs(wanted[image * 2 + 1]) + 0x1p-14);
            EXPECT_NEAR(found[image * 2], wanted[image * 2], 1.0);
        }
    }
}

TEST(PostTraining, KeepsTheBetterObserver) {
    const Graph graph = small_mobile_face_net(15);
    PostTrainingOptions options = quick_options(4);
    double best = 0;
    for (const ObserverKind kind : all_observers()) {
        options.observer = kind;
        best = std::max(best, quantize_small(graph, options).held_out_cosine);
    }
    options.observer.reset();
    EXPECT_DOUBLE_EQ(quantize_small(graph, options).held_out_cosine, best);
}

TEST(PostTraining, KeepsTheBetterWayOfRounding) {
    const Graph graph = small_mobile_face_net(22);
    PostTrainingOptions options = quick_options(5);
    const double compensated = quantize_small(graph, options).held_out_cosine;
    options.weight_compensation = false;
    const double nearest = quantize_small(graph, options).held_out_cosine;
    options.weight_compensation.reset();
    EXPECT_DOUBLE_EQ(quantize_small(graph, options).held_out_cosine, std::max(compensated, nearest));
}

TEST(PostTraining, CompensationAndCorrectionHelpAtFewBits) {
    const Graph graph = small_mobile_face_net(16);
    PostTrainingOptions options = quick_options(3);
    const double with = quantize_small(graph, options).held_out_cosine;
    options.weight_compensation = options.bias_correction = false;
    EXPECT_GT(with, quantize_small(graph, options).held_out_cosine);
}

TEST(PostTraining, ReportsEveryLayer) {
    PostTrainingOptions options = quick_options(4);
    options.layer_report = true;
    const PostTrainingResult result = quantize_small(small_mobile_face_net(17), options);
    ASSERT_EQ(result.layers.size(), result.model.nodes.size());
    for (const LayerReport& layer : result.layers) {
        EXPECT_GT(layer.signal_to_noise_db, 3) << layer.name;
        EXPECT_GE(layer.embedding_cosine, result.held_out_cosine - 0.05) << layer.name;
        EXPECT_LE(layer.embedding_cosine, 1.0001) << layer.name;
    }
}

TEST(PostTraining, SameInputSameModel) {
    const Graph graph = small_iresnet(18);
    const IntegerModel a = quantize_small(graph, quick_options(5)).model,
                       b = quantize_small(graph, quick_options(5)).model;
    ASSERT_EQ(a.nodes.size(), b.nodes.size());
    for (size_t node = 0; node < a.nodes.size(); ++node) {
        const auto *x = std::get_if<IntegerConv>(&a.nodes[node].op),
                   *y = std::get_if<IntegerConv>(&b.nodes[node].op);
        if (x == nullptr) continue;
        EXPECT_EQ(x->weight, y->weight);
        EXPECT_EQ(x->bias, y->bias);
        EXPECT_EQ(x->multiplier, y->multiplier);
    }
}

TEST(PostTraining, RefusesNonsense) {
    const Graph graph = small_mobile_face_net(19);
    PostTrainingOptions options = quick_options(9);
    EXPECT_THROW(quantize_small(graph, options), Error);
    options = quick_options(1);
    EXPECT_THROW(quantize_small(graph, options), Error);
    options = quick_options(8);
    options.skip_passes = {"no-such-pass"};
    EXPECT_THROW(quantize_small(graph, options), Error);
    options.skip_passes = {"batch-norm-to-affine"};
    EXPECT_THROW(quantize_small(graph, options), Error);
}

TEST(PostTraining, StopsWhenAsked) {
    class Stop final : public Progress {
        void start(const std::string&, int64_t) override {}
        void advance(int64_t) override {}
        void finish() override {}
        bool stop_requested() const override { return true; }
    };
    const Graph graph = small_mobile_face_net(20);
    ThreadPool pool(2);
    Stop progress;
    const auto source = make_noise_source(1, graph.input_spec.height, graph.input_spec.width);
    try {
        quantize_post_training(graph, *source, quick_options(8), pool, progress);
        FAIL() << "did not stop";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    }
}

}  // namespace
}  // namespace quantface
