// The training step's throughput: training_bench MODEL.onnx BATCH STEPS BITS [THREADS] [float32|bfloat16].
// Prints images a second, the median over the steps, as bench/training_peer/plain_step.py does for the same
// step in Python.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "faces/sources.h"
#include "formats/onnx_import.h"
#include "quantize/preparation.h"
#include "train/caching_allocator.h"
#include "train/distillation.h"

namespace quantface {
namespace {

void run(int count, char** arguments) {
    const std::string model = arguments[1];
    const int64_t batch = std::atoll(arguments[2]), steps = std::atoll(arguments[3]);
    const int bits = std::atoi(arguments[4]), threads = count > 5 ? std::atoi(arguments[5]) : 2;
    const bool bfloat16 = count > 6 ? std::string(arguments[6]) == "bfloat16" : false;
    at::set_num_threads(threads);
    install_caching_allocator();
    ThreadPool pool(threads);
    SilentProgress progress;
    const Graph teacher = import_onnx(model, OnnxImportOptions{}).graph;
    const auto source = make_noise_source(1, teacher.input_spec.height, teacher.input_spec.width);
    PostTrainingOptions options;
    options.weight_bits = options.activation_bits = bits;
    options.images = options.held_out_images = 8;
    const Preparation prepared = prepare(teacher, *source, options, pool, progress);
    const CalibratedNetwork start =
        calibrate(prepared, options, ObserverKind::kMinMax, false, pool, progress);
    Recipe recipe;
    recipe.batch = static_cast<int>(batch);
    recipe.flip = 0;
    StudentOptions student;
    student.bfloat16 = bfloat16;
    // The first steps allocate.
    constexpr int64_t kWarmUp = 2;
    for (const int64_t image_count : {batch * (steps + kWarmUp), batch}) {
        const PixelStore images(*source, teacher.input_spec, 0, image_count, pool, progress);
        Distillation distillation(prepared.graph, prepared.plan, start.quantized, images, recipe,
                                  steps + kWarmUp, 1, student);
        std::vector<double> seconds;
        for (int64_t step = 0; step < steps + kWarmUp; ++step) {
            const auto begin = std::chrono::steady_clock::now();
            distillation.step(step);
            const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
            if (step >= kWarmUp) seconds.push_back(taken.count());
        }
        std::nth_element(seconds.begin(), seconds.begin() + std::ssize(seconds) / 2, seconds.end());
        fmt::print("{:.2f} ", static_cast<double>(batch) / seconds[seconds.size() / 2]);
    }
    fmt::print("\n");
}

}  // namespace
}  // namespace quantface

int main(int count, char** arguments) {
    if (count < 5) {
        fmt::print(stderr,
                   "usage: training_bench MODEL.onnx BATCH STEPS BITS [THREADS] [float32|bfloat16]\n");
        return 2;
    }
    try {
        quantface::run(count, arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "training_bench: {}\n", error.what());
        return 1;
    }
    return 0;
}
