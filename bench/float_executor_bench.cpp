// Speed of the float executor: layers of MobileFaceNet and IResNet on one core, matrix kernels one by one.
#include <benchmark/benchmark.h>

#include <string>

#include "base/rng.h"
#include "kernels/float/sgemm.h"
#include "runtime/float_operations.h"

namespace quantface {
namespace {

std::vector<float> random_numbers(int64_t count, Rng& rng) {
    std::vector<float> numbers(static_cast<size_t>(count));
    for (float& number : numbers) number = static_cast<float>(rng.uniform(-1, 1));
    return numbers;
}

void count_work(benchmark::State& state, int64_t multiply_accumulates) {
    state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(multiply_accumulates),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

struct Layer {
    const char* name;
    int extent, in_channels, out_channels, kernel, stride, groups;
};

constexpr Layer kLayers[] = {
    {"conv3x3_3_64_s2_112", 112, 3, 64, 3, 2, 1},        {"conv1x1_64_128_56", 56, 64, 128, 1, 1, 1},
    {"conv1x1_128_64_28", 28, 128, 64, 1, 1, 1},         {"conv1x1_128_256_14", 14, 128, 256, 1, 1, 1},
    {"conv1x1_256_128_7", 7, 256, 128, 1, 1, 1},         {"gemm_25088_512", 1, 25088, 512, 1, 1, 1},
    {"conv3x3_64_64_112", 112, 64, 64, 3, 1, 1},         {"conv3x3_256_256_14", 14, 256, 256, 3, 1, 1},
    {"conv3x3_512_512_7", 7, 512, 512, 3, 1, 1},         {"depthwise3x3_64_56", 56, 64, 64, 3, 1, 64},
    {"depthwise3x3_128_28", 28, 128, 128, 3, 1, 128},    {"depthwise3x3_256_14", 14, 256, 256, 3, 1, 256},
    {"depthwise3x3_512_s2_14", 14, 512, 512, 3, 2, 512},
};

void run_layer(benchmark::State& state, const Layer& layer) {
    Rng rng(1);
    const int pad = layer.kernel / 2;
    ConvOp op;
    op.window = {layer.kernel, layer.kernel, layer.stride, layer.stride, 1, 1, {pad, pad, pad, pad}};
    op.groups = layer.groups;
    op.weight.dims = {layer.out_channels, layer.in_channels / layer.groups, layer.kernel, layer.kernel};
    op.weight.data = random_numbers(op.weight.element_count(), rng);
    const Shape in{layer.in_channels, layer.extent, layer.extent};
    const Shape out = infer_shape({"conv", op, {}, 0}, {in});
    const FloatOperation operation = prepare_float_convolution(op, in, out);
    const auto image = random_numbers(in.size(), rng);
    std::vector<float> result(static_cast<size_t>(out.size())), scratch(operation.scratch_size);
    const std::vector<std::span<const float>> inputs{image};
    for (auto _ : state) {
        operation.run(inputs, result, scratch);
        benchmark::DoNotOptimize(result.data());
    }
    count_work(state, op.weight.element_count() * out.plane());
}

void run_kernel(benchmark::State& state, const SgemmKernel& kernel) {
    constexpr int64_t kRows = 128, kDepth = 128;
    Rng rng(1);
    const auto weights = random_numbers(kRows * kDepth, rng);
    const PackedLeftMatrix packed(weights.data(), nullptr, kRows, kDepth, kernel);
    const auto panel = random_numbers(static_cast<int64_t>(packed.panel_size()), rng);
    std::vector<float> result(static_cast<size_t>(kRows) * packed.panel_columns());
    std::vector<float> scratch(packed.scratch_size());
    for (auto _ : state) {
        packed.multiply_panel(panel.data(), packed.panel_columns(), result.data(), packed.panel_columns(),
                              scratch.data());
        benchmark::DoNotOptimize(result.data());
    }
    count_work(state, kRows * kDepth * packed.panel_columns());
}

void register_all() {
    for (const Layer& layer : kLayers) {
        benchmark::RegisterBenchmark(layer.name, [&layer](benchmark::State& state) {
            run_layer(state, layer);
        })->Unit(benchmark::kMicrosecond);
    }
    for (const SgemmKernel* kernel : sgemm_kernels()) {
        if (!kernel->supported()) continue;
        benchmark::RegisterBenchmark((std::string("sgemm/") + kernel->name).c_str(),
                                     [kernel](benchmark::State& state) { run_kernel(state, *kernel); });
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
