// Rendered faces a second: the simple built-in head, and the real one where it is installed (quantface
// assets).
#include <benchmark/benchmark.h>

#include <atomic>

#include "synth/face_renderer.h"
#include "synth/head/head_model.h"

namespace quantface {
namespace {

void render(benchmark::State& state, const std::shared_ptr<const HeadModel>& head) {
    static std::atomic<uint64_t> next{0};
    FaceRenderOptions options;
    options.head = head;
    for (auto _ : state) {
        const uint64_t index = next++;
        benchmark::DoNotOptimize(render_face(1, index / 2, index % 2, options));
    }
    state.SetItemsProcessed(state.iterations());
}

void built_in_head(benchmark::State& state) {
    render(state, nullptr);
}
BENCHMARK(built_in_head)->Unit(benchmark::kMillisecond)->UseRealTime()->Threads(1)->Threads(2);

void installed_head(benchmark::State& state) {
    const auto head = installed_head_model();
    if (head == nullptr) return state.SkipWithError("no head model in the cache (quantface assets)");
    render(state, head);
}
BENCHMARK(installed_head)->Unit(benchmark::kMillisecond)->UseRealTime()->Threads(1)->Threads(2);

}  // namespace
}  // namespace quantface

BENCHMARK_MAIN();
