// Large galleries: how fast faces are enrolled, and what exact search and each kind of index cost and find.
//
//   gallery_bench [--people 250000] [--faces 4] [--dimension 128] [--kinds hnsw,ivf,ivfpq] [--dir FOLDER]
//
// Embeddings are made up: cosines of about 0.6 within a person, people evenly spread (which is harder for an
// index than trained networks, whose embeddings fill fewer dimensions). Queries are new faces of enrolled
// people and of strangers. Recall is against exact search of the same store: the share of queries whose best
// person is the same, and of their ten best people that are found. One line of a table each; nothing is
// asserted.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "gallery/exact_search.h"
#include "gallery/faiss_engine.h"
#include "gallery/index_search.h"
#include "gallery/made_faces.h"

namespace quantface::test {
namespace {

constexpr double kLikeness = 0.6;
constexpr int64_t kRecallQueries = 512;  // of enrolled people, and as many of strangers
constexpr int64_t kBatchFaces = 16384, kBatchQueries = 64;
constexpr int kSingleRuns = 200, kBatchRuns = 12;

struct Settings {
    int64_t people = 250000, faces = 4;
    int dimension = 128;
    std::string kinds = "hnsw,ivf,ivfpq";
    std::filesystem::path folder;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double resident_megabytes() {
    long pages = 0, resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double megabytes(uint64_t bytes) {
    return static_cast<double>(bytes) / 1e6;
}

// Milliseconds a query: of single ones, and of 64 together.
struct Latency {
    double single_median = 0, single_p99 = 0, batch_median = 0, batch_p99 = 0;
};

std::pair<double, double> median_and_p99(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values[values.size() * 99 / 100]};
}

template <typename Search>
Latency measure(const std::vector<float>& queries, int dimension, const Search& search) {
    const auto width = static_cast<size_t>(dimension);
    const size_t count = queries.size() / width;
    const auto run = [&](int runs, size_t size) {
        std::vector<double> milliseconds;
        for (int i = 0; i < runs; ++i) {
            const size_t first = static_cast<size_t>(i) * size % (count - size + 1);
            const auto start = std::chrono::steady_clock::now();
            search(std::span(queries).subspan(first * width, size * width));
            milliseconds.push_back(seconds_since(start) * 1e3 / static_cast<double>(size));
        }
        return median_and_p99(std::move(milliseconds));
    };
    Latency latency;
    std::tie(latency.single_median, latency.single_p99) = run(kSingleRuns, 1);
    std::tie(latency.batch_median, latency.batch_p99) = run(kBatchRuns, kBatchQueries);
    return latency;
}

struct Recall {
    double best = 0, ten = 0;
};

Recall recall_of(const SearchHits& hits, const SearchHits& exact, size_t first, size_t count) {
    size_t best = 0, found = 0, all = 0;
    for (size_t query = first; query < first + count; ++query) {
        if (!hits[query].empty() && hits[query][0].person == exact[query][0].person) ++best;
        for (const GalleryHit& hit : exact[query]) {
            found += std::any_of(hits[query].begin(), hits[query].end(),
                                 [&](const GalleryHit& own) { return own.person == hit.person; });
            ++all;
        }
    }
    return {static_cast<double>(best) / static_cast<double>(count),
            static_cast<double>(found) / static_cast<double>(all)};
}

void print_row(const std::string& what, double build_seconds, double memory, double file, const Latency& ms,
               const SearchHits& hits, const SearchHits& exact) {
    const Recall known = recall_of(hits, exact, 0, kRecallQueries);
    const Recall stranger = recall_of(hits, exact, kRecallQueries, kRecallQueries);
    std::printf("%-12s %8.1f %9.0f %9.0f %9.3f %9.3f %9.3f %9.3f %7.4f %7.4f %7.4f %7.4f\n", what.c_str(),
                build_seconds, memory, file, ms.single_median, ms.single_p99, ms.batch_median, ms.batch_p99,
                known.best, known.ten, stranger.best, stranger.ten);
    std::fflush(stdout);
}

class GalleryBench {
  public:
    explicit GalleryBench(const Settings& settings)
        : settings_(settings), made_(settings.dimension, kLikeness) {
        for (int64_t i = 0; i < 2 * kRecallQueries; ++i) {
            const bool known = i < kRecallQueries;
            const int64_t person = known ? i * 7919 % settings_.people : settings_.people + i;
            const auto row = made_.face(person, 1000 + i);
            queries_.insert(queries_.end(), row.begin(), row.end());
        }
    }

    void run() {
        std::printf("%lld people, %lld faces each, %d numbers; %d threads\n",
                    static_cast<long long>(settings_.people), static_cast<long long>(settings_.faces),
                    settings_.dimension, pool_.size());
        enroll(FaceStore::kFloat);
        enroll(FaceStore::kInt8);
        std::printf("%-12s %8s %9s %9s %9s %9s %9s %9s %7s %7s %7s %7s\n", "", "build", "memory", "file",
                    "1:", "1:", "64:", "64:", "known", "known", "stranger", "");
        std::printf("%-12s %8s %9s %9s %9s %9s %9s %9s %7s %7s %7s %7s\n", "", "s", "MB", "MB", "ms",
                    "p99 ms", "ms each", "p99", "best", "ten", "best", "ten");
        exact(FaceStore::kFloat);
        exact(FaceStore::kInt8);
        for (const IndexKind kind : {IndexKind::kHnsw, IndexKind::kIvf, IndexKind::kIvfPq}) {
            if (settings_.kinds.find(index_kind_name(kind)) != std::string::npos) index(kind);
        }
    }

  private:
    std::filesystem::path path(FaceStore store) const {
        return settings_.folder / ("gallery_bench_" + face_store_name(store) + ".db");
    }

    // Made up on all threads, enrolled in transactions of kBatchFaces.
    void enroll(FaceStore store) {
        std::filesystem::remove(path(store));
        const int64_t count = settings_.people * settings_.faces;
        double seconds = 0;
        {
            Gallery gallery = Gallery::open_or_create(path(store), made_network(settings_.dimension), store);
            for (int64_t first = 0; first < count; first += kBatchFaces) {
                const int64_t size = std::min(kBatchFaces, count - first);
                std::vector<std::vector<float>> rows(static_cast<size_t>(size));
                std::vector<NewFace> faces(static_cast<size_t>(size));
                pool_.parallel_for(size, [&](int64_t i, int) {
                    const int64_t person = (first + i) / settings_.faces,
                                  face = (first + i) % settings_.faces;
                    auto& row = rows[static_cast<size_t>(i)];
                    row = made_.face(person, face);
                    faces[static_cast<size_t>(i)] = {"person " + std::to_string(person),
                                                     std::to_string(face) + ".jpg", made_photo(person, face),
                                                     row};
                });
                const auto start = std::chrono::steady_clock::now();
                gallery.enroll(faces);
                seconds += seconds_since(start);
            }
        }
        std::printf("enrolled into %s: %.0f faces/s, file %.0f MB\n", face_store_name(store).c_str(),
                    static_cast<double>(count) / seconds, megabytes(std::filesystem::file_size(path(store))));
        std::fflush(stdout);
    }

    SearchHits hits_of(const ResidentGallery& resident) { return resident.search(queries_, options_, pool_); }

    void exact(FaceStore store) {
        const Gallery gallery(path(store), SqliteMode::kReadOnly);
        const auto start = std::chrono::steady_clock::now();
        const ResidentGallery resident(gallery, pool_, progress_);
        const double seconds = seconds_since(start);
        const SearchHits hits = hits_of(resident);
        const Latency latency = measure(queries_, settings_.dimension, [&](std::span<const float> queries) {
            resident.search(queries, options_, pool_);
        });
        if (store == FaceStore::kFloat) float_hits_ = hits;
        if (store == FaceStore::kInt8) int8_hits_ = hits;
        print_row("exact " + face_store_name(store), seconds, megabytes(resident.memory_bytes()),
                  megabytes(std::filesystem::file_size(path(store))), latency, hits, float_hits_);
        const auto scan_start = std::chrono::steady_clock::now();
        search_exactly(gallery, std::span(queries_).first(static_cast<size_t>(settings_.dimension)), options_,
                       pool_, progress_);
        std::printf("%-12s from the file, one query: %.2f s\n", "", seconds_since(scan_start));
    }

    void index(IndexKind kind) {
        Gallery gallery(path(FaceStore::kInt8), SqliteMode::kReadWrite);
        const std::filesystem::path file = index_path(path(FaceStore::kInt8));
        const auto start = std::chrono::steady_clock::now();
        build_index(gallery, file, kind, faiss_module(), pool_.size(), progress_);
        const double seconds = seconds_since(start);
        const double before = resident_megabytes();
        const auto read_start = std::chrono::steady_clock::now();
        const IndexFile index = read_index_file(gallery, file, faiss_module(), pool_.size());
        const double read_seconds = seconds_since(read_start);
        const double memory = resident_megabytes() - before;
        const SearchHits hits = search_with_index(gallery, index, queries_, options_);
        const Latency latency = measure(queries_, settings_.dimension, [&](std::span<const float> queries) {
            search_with_index(gallery, index, queries, options_);
        });
        print_row(index_kind_name(kind), seconds, memory, megabytes(std::filesystem::file_size(file)),
                  latency, hits, int8_hits_);
        const Latency alone = measure(queries_, settings_.dimension, [&](std::span<const float> queries) {
            index_candidates(index, queries, settings_.dimension, options_);
        });
        std::printf("%-12s read and checked in %.1f s; the index alone %.3f ms, 64 together %.3f ms each\n",
                    "", read_seconds, alone.single_median, alone.batch_median);
        std::filesystem::remove(file);
    }

    Settings settings_;
    MadeFaces made_;
    std::vector<float> queries_;  // kRecallQueries of enrolled people, as many of strangers
    SearchOptions options_{HitKind::kPeople, 10};
    SearchHits float_hits_, int8_hits_;
    ThreadPool pool_;
    SilentProgress progress_;
};

Settings settings_of(int count, char** arguments) {
    Settings settings;
    settings.folder = std::filesystem::temp_directory_path();
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i], value = arguments[i + 1];
        if (name == "--people")
            settings.people = std::stoll(value);
        else if (name == "--faces")
            settings.faces = std::stoll(value);
        else if (name == "--dimension")
            settings.dimension = std::stoi(value);
        else if (name == "--kinds")
            settings.kinds = value;
        else if (name == "--dir")
            settings.folder = value;
        else
            fail_usage(name + ": no such option");
    }
    return settings;
}

}  // namespace
}  // namespace quantface::test

int main(int argc, char** argv) {
    try {
        quantface::test::GalleryBench(quantface::test::settings_of(argc, argv)).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gallery_bench: %s\n", error.what());
        return 1;
    }
    return 0;
}
