// All pairs of many embeddings: pairs a second and peak memory.
//     all_pairs_bench [embeddings] [dimension] [threads]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/rng.h"
#include "eval/all_pairs.h"
#include "eval/embeddings.h"

int main(int argc, char** argv) {
    const int64_t count = argc > 1 ? std::atoll(argv[1]) : 100000;
    const int64_t dimension = argc > 2 ? std::atoll(argv[2]) : 128;
    const int threads = argc > 3 ? std::atoi(argv[3]) : 0;
    constexpr int kImagesOfAPerson = 10;
    quantface::Rng rng(1);
    std::vector<float> rows;
    std::vector<int32_t> people;
    std::vector<float> centre(static_cast<size_t>(dimension));
    for (int64_t i = 0; i < count; ++i) {
        if (i % kImagesOfAPerson == 0) {
            for (float& x : centre) x = static_cast<float>(rng.normal());
        }
        for (const float x : centre) rows.push_back(x + static_cast<float>(0.8 * rng.normal()));
        people.push_back(static_cast<int32_t>(i / kImagesOfAPerson));
    }
    quantface::normalize_embeddings(rows, dimension);
    quantface::ThreadPool pool(threads);
    quantface::SilentProgress progress;
    const auto start = std::chrono::steady_clock::now();
    const quantface::AllPairs pairs =
        quantface::score_all_pairs(rows, dimension, people, false, pool, progress);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto total = static_cast<double>(pairs.genuine.count() + pairs.impostors.count());
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "%lld embeddings of %lld numbers, %d threads: %.0f pairs in %.1f s, %.0f million a second; peak %.0f "
        "MB\n",
        static_cast<long long>(count), static_cast<long long>(dimension), pool.size(), total, seconds,
        total / seconds / 1e6, static_cast<double>(usage.ru_maxrss) / 1024);
}
