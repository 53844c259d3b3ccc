// Real face networks, quantized quickly, on rendered faces.
#include <gtest/gtest.h>

#include <map>

#include "formats/qfm.h"
#include "quantize/embedding_agreement.h"
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

    PostTrainingResult quantize(int weight_bits, int activation_bits) {
        PostTrainingOptions options;
        options.weight_bits = weight_bits;
        options.activation_bits = activation_bits;
        options.observer = ObserverKind::kMinMax;
        options.images = 12;
        options.held_out_images = 6;
        options.weight_compensation = false;
        const auto source = make_rendered_source(5, graph_.input_spec.height, graph_.input_spec.width);
        SilentProgress progress;
        return quantize_post_training(graph_, *source, options, pool_, progress);
    }

    Graph graph_;
    ThreadPool pool_{2};
};

TEST_P(RealNetworks, FastKernelsEqualTheScalarReferenceOnEveryLayer) {
    const auto source = make_rendered_source(6, graph_.input_spec.height, graph_.input_spec.width);
    SilentProgress progress;
    const CalibrationImages images =
        load_calibration_images(*source, graph_.input_spec, 0, 2, pool_, progress);
    for (const int bits : {8, 4}) {
        const IntegerModel model = quantize(bits, bits).model;
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
            fast.run(
                pixels, embedding, *fast_workspace,
                [&](ValueId value, std::span<const uint8_t> l, std::span<const float> n) {
                    ++compared;
                    EXPECT_TRUE(std::equal(l.begin(), l.end(), levels[value].begin(), levels[value].end()))
                        << bits << " bits, " << model.values[value].name;
                    EXPECT_TRUE(std::equal(n.begin(), n.end(), numbers[value].begin(), numbers[value].end()))
                        << bits << " bits, " << model.values[value].name;
                });
            EXPECT_EQ(compared, model.values.size() - 1);
        }
    }
}

TEST_P(RealNetworks, EightBitsAgreeAndSurviveTheFile) {
    const PostTrainingResult result = quantize(8, 8);
    EXPECT_GT(result.held_out_cosine, 0.95);
    const IntegerModel read = decode_qfm(encode_qfm(result.model), "memory");
    const auto source = make_rendered_source(7, graph_.input_spec.height, graph_.input_spec.width);
    SilentProgress progress;
    const CalibrationImages images =
        load_calibration_images(*source, graph_.input_spec, 0, 3, pool_, progress);
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
