// Times of whole networks, measured in turns.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/model_loading.h"

namespace quantface {

// A network ready to be timed, on noise: no kernel's time depends on what the pixels are.
class BenchSubject {
  public:
    explicit BenchSubject(const LoadedModel& model);
    // Seconds that one call of `batch` images takes.
    double time_call(int batch, ThreadPool& pool);

  private:
    std::unique_ptr<Embedder> embedder_;
    std::vector<uint8_t> pixels_;
    std::vector<PixelsView> views_;
    std::vector<float> embeddings_;
};

// Of one way to call a network.
struct CallTimes {
    int threads = 1, batch = 1;
    int64_t calls = 0;
    double least_ms = 0, median_ms = 0, p90_ms = 0, p95_ms = 0, p99_ms = 0;
    double images_per_second = 0;  // over all calls
};

// Calls every subject in turn, so that a change of the machine's speed meets all of them, until each has had
// about `seconds`, and at least a few calls. One entry for each subject.
std::vector<CallTimes> measure_calls(std::vector<BenchSubject>& subjects, int threads, int batch,
                                     double seconds, Progress& progress);

// The value that a share of the sorted times does not exceed (nearest rank).
double percentile(const std::vector<double>& sorted, double share);

}  // namespace quantface
