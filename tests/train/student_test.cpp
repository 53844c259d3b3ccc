// What is trained is what runs: the student's forward pass against the integer engine.
#include "train/student.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "faces/sources.h"
#include "quantize/embedding_agreement.h"
#include "quantize/layerwise.h"
#include "quantize/pass_verification.h"
#include "small_graphs.h"
#include "support/real_material.h"
#include "synth/rendered_source.h"
#include "train/tensor_conversion.h"

namespace quantface {
namespace {

struct Prepared {
    Graph graph;
    std::vector<FusedNode> plan;
    CalibrationImages images;
    QuantizedGraph start;
};

Prepared prepare(Graph graph, const ImageSource& source, int weight_bits, int activation_bits,
                 WeightGrid grid, int64_t images) {
    ThreadPool pool(2);
    SilentProgress progress;
    Prepared prepared;
    prepared.graph = std::move(graph);
    run_verified_passes(prepared.graph, {});
    prepared.plan = plan_fusion(prepared.graph);
    prepared.images = load_calibration_images(source, prepared.graph.input_spec, 0, images, pool, progress);
    const BitPlan bits{std::vector<int>(prepared.graph.nodes.size(), weight_bits),
                       std::vector<int>(prepared.graph.values.size(), activation_bits)};
    LayerwiseOptions options;
    options.weight_compensation = false;
    options.weight_grid = grid;
    prepared.start =
        quantize_layerwise(prepared.graph, prepared.plan, bits, prepared.images, options, pool, progress);
    return prepared;
}

at::Tensor pixels_of(const Prepared& prepared) {
    const InputSpec& spec = prepared.graph.input_spec;
    std::vector<at::Tensor> images;
    for (const auto& pixels : prepared.images.pixels) {
        const std::vector<float> numbers(pixels.begin(), pixels.end());
        images.push_back(to_torch(numbers).reshape({spec.height, spec.width, 3}).permute({2, 0, 1}));
    }
    return at::stack(images);
}

struct Agreement {
    double mean = 0, worst = 1;
};

Agreement agreement(const Prepared& prepared, const Graph& graph, const QuantizedGraph& quantized,
                    const Student& student) {
    const at::NoGradGuard no_gradients;
    ThreadPool pool(2);
    const auto engine =
        integer_embeddings(lower_to_integer(graph, prepared.plan, quantized), prepared.images, pool);
    const auto trained = to_vector(student.forward(pixels_of(prepared)));
    const auto dimension = static_cast<size_t>(prepared.graph.embedding_size());
    Agreement result;
    for (size_t image = 0; image < prepared.images.pixels.size(); ++image) {
        const std::span<const float> a(engine.data() + image * dimension, dimension);
        const std::span<const float> b(trained.data() + image * dimension, dimension);
        const double cosine = mean_cosine(a, b, dimension);
        result.mean += cosine / static_cast<double>(prepared.images.pixels.size());
        result.worst = std::min(result.worst, cosine);
    }
    return result;
}

struct Network {
    const char* name;
    Graph (*make)(uint64_t);
};
class SmallNetworks : public testing::TestWithParam<std::tuple<Network, int, WeightGrid>> {
  protected:
    void SetUp() override {
        const auto& [network, bits, grid] = GetParam();
        const Graph graph = network.make(31);
        const auto source = make_noise_source(3, graph.input_spec.height, graph.input_spec.width);
        prepared_ = prepare(graph, *source, bits, bits, grid, 12);
    }
    Prepared prepared_;
};

TEST_P(SmallNetworks, ForwardAgreesWithTheEngine) {
    const Student student(prepared_.graph, prepared_.plan, prepared_.start, {});
    const Agreement found = agreement(prepared_, prepared_.graph, prepared_.start, student);
    // Multipliers and slopes are binary16 in the engine: few levels move by one.
    EXPECT_GT(found.mean, 0.998);
}

TEST_P(SmallNetworks, WriteBackGivesWhatTheStudentComputes) {
    Student student(prepared_.graph, prepared_.plan, prepared_.start, {});
    {
        const at::NoGradGuard no_gradients;
        at::manual_seed(9);
        for (const StudentParameter& parameter : student.parameters()) {
            const double far = parameter.kind == ParameterKind::kWeight ? 0.4 : 0.02;
            at::Tensor tensor = parameter.tensor;
            tensor.add_((at::rand_like(tensor) - 0.5) * far);
        }
    }
    Graph graph;
    QuantizedGraph quantized;
    student.write_back(graph, quantized);
    EXPECT_GT(agreement(prepared_, graph, quantized, student).mean, 0.998);
}

TEST_P(SmallNetworks, EveryParameterLearns) {
    const Student student(prepared_.graph, prepared_.plan, prepared_.start, {});
    const at::Tensor embedding = student.forward(pixels_of(prepared_));
    (embedding * at::randn_like(embedding)).sum().backward();
    for (const StudentParameter& parameter : student.parameters()) {
        ASSERT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
        EXPECT_TRUE(at::isfinite(parameter.tensor.grad()).all().item<bool>()) << parameter.name;
        if (parameter.kind != ParameterKind::kWeight) continue;
        EXPECT_GT(parameter.tensor.grad().abs().sum().item<double>(), 0) << parameter.name;
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, SmallNetworks,
    testing::Combine(testing::Values(Network{"MobileFaceNet", small_mobile_face_net},
                                     Network{"IResNet", small_iresnet}, Network{"Mixed", small_mixed_net}),
                     testing::Values(8, 5), testing::Values(WeightGrid::kSymmetric, WeightGrid::kAsymmetric)),
    [](const auto& instance) {
        return std::string(std::get<0>(instance.param).name) + std::to_string(std::get<1>(instance.param)) +
               (std::get<2>(instance.param) == WeightGrid::kSymmetric ? "Symmetric" : "Asymmetric");
    });

// In 8-bit numbers with 8 bits after the point of a float32, a gradient by differences would be noise; with
// the levels held still, the embedding's own parameters are smooth.
TEST(Student, GradientOfTheLastBiasIsRight) {
    const auto source = make_noise_source(4, 24, 20);
    const Prepared prepared = prepare(small_mobile_face_net(5), *source, 8, 8, WeightGrid::kSymmetric, 4);
    const Student student(prepared.graph, prepared.plan, prepared.start, {});
    const std::vector<StudentParameter> parameters = student.parameters();
    const StudentParameter& bias = parameters.back();
    ASSERT_EQ(bias.kind, ParameterKind::kBias);
    const at::Tensor pixels = pixels_of(prepared);
    const auto loss = [&] { return student.forward(pixels).square().sum(); };
    loss().backward();
    const double gradient = bias.tensor.grad()[3].item<double>();
    const at::NoGradGuard no_gradients;
    at::Tensor moved = bias.tensor[3];
    constexpr double kStep = 0.5;
    moved.add_(kStep);
    const double up = loss().item<double>();
    moved.sub_(2 * kStep);
    const double down = loss().item<double>();
    EXPECT_NEAR((up - down) / (2 * kStep), gradient, 1e-3 * std::fabs(gradient) + 1e-6);
}

class RealNetworks : public testing::TestWithParam<int> {};

TEST_P(RealNetworks, ForwardAgreesWithTheEngine) {
    const RealNetwork network = real_networks()[GetParam()];
    if (!std::filesystem::exists(network.path)) GTEST_SKIP() << network.path << " is not on this machine";
    const Graph graph = import_onnx(network.path, network.options).graph;
    const std::filesystem::path pack = shared_folder() / "data" / "lfw_devtest.bin";
    const auto source = std::filesystem::exists(pack)
                            ? make_bin_source(pack, graph.input_spec.height, graph.input_spec.width)
                            : make_rendered_source(7, graph.input_spec.height, graph.input_spec.width);
    for (const int bits : {8, 6, 4}) {
        const Prepared prepared = prepare(graph, *source, bits, bits, WeightGrid::kSymmetric, 24);
        const Student student(prepared.graph, prepared.plan, prepared.start, {});
        const Agreement found = agreement(prepared, prepared.graph, prepared.start, student);
        RecordProperty("mean_w" + std::to_string(bits), std::to_string(found.mean));
        std::cout << network.path.filename() << " w" << bits << "a" << bits << " on " << source->description()
                  << ": mean cosine " << found.mean << ", least " << found.worst << "\n";
        EXPECT_GT(found.mean, 0.999) << bits;
    }
}

INSTANTIATE_TEST_SUITE_P(All, RealNetworks, testing::Range(0, 4));

}  // namespace
}  // namespace quantface
