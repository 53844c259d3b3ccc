// Real face networks, quantized quickly, on rendered faces.
#include <gtest/gtest.h>

#include <map>

#include "formats/qfm.h"
#include "quantize/embedding_agreement.h"
#include "quantize/fake_quantized_graph.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "quantize/layerwise.h"
#include "quantize/post_training.h"
#include "runtime/integer_executor.h"
#include "support/real_material.h"
#include "synth/rendered_source.h"

namespace quantface {
namespace {

class RealNetworks : public testing::TestWithParam<int> {
  protected:
    void SetUp() override {
        const RealNetwork network = real_networks()[GetParam()];
        if (!std::filesystem::exists(network.path)) GTEST_SKIP() << network.path << " is not on this machine";
        graph_ = import_onnx(network.path, network.options).graph;
    }

    PostTrainingResult quantize(int weight_bits, int activation_bits, bool asymmetric_weights = false) {
        PostTrainingOptions options;
        options.weight_bits = weight_bits;
        options.activation_bits = activation_bits;
        options.observer = ObserverKind::kMinMax;
        options.images = 12;
        options.held_out_images = 6;
        options.weight_compensation = false;
        options.asymmetric_weights = asymmetric_weights;
        const auto source = make_rendered_source(5, graph_.input_spec.height, graph_.input_spec.width);
        SilentProgress progress;
        return quantize_post_training(graph_, *source, options, pool_, progress);
    }

    CalibrationImages rendered(uint64_t seed, int64_t count) {
        const auto source = make_rendered_source(seed, graph_.input_spec.height, graph_.input_spec.width);
        SilentProgress progress;
        return load_calibration_images(*source, graph_.input_spec, 0, count, pool_, progress);
    }

    Graph graph_;
    ThreadPool pool_{2};
};

// Every value of two images, to the bit.
void expect_fast_equals_scalar(const IntegerModel& model, const CalibrationImages& images,
                               const std::string& what) {
    const IntegerExecutor scalar(model, KernelChoice::kScalarReference), fast(model);
    const auto scalar_workspace = scalar.make_workspace(), fast_workspace = fast.make_workspace();
    std::vector<float> embedding(model.embedding_size());
    for (const auto& pixels : images.pixels) {
        std::map<ValueId, std::vector<uint8_t>> levels;
        std::map<ValueId, std::vector<float>> numbers;
        scalar.run(pixels, embedding, *scalar_workspace,
                   [&](ValueId value, std::span<const uint8_t> l, std::span<const float> n) {
                       levels[value].assign(l.begin(), l.end());
                       numbers[value].assign(n.begin(), n.end());
                   });
        size_t compared = 0;
        fast.run(pixels, embedding, *fast_workspace,
                 [&](ValueId value, std::span<const uint8_t> l, std::span<const float> n) {
                     ++compared;
                     EXPECT_TRUE(std::equal(l.begin(), l.end(), levels[value].begin(), levels[value].end()))
                         << what << ", " << model.values[value].name;
                     EXPECT_TRUE(std::equal(n.begin(), n.end(), numbers[value].begin(), numbers[value].end()))
                         << what << ", " << model.values[value].name;
                 });
        EXPECT_EQ(compared, model.values.size() - 1);
    }
}

TEST_P(RealNetworks, FastKernelsEqualTheScalarReferenceOnEveryLayer) {
    const CalibrationImages images = rendered(6, 2);
    for (const int bits : {8, 4}) {
        expect_fast_equals_scalar(quantize(bits, bits).model, images, std::to_string(bits) + " bits");
    }
}

TEST_P(RealNetworks, FastKernelsEqualTheScalarReferenceWithAsymmetricWeights) {
    const CalibrationImages images = rendered(6, 2);
    for (const int bits : {8, 4}) {
        const PostTrainingResult result = quantize(bits, 8, true);
        EXPECT_GT(result.held_out_cosine, bits == 8 ? 0.95 : 0.7);
        const IntegerModel read = decode_qfm(encode_qfm(result.model), "memory");
        expect_fast_equals_scalar(read, images, std::to_string(bits) + " bits, asymmetric");
    }
}

// The float graph with fake quantization is the integer network's oracle. What is left between them (the
// padding of images in whole levels, multipliers and slopes of binary16, by which a level flips here and
// there) has nothing to do with the weights' grid, so asymmetric weights have to agree as symmetric ones do.
TEST_P(RealNetworks, TheFloatSimulationAgreesWithAsymmetricWeights) {
    const CalibrationImages images = rendered(8, 12);
    Graph graph = graph_;
    run_verified_passes(graph, {});
    const std::vector<FusedNode> plan = plan_fusion(graph);
    for (const int weight_bits : {8, 4}) {
        const BitPlan bits{std::vector<int>(graph.nodes.size(), weight_bits),
                           std::vector<int>(graph.values.size(), 8)};
        const auto agreement = [&](WeightGrid grid) {
            LayerwiseOptions options;
            options.weight_compensation = false;
            options.weight_grid = grid;
            SilentProgress progress;
            const QuantizedGraph quantized =
                quantize_layerwise(graph, plan, bits, images, options, pool_, progress);
            const Graph simulated = fake_quantized_graph(graph, plan, quantized);
            const IntegerModel model = lower_to_integer(graph, plan, quantized);
            return mean_cosine(float_embeddings(simulated, images, pool_),
                               integer_embeddings(model, images, pool_),
                               static_cast<size_t>(graph.embedding_size()));
        };
        const double asymmetric = agreement(WeightGrid::kAsymmetric);
        RecordProperty("w" + std::to_string(weight_bits) + "a8", std::to_string(asymmetric));
        EXPECT_GT(asymmetric, 0.98) << weight_bits;
        EXPECT_GT(asymmetric, agreement(WeightGrid::kSymmetric) - 0.01) << weight_bits;
    }
}

TEST_P(RealNetworks, EightBitsAgreeAndSurviveTheFile) {
    const PostTrainingResult result = quantize(8, 8);
    EXPECT_GT(result.held_out_cosine, 0.95);
    const IntegerModel read = decode_qfm(encode_qfm(result.model), "memory");
    const CalibrationImages images = rendered(7, 3);
    EXPECT_EQ(integer_embeddings(result.model, images, pool_), integer_embeddings(read, images, pool_));
}

TEST_P(RealNetworks, FilesAreAsSmallAsTheirBits) {
    const auto onnx_bytes = static_cast<double>(std::filesystem::file_size(real_networks()[GetParam()].path));
    EXPECT_GT(onnx_bytes / static_cast<double>(encode_qfm(quantize(8, 8).model).size()), 3.8);
    EXPECT_GT(onnx_bytes / static_cast<double>(encode_qfm(quantize(6, 6).model).size()), 5.0);
    EXPECT_GT(onnx_bytes / static_cast<double>(encode_qfm(quantize(4, 4).model).size()), 7.2);
}

INSTANTIATE_TEST_SUITE_P(Networks, RealNetworks, testing::Range(0, 4), [](const auto& network) {
    return real_networks()[network.param].path.stem().string();
});

}  // namespace
}  // namespace quantface
