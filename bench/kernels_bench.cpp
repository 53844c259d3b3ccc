// Speed of every row of the integer kernels' tables: layers of MobileFaceNet and IResNet, and a whole
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

TestConvOptions options_of(const Layer& layer, int bits) {
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
    options.activation_bits = options.weight_bits = bits;
    options.epilogue.activation = EpilogueActivation::kPRelu;
    return options;
}

void count_work(benchmark::State& state, const ConvGeometry& geometry) {
    const auto work = static_cast<double>(geometry.out_channels * geometry.depth() * geometry.out_pixels());
    state.counters["MAC/s"] = benchmark::Counter(work, benchmark::Counter::kIsIterationInvariantRate);
}

// One row of conv_kernels() or depthwise_kernels().
template <typename Kernel>
void run_layer(benchmark::State& state, const Layer& layer, int bits, const Kernel& kernel) {
    Rng rng(1);
    TestConv conv(options_of(layer, bits), rng);
    if (!conv.fits(kernel)) return state.SkipWithError("not for products as large as these");
    const PackedConv packed = conv.pack(kernel);
    for (auto _ : state) packed.run();
    count_work(state, conv.geometry);
}

// IResNet's last layer.
void run_fully_connected_layer(benchmark::State& state, int bits, const FullyConnectedKernel& kernel) {
    Rng rng(1);
    constexpr int64_t kDepth = 25088;
    constexpr int kChannels = 512;
    TestEpilogue epilogue({}, kChannels, 1, rng);
    const std::vector<int8_t> weight(kDepth * kChannels, 3);
    const std::vector<uint8_t> input(kDepth, 5);
    const AlignedBytes packed = pack_fully_connected(kernel, kDepth, kChannels, bits, weight.data());
    const AlignedBytes scratch(fully_connected_scratch_bytes(kDepth));
    const FullyConnectedArguments arguments{input.data(),  kDepth,           kChannels,       bits,
                                            packed.data(), &epilogue.params, epilogue.data(), scratch.data()};
    for (auto _ : state) run_fully_connected(kernel, arguments, 0, kChannels);
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(packed.size()));
}

void run_add(benchmark::State& state, const ElementwiseKernel& kernel) {
    constexpr int kChannels = 256;
    const std::vector<uint8_t> a(kChannels, 3), b(kChannels, 5);
    std::vector<float> numbers(kChannels);
    for (auto _ : state) {
        kernel.add({a.data(), 1, 0.5f}, {b.data(), 2, 0.25f}, kChannels, numbers.data());
        benchmark::DoNotOptimize(numbers.data());
    }
    state.SetItemsProcessed(state.iterations() * kChannels);
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

// A benchmark of each row that this CPU can run.
template <typename Kernel, typename Run>
void register_rows(const std::string& name, std::span<const Kernel> kernels, Run run) {
    for (const Kernel& kernel : kernels) {
        if (!can_run(kernel.needs, cpu_features())) continue;
        benchmark::RegisterBenchmark((name + "/" + kernel.name).c_str(), [run,
                                                                          &kernel](benchmark::State& state) {
            run(state, kernel);
        })->Unit(benchmark::kMicrosecond);
    }
}

void register_all() {
    for (const KernelSet& kernels : kernel_sets(cpu_features())) {
        benchmark::RegisterBenchmark((std::string("mobile_face_net/") + kernels.name).c_str(),
                                     [=](benchmark::State& state) { run_network(state, kernels); })
            ->Unit(benchmark::kMillisecond);
    }
    for (const Layer& layer : kLayers) {
        for (const int bits : {8, 6}) {
            const std::string name = std::string(layer.name) + "/" + std::to_string(bits) + "_bits";
            const auto run = [&layer, bits](benchmark::State& state, const auto& kernel) {
                run_layer(state, layer, bits, kernel);
            };
            if (layer.groups == 1) {
                register_rows(name, conv_kernels(), run);
            } else {
                register_rows(name, depthwise_kernels(), run);
            }
        }
    }
    for (const int bits : {4, 6}) {
        register_rows("fully_connected/" + std::to_string(bits) + "_bits", fully_connected_kernels(),
                      [bits](benchmark::State& state, const FullyConnectedKernel& kernel) {
                          run_fully_connected_layer(state, bits, kernel);
                      });
    }
    register_rows("add", elementwise_kernels(), run_add);
    register_rows("epilogue", epilogue_kernels(), run_epilogue);
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
