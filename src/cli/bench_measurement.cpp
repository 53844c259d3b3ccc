#include "cli/bench_measurement.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"

namespace quantface {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLeastCalls = 5;

CallTimes summarize(int threads, int batch, std::vector<double> seconds) {
    std::sort(seconds.begin(), seconds.end());
    const double total = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    CallTimes times;
    times.threads = threads;
    times.batch = batch;
    times.calls = static_cast<int64_t>(seconds.size());
    times.least_ms = 1e3 * seconds.front();
    times.median_ms = 1e3 * percentile(seconds, 0.5);
    times.p90_ms = 1e3 * percentile(seconds, 0.9);
    times.p95_ms = 1e3 * percentile(seconds, 0.95);
    times.p99_ms = 1e3 * percentile(seconds, 0.99);
    times.images_per_second = static_cast<double>(times.calls) * batch / total;
    return times;
}

}  // namespace

BenchSubject::BenchSubject(const LoadedModel& model) : embedder_(make_embedder(model)) {
    const InputSpec& spec = embedder_->input_spec();
    Rng rng(1);
    pixels_.resize(size_t{3} * static_cast<size_t>(spec.height) * static_cast<size_t>(spec.width));
    for (uint8_t& pixel : pixels_) pixel = static_cast<uint8_t>(rng.below(256));
}

double BenchSubject::time_call(int batch, ThreadPool& pool) {
    const InputSpec& spec = embedder_->input_spec();
    views_.assign(static_cast<size_t>(batch), {pixels_.data(), spec.height, spec.width});
    embeddings_.resize(views_.size() * static_cast<size_t>(embedder_->embedding_size()));
    const auto start = Clock::now();
    embedder_->embed(views_, embeddings_, pool);
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<CallTimes> measure_calls(std::vector<BenchSubject>& subjects, int threads, int batch,
                                     double seconds, Progress& progress) {
    ThreadPool pool(threads);
    // Caches, page faults, memory for the threads.
    for (BenchSubject& subject : subjects) subject.time_call(batch, pool);
    std::vector<std::vector<double>> times(subjects.size());
    double spent = 0;
    while (times[0].size() < kLeastCalls || spent < seconds * static_cast<double>(subjects.size())) {
        for (size_t i = 0; i < subjects.size(); ++i) {
            if (progress.stop_requested()) fail_work("interrupted");
            times[i].push_back(subjects[i].time_call(batch, pool));
            spent += times[i].back();
        }
    }
    std::vector<CallTimes> results;
    for (std::vector<double>& one : times) results.push_back(summarize(threads, batch, std::move(one)));
    return results;
}

double percentile(const std::vector<double>& sorted, double share) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace quantface
