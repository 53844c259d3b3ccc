// Import and float execution against ONNX Runtime: every case of the importer, and real face networks.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/file.h"
#include "base/rng.h"
#include "formats/onnx_import.h"
#include "onnx_cases.h"
#include "runtime/float_executor.h"
#include "support/onnx_peer.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

// One network to run through both.
struct Job {
    PeerJob peer;
    OnnxImportOptions options;
    Graph graph;
    std::vector<std::vector<float>> pixels;  // CHW, 0..255
};

std::string run_peer(const fs::path& folder, std::vector<Job>& jobs) {
    std::vector<PeerJob> peers;
    for (Job& job : jobs) {
        job.peer.input = job.graph.values[job.graph.input].shape;
        job.peer.output_size = static_cast<size_t>(job.graph.embedding_size());
        for (std::vector<float> image : job.pixels) {
            for (size_t i = 0; i < image.size(); ++i) {
                const size_t channel = i / static_cast<size_t>(job.peer.input.plane());
                image[i] =
                    (image[i] - (*job.options.input_mean)[channel]) / (*job.options.input_std)[channel];
            }
            job.peer.images.push_back(std::move(image));
        }
        peers.push_back(job.peer);
    }
    const std::string obstacle = run_onnx_peer(folder, peers);
    for (size_t index = 0; index < jobs.size(); ++index) jobs[index].peer = std::move(peers[index]);
    return obstacle;
}

std::vector<float> run_ours(const Job& job, const std::vector<float>& pixels) {
    const InputSpec& spec = job.graph.input_spec;
    const auto plane = static_cast<size_t>(spec.height) * static_cast<size_t>(spec.width);
    std::vector<float> input(pixels.size());
    for (size_t i = 0; i < pixels.size(); ++i) {
        input[i] = (pixels[i] - spec.mean[i / plane]) / spec.std[i / plane];
    }
    const FloatExecutor executor(job.graph);
    const auto workspace = executor.make_workspace();
    std::vector<float> output(static_cast<size_t>(job.graph.embedding_size()));
    executor.run(input, output, *workspace);
    return output;
}

std::vector<float> random_pixels(const Shape& shape, uint64_t seed) {
    Rng rng(seed);
    std::vector<float> pixels(static_cast<size_t>(shape.size()));
    for (float& pixel : pixels) pixel = static_cast<float>(rng.below(256));
    return pixels;
}

// An oval of skin with eyes, nose and mouth at the usual places, lit from one side: smooth and face-like.
std::vector<float> drawn_face(const Shape& shape, uint64_t seed) {
    Rng rng(seed);
    const double tone = rng.uniform(0.5, 1.0), light = rng.uniform(-0.4, 0.4), wide = rng.uniform(0.3, 0.4);
    const double skin[] = {225 * tone, 180 * tone, 155 * tone};
    std::vector<float> pixels(static_cast<size_t>(shape.size()));
    const auto blob = [](double x, double y, double cx, double cy, double rx, double ry) {
        return std::exp(-(x - cx) * (x - cx) / (rx * rx) - (y - cy) * (y - cy) / (ry * ry));
    };
    for (int channel = 0; channel < 3; ++channel) {
        for (int row = 0; row < shape.height; ++row) {
            for (int column = 0; column < shape.width; ++column) {
                const double y = (row + 0.5) / shape.height, x = (column + 0.5) / shape.width;
                const double oval =
                    1 / (1 + std::exp(30 * (std::hypot((x - 0.5) / wide, (y - 0.55) / 0.45) - 1)));
                const double eyes = blob(x, y, 0.34, 0.46, 0.06, 0.03) + blob(x, y, 0.65, 0.46, 0.06, 0.03);
                const double mouth = blob(x, y, 0.5, 0.82, 0.12, 0.03),
                             nose = blob(x, y, 0.5, 0.64, 0.04, 0.08);
                const double face = skin[channel] * (1 + light * (x - 0.5) * 2) *
                                    (1 - 0.7 * eyes - (channel == 0 ? 0.1 : 0.4) * mouth + 0.1 * nose);
                const double pixel = oval * face + (1 - oval) * (60 + 80 * y);
                pixels[static_cast<size_t>((channel * shape.height + row) * shape.width + column)] =
                    static_cast<float>(std::clamp(std::round(pixel), 0.0, 255.0));
            }
        }
    }
    return pixels;
}

class OnnxPeer : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("quantface_peer_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }
    fs::path folder_;
};

TEST_F(OnnxPeer, EveryCaseOfTheImporter) {
    std::vector<Job> jobs;
    for (const auto& one : test::onnx_cases()) {
        if (!one.peer_agrees) continue;
        Job job;
        job.peer.name = one.name;
        job.peer.model = folder_ / (one.name + ".onnx");
        write_file_atomically(job.peer.model, one.build().bytes());
        // Numbers around zero, so that every activation shows both of its sides.
        job.options.input_mean = {127.5f, 120.0f, 130.0f};
        job.options.input_std = {64.0f, 80.0f, 50.0f};
        job.graph = import_onnx(job.peer.model, job.options).graph;
        for (uint64_t seed : {1, 2}) {
            job.pixels.push_back(random_pixels(job.graph.values[job.graph.input].shape, seed));
        }
        jobs.push_back(std::move(job));
    }
    const std::string obstacle = run_peer(folder_, jobs);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    for (const Job& job : jobs) {
        ASSERT_EQ(job.peer.outputs.size(), job.pixels.size()) << job.peer.name;
        const bool normalized = job.peer.name.rfind("l2_", 0) == 0 || job.peer.name.rfind("lp_", 0) == 0;
        for (size_t image = 0; image < job.pixels.size(); ++image) {
            const auto ours = run_ours(job, job.pixels[image]);
            if (normalized) {
                EXPECT_GT(cosine_of(ours, job.peer.outputs[image]), 1 - 1e-6) << job.peer.name;
                EXPECT_NEAR(vector_norm(job.peer.outputs[image]), 1, 1e-5) << job.peer.name;
            } else {
                EXPECT_LT(relative_error(ours, job.peer.outputs[image]), 1e-5) << job.peer.name;
            }
        }
    }
}

struct RealNetwork {
    const char* file;
    std::array<float, 3> mean, std;
};

fs::path find_network(const std::string& file) {
    const char* shared = std::getenv("QUANTFACE_SHARED");
    const fs::path path = (shared ? fs::path(shared) : fs::path("../shared")) / "models" / file;
    if (fs::exists(path)) return path;
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    return (cache && *cache ? fs::path(cache) : fs::path(home ? home : ".") / ".cache") / "quantface" / file;
}

TEST_F(OnnxPeer, RealFaceNetworks) {
    // As each expects its pixels (the first scales them itself).
    const RealNetwork networks[] = {
        {"mobilefacenet_y1.onnx", {0, 0, 0}, {1, 1, 1}},
        {"mobilefacenet_relu6.onnx", {123.675f, 116.28f, 103.53f}, {58.395f, 57.12f, 57.375f}},
        {"mobilefacenet_112x96.onnx", {127.5f, 127.5f, 127.5f}, {128, 128, 128}},
        {"fr_feature.onnx", {127, 127, 127}, {128, 128, 128}}};
    std::vector<Job> jobs;
    for (const RealNetwork& network : networks) {
        Job job;
        job.peer.name = network.file;
        job.peer.model = find_network(network.file);
        if (!fs::exists(job.peer.model)) {
            std::cout << network.file << " is absent, not compared\n";
            continue;
        }
        job.options.input_mean = network.mean;
        job.options.input_std = network.std;
        job.graph = import_onnx(job.peer.model, job.options).graph;
        const Shape shape = job.graph.values[job.graph.input].shape;
        for (uint64_t seed : {1, 2}) job.pixels.push_back(random_pixels(shape, seed));
        for (uint64_t seed : {3, 4, 5}) job.pixels.push_back(drawn_face(shape, seed));
        jobs.push_back(std::move(job));
    }
    if (jobs.empty()) GTEST_SKIP() << "no real network at hand";
    const std::string obstacle = run_peer(folder_, jobs);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    for (const Job& job : jobs) {
        ASSERT_EQ(job.peer.outputs.size(), job.pixels.size()) << job.peer.name;
        double worst_cosine = 1, worst_error = 0;
        for (size_t image = 0; image < job.pixels.size(); ++image) {
            const auto ours = run_ours(job, job.pixels[image]);
            worst_cosine = std::min(worst_cosine, cosine_of(ours, job.peer.outputs[image]));
            worst_error = std::max(worst_error, relative_error(ours, job.peer.outputs[image]));
        }
        std::cout << job.peer.name << ": least cosine 1 - " << 1 - worst_cosine
                  << ", greatest relative error " << worst_error << "\n";
        EXPECT_GT(worst_cosine, 1 - 1e-4) << job.peer.name;
        EXPECT_LT(worst_error, 1e-3) << job.peer.name;
    }
}

}  // namespace
}  // namespace quantface
