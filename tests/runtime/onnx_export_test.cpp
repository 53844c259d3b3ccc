// Exports of random integer networks, run by ONNX Runtime beside the engine.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "formats/onnx_parse.h"
#include "random_models.h"
#include "support/exported_network.h"
#include "support/onnx_runtime_library.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

class OnnxExport : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("quantface_export_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    void add(const std::string& name, const IntegerModel& model, OnnxStyle style) {
        Rng rng(7, 1);
        networks_.push_back(export_network(folder_, name, model, style,
                                           {random_pixels(model, rng), random_pixels(model, rng)}));
    }

    // The operators of the network as ONNX Runtime runs it, counted.
    std::map<std::string, int> operators_run(const ExportedNetwork& network, std::string& obstacle) {
        const fs::path path = folder_ / (network.name + ".optimized.onnx");
        obstacle = optimize_with_onnx_runtime(network.peer.model, path);
        std::map<std::string, int> operators;
        if (!obstacle.empty()) return operators;
        const onnx::ModelProto optimized = parse_onnx(read_file(path), path.string());
        for (const auto& node : optimized.graph().node()) ++operators[node.op_type()];
        return operators;
    }

    fs::path folder_;
    std::vector<ExportedNetwork> networks_;
};

bool has_average_pool(const IntegerModel& model) {
    return std::any_of(model.nodes.begin(), model.nodes.end(), [](const IntegerNode& node) {
        return std::holds_alternative<IntegerAveragePool>(node.op);
    });
}

// Convolutions as ONNX Runtime has them on levels: each with an output of levels, none with what it must
// compute in float32 behind. Layers of 8, 6 and 4 bits, a ReLU6-like clip, padding unlike zero, asymmetric
// weights.
IntegerModel convolutions_on_levels(uint64_t seed, bool asymmetric) {
    RandomModelBuilder builder(seed, 12, 10);
    RandomModelBuilder::ConvOptions options;
    options.kernel_height = options.kernel_width = 3;
    options.padding = {1, 1, 1, 1};
    options.asymmetric_weights = asymmetric;
    ValueId value = builder.conv(builder.input(), 24, options);
    options.activation = Activation::kClip;
    options.bits = 6;
    options.groups = 24;
    value = builder.conv(value, 24, options);
    options.groups = 1;
    options.weight_bits = 4;
    options.bits = 4;
    options.stride = 2;
    value = builder.conv(value, 32, options);
    RandomModelBuilder::ConvOptions last;
    last.kernel_height = builder.shape(value).height;
    last.kernel_width = builder.shape(value).width;
    last.is_float = true;
    return builder.finish(builder.conv(value, 20, last));
}

TEST_F(OnnxExport, QdqGivesTheEnginesEmbeddingsOfRandomNetworks) {
    for (uint64_t seed = 0; seed < 80; ++seed) {
        add("random" + std::to_string(seed), random_network(seed, 12), OnnxStyle::kQdq);
    }
    const std::string obstacle = run_exported(folder_, networks_);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    int exact = 0, pooled = 0, pooled_and_exact = 0;
    for (const ExportedNetwork& network : networks_) {
        ASSERT_EQ(network.peer.outputs.size(), network.expected.size()) << network.name;
        const bool same = network.peer.outputs == network.expected;
        if (has_average_pool(network.model)) {
            ++pooled;  // means may be rounded otherwise in their last bit
            pooled_and_exact += same;
        } else {
            ++exact;
            EXPECT_TRUE(same) << network.name << ": cosine " << least_cosine(network);
        }
    }
    EXPECT_GT(exact, 10);
    EXPECT_GT(pooled_and_exact, pooled * 9 / 10) << pooled;
}

TEST_F(OnnxExport, QdqGivesTheEnginesEmbeddingsOfMobileFaceNets) {
    add("w8", random_mobile_face_net(1), OnnxStyle::kQdq);
    add("w4", random_mobile_face_net(2, 4), OnnxStyle::kQdq);
    add("w8_asymmetric", random_mobile_face_net(3, 8, true), OnnxStyle::kQdq);
    add("w5_asymmetric", random_mobile_face_net(4, 5, true), OnnxStyle::kQdq);
    const std::string obstacle = run_exported(folder_, networks_);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    for (const ExportedNetwork& network : networks_) {
        EXPECT_EQ(network.peer.outputs, network.expected)
            << network.name << ": cosine " << least_cosine(network);
    }
}

// Where nothing has to be guessed, what is left is the bias rounded to whole units and the coarser grid of
// asymmetric weights of 8 bits.
TEST_F(OnnxExport, QdqIntegerRunsConvolutionsOnLevelsAndGivesNearlyTheSame) {
    for (uint64_t seed = 0; seed < 6; ++seed) {
        add("levels" + std::to_string(seed), convolutions_on_levels(seed, seed % 2 == 1),
            OnnxStyle::kQdqInteger);
    }
    std::string obstacle = run_exported(folder_, networks_);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    for (const ExportedNetwork& network : networks_) {
        EXPECT_GT(least_cosine(network), 1 - 1e-5) << network.name;
        auto operators = operators_run(network, obstacle);
        if (!obstacle.empty()) GTEST_SKIP() << obstacle;
        EXPECT_EQ(operators["QLinearConv"], 3) << network.name;
        EXPECT_EQ(operators["Conv"], 0) << network.name;
        EXPECT_EQ(operators["QGemm"], 1) << network.name;
    }
}

TEST_F(OnnxExport, QdqIntegerRunsEveryConvolutionOfAMobileFaceNetOnLevels) {
    add("mobile", random_mobile_face_net(5), OnnxStyle::kQdqInteger);
    std::string obstacle;
    auto operators = operators_run(networks_[0], obstacle);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    int convolutions = 0;
    for (const IntegerNode& node : networks_[0].model.nodes) {
        convolutions += std::holds_alternative<IntegerConv>(node.op);
    }
    EXPECT_EQ(operators["QLinearConv"], convolutions - 1);
    EXPECT_EQ(operators["QGemm"], 1);
    EXPECT_EQ(operators["Conv"], 0);
}

// Networks of every kind of operation load and run in the styles that guess or leave out levels; random ones
// saturate everywhere, so their embeddings say nothing here.
TEST_F(OnnxExport, EveryStyleOfRandomNetworksRuns) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
        const IntegerModel model = random_network(seed, 12);
        add("random" + std::to_string(seed), model, OnnxStyle::kQdqInteger);
        add("random" + std::to_string(seed), model, OnnxStyle::kFloat);
    }
    const std::string obstacle = run_exported(folder_, networks_);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    for (const ExportedNetwork& network : networks_) {
        EXPECT_EQ(network.peer.outputs.size(), network.expected.size()) << network.name;
    }
}

}  // namespace
}  // namespace quantface
