// Exports of quantized networks, small ones and real ones, run by ONNX Runtime beside the engine.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "formats/onnx_import.h"
#include "formats/onnx_parse.h"
#include "quantize/embedding_agreement.h"
#include "small_quantization.h"
#include "support/exported_network.h"
#include "support/onnx_runtime_library.h"
#include "support/real_material.h"
#include "synth/rendered_source.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

class OnnxExportNetworks : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("quantface_export_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    void add_all_styles(const std::string& name, const IntegerModel& model,
                        const std::vector<std::vector<uint8_t>>& pixels) {
        for (const OnnxStyleName& style : kOnnxStyles) {
            networks_.push_back(export_network(folder_, name, model, style.style, pixels));
        }
    }

    // Convolutions that ONNX Runtime would compute in float32, and those on levels.
    std::pair<int, int> convolutions(const ExportedNetwork& network, std::string& obstacle) {
        const fs::path path = folder_ / (network.name + ".optimized.onnx");
        obstacle = optimize_with_onnx_runtime(network.peer.model, path);
        std::map<std::string, int> operators;
        if (obstacle.empty()) {
            const onnx::ModelProto optimized = parse_onnx(read_file(path), path.string());
            for (const auto& node : optimized.graph().node()) ++operators[node.op_type()];
        }
        return {operators["Conv"] + operators["FusedConv"], operators["QLinearConv"]};
    }

    fs::path folder_;
    std::vector<ExportedNetwork> networks_;
};

CalibrationImages images_of(const ImageSource& source, const InputSpec& spec, int64_t first, int64_t count) {
    ThreadPool pool(2);
    SilentProgress progress;
    return load_calibration_images(source, spec, first, count, pool, progress);
}

TEST_F(OnnxExportNetworks, SmallNetworksInEveryStyle) {
    const std::pair<const char*, Graph> graphs[] = {
        {"mobile", small_mobile_face_net(1)}, {"iresnet", small_iresnet(2)}, {"mixed", small_mixed_net(3)}};
    for (const auto& [name, graph] : graphs) {
        const IntegerModel model = quantize_small(graph, quick_options(8)).model;
        const auto source = make_noise_source(9, graph.input_spec.height, graph.input_spec.width);
        add_all_styles(name, model, images_of(*source, model.input_spec, 0, 6).pixels);
    }
    const std::string obstacle = run_exported(folder_, networks_);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    for (const ExportedNetwork& network : networks_) {
        const double cosine = least_cosine(network);
        RecordProperty(network.name, std::to_string(cosine));
        // Of the three styles only qdq rounds what the engine rounds, and nothing else.
        EXPECT_GT(cosine, network.style == OnnxStyle::kQdq ? 1 - 1e-6 : 0.98) << network.name;
    }
}

// Without ONNX Runtime: our own reader and float executor on the float style.
TEST_F(OnnxExportNetworks, TheFloatStyleIsReadBack) {
    for (const Graph& graph : {small_mobile_face_net(4), small_iresnet(5)}) {
        const IntegerModel model = quantize_small(graph, quick_options(8)).model;
        const Graph read = import_onnx(encode_onnx(model, {OnnxStyle::kFloat, ""}), "memory", {}).graph;
        const auto source = make_noise_source(9, graph.input_spec.height, graph.input_spec.width);
        const CalibrationImages images = images_of(*source, read.input_spec, 0, 8);
        ThreadPool pool(2);
        EXPECT_GT(mean_cosine(float_embeddings(read, images, pool), integer_embeddings(model, images, pool),
                              static_cast<size_t>(model.embedding_size())),
                  0.98);
    }
}

// Quickly quantized: how good the integer network is does not matter here.
TEST_F(OnnxExportNetworks, RealNetworksInEveryStyle) {
    for (const RealNetwork& network : real_networks()) {
        if (!fs::exists(network.path)) continue;
        const Graph graph = import_onnx(network.path, network.options).graph;
        const auto source = make_rendered_source(5, graph.input_spec.height, graph.input_spec.width);
        for (const int bits : {8, 4}) {
            PostTrainingOptions options = quick_options(bits);
            options.images = 12;
            options.held_out_images = 6;
            options.weight_compensation = false;
            ThreadPool pool(2);
            SilentProgress progress;
            const IntegerModel model = quantize_post_training(graph, *source, options, pool, progress).model;
            add_all_styles(network.path.stem().string() + "_" + std::to_string(bits), model,
                           images_of(*source, model.input_spec, 18, 4).pixels);
        }
    }
    if (networks_.empty()) GTEST_SKIP() << "no real network at hand";
    std::string obstacle = run_exported(folder_, networks_);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    for (const ExportedNetwork& network : networks_) {
        ASSERT_EQ(network.peer.outputs.size(), network.expected.size()) << network.name;
        const double cosine = least_cosine(network);
        RecordProperty(network.name, std::to_string(cosine));
        const bool wide = network.name.find("_8.") != std::string::npos;
        if (network.style == OnnxStyle::kQdq) {
            EXPECT_EQ(network.peer.outputs, network.expected) << network.name << ": cosine " << cosine;
        } else if (wide) {
            EXPECT_GT(cosine, 0.95) << network.name;
        }
        if (network.style != OnnxStyle::kQdqInteger) continue;
        const auto [in_float, on_levels] = convolutions(network, obstacle);
        if (!obstacle.empty()) GTEST_SKIP() << obstacle;
        EXPECT_EQ(in_float, 0) << network.name;
        EXPECT_GT(on_levels, 40) << network.name;
    }
}

}  // namespace
}  // namespace quantface
