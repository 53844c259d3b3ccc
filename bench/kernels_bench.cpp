// Speed of the integer kernels, one instruction set after the other: layers of MobileFaceNet and the whole
// network.
#include <benchmark/benchmark.h>

#include <string>

#include "kernels/kernel_set.h"
#include "kernels/test_conv.h"
#include "runtime/integer_executor.h"
#include "runtime/random_models.h"

namespace quantface {
namespace {

struct Layer {
    const char* name;
    int extent, in_channels, out_channels, kernel, stride, groups;
};

constexpr Layer kLayers[] = {
    {"conv3x3_3_64_s2_112", 112, 3, 64, 3, 2, 1},        {"conv1x1_64_128_56", 56, 64, 128, 1, 1, 1},
    {"conv1x1_128_64_28", 28, 128, 64, 1, 1, 1},         {"conv1x1_128_256_14", 14, 128, 256, 1, 1, 1},
    {"conv1x1_256_128_7", 7, 256, 128, 1, 1, 1},         {"conv1x1_512_128_1", 1, 512, 128, 1, 1, 1},
    {"conv3x3_64_64_56", 56, 64, 64, 3, 1, 1},           {"conv3x3_512_512_7", 7, 512, 512, 3, 1, 1},
    {"depthwise3x3_64_56", 56, 64, 64, 3, 1, 64},        {"depthwise3x3_128_28", 28, 128, 128, 3, 1, 128},
    {"depthwise3x3_512_s2_14", 14, 512, 512, 3, 2, 512},
};

TestConv make_conv(const Layer& layer, Rng& rng) {
    TestConvOptions options;
    ConvGeometry& geometry = options.geometry;
    geometry.in_height = geometry.in_width = layer.extent;
    geometry.in_channels = layer.in_channels;
    geometry.out_channels = layer.out_channels;
    geometry.kernel_height = geometry.kernel_width = layer.kernel;
    geometry.stride_y = geometry.stride_x = layer.stride;
    geometry.padding_top = geometry.padding_left = layer.kernel / 2;
    geometry.groups = layer.groups;
    geometry = with_output(geometry, layer.kernel / 2, layer.kernel / 2);
    options.epilogue.activation = EpilogueActivation::kPRelu;
    return TestConv(options, rng);
}

void run_layer(benchmark::State& state, const Layer& layer, const KernelSet& kernels) {
    Rng rng(1);
    TestConv conv = make_conv(layer, rng);
    const DepthwiseKernel* depthwise = conv.geometry.is_depthwise() ? kernels.depthwise : nullptr;
    const PackedConv packed = depthwise ? conv.pack(*depthwise) : conv.pack(*kernels.conv);
    for (auto _ : state) packed.run();
    const auto work =
        static_cast<double>(conv.geometry.out_channels * conv.geometry.depth() * conv.geometry.out_pixels());
    state.counters["MAC/s"] = benchmark::Counter(work, benchmark::Counter::kIsIterationInvariantRate);
}

void run_network(benchmark::State& state, const KernelSet& kernels) {
    const IntegerModel model = random_mobile_face_net(1);
    const IntegerExecutor executor(model, kernels);
    Rng rng(1);
    const auto pixels = random_pixels(model, rng);
    std::vector<float> embedding(static_cast<size_t>(model.embedding_size()));
    const auto workspace = executor.make_workspace();
    for (auto _ : state) executor.run(pixels, embedding, *workspace);
}

void run_epilogue(benchmark::State& state, const EpilogueKernel& kernel) {
    constexpr int kChannels = 128, kPixels = 32;
    Rng rng(1);
    EpilogueOptions options;
    options.activation = EpilogueActivation::kPRelu;
    options.residual = true;
    TestEpilogue epilogue(options, kChannels, kPixels, rng);
    const EpilogueData data = epilogue.data();
    const std::vector<int32_t> sums(kChannels * kPixels, 1234);
    for (auto _ : state) {
        kernel.from_accumulators(epilogue.params, data, {0, kPixels, 0, kChannels, kChannels}, sums.data());
    }
    state.SetItemsProcessed(state.iterations() * kChannels * kPixels);
}

void register_all() {
    for (const KernelSet& kernels : kernel_sets(cpu_features())) {
        const std::string suffix = std::string("/") + kernels.name;
        benchmark::RegisterBenchmark(("mobile_face_net" + suffix).c_str(), [=](benchmark::State& state) {
            run_network(state, kernels);
        })->Unit(benchmark::kMillisecond);
        for (const Layer& layer : kLayers) {
            benchmark::RegisterBenchmark((layer.name + suffix).c_str(), [=](benchmark::State& state) {
                run_layer(state, layer, kernels);
            })->Unit(benchmark::kMicrosecond);
        }
    }
    for (const EpilogueKernel& kernel : epilogue_kernels()) {
        if (!can_run(kernel.needs, cpu_features())) continue;
        benchmark::RegisterBenchmark((std::string("epilogue/") + kernel.name).c_str(),
                                     [&kernel](benchmark::State& state) { run_epilogue(state, kernel); });
    }
}

}  // namespace
}  // namespace quantface

int main(int argc, char** argv) {
    quantface::register_all();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
