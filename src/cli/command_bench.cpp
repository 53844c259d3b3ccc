// quantface bench: how fast a network is on this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include "base/error.h"
#include "base/rng.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/model_loading.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

struct BenchOptions {
    std::vector<std::string> models;
    InputOptions input;
    double seconds = 2;   // for each measurement of each model
    int max_threads = 0;  // 0: all cores
    JsonOptions json;
};

struct Throughput {
    int threads;
    double images_per_second;
};

struct BenchResult {
    double median_ms = 0, p95_ms = 0;  // one image, one thread
    int64_t runs = 0;
    std::vector<Throughput> throughput;
};

// Uniform noise: no kernel's time depends on what the pixels are.
std::vector<uint8_t> noise_pixels(const InputSpec& spec) {
    Rng rng(1);
    std::vector<uint8_t> pixels(static_cast<size_t>(spec.height) * static_cast<size_t>(spec.width) * 3);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
    return pixels;
}

class Subject {
  public:
    explicit Subject(const LoadedModel& model)
        : embedder_(make_embedder(model)), pixels_(noise_pixels(embedder_->input_spec())) {}

    // Seconds that `count` images take.
    double run(int count, ThreadPool& pool) {
        const InputSpec& spec = embedder_->input_spec();
        const std::vector<PixelsView> images(static_cast<size_t>(count),
                                             {pixels_.data(), spec.height, spec.width});
        embeddings_.resize(images.size() * static_cast<size_t>(embedder_->embedding_size()));
        const auto start = Clock::now();
        embedder_->embed(images, embeddings_, pool);
        return seconds_since(start);
    }

  private:
    std::unique_ptr<Embedder> embedder_;
    std::vector<uint8_t> pixels_;
    std::vector<float> embeddings_;
};

void stop_if_asked(const Progress& progress) {
    if (progress.stop_requested()) fail_work("interrupted");
}

// The networks take turns, so that a change of the machine's speed meets both.
void measure_latency(std::vector<Subject>& subjects, double seconds, std::vector<BenchResult>& results,
                     Progress& progress) {
    ThreadPool pool(1);
    for (Subject& subject : subjects) subject.run(2, pool);  // warm: caches, page faults
    std::vector<std::vector<double>> times(subjects.size());
    const auto start = Clock::now();
    constexpr size_t kMinRuns = 5;
    while (times[0].size() < kMinRuns ||
           seconds_since(start) < seconds * static_cast<double>(subjects.size())) {
        stop_if_asked(progress);
        for (size_t i = 0; i < subjects.size(); ++i) times[i].push_back(subjects[i].run(1, pool));
    }
    for (size_t i = 0; i < subjects.size(); ++i) {
        std::sort(times[i].begin(), times[i].end());
        const size_t last = times[i].size() - 1;
        results[i].runs = static_cast<int64_t>(times[i].size());
        results[i].median_ms = 1e3 * times[i][last / 2];
        results[i].p95_ms = 1e3 * times[i][(last * 95 + 99) / 100];
    }
}

void measure_throughput(std::vector<Subject>& subjects, int threads, double seconds,
                        std::vector<BenchResult>& results, Progress& progress) {
    ThreadPool pool(threads);
    const int batch = 8 * threads;
    for (size_t i = 0; i < subjects.size(); ++i) {
        subjects[i].run(threads, pool);
        int64_t images = 0;
        double spent = 0;
        while (images == 0 || spent < seconds) {
            stop_if_asked(progress);
            spent += subjects[i].run(batch, pool);
            images += batch;
        }
        results[i].throughput.push_back({threads, static_cast<double>(images) / spent});
    }
}

// 1, 2, 4, ... and the maximum itself.
std::vector<int> thread_counts(int maximum) {
    std::vector<int> counts;
    for (int threads = 1; threads < maximum; threads *= 2) counts.push_back(threads);
    counts.push_back(maximum);
    return counts;
}

// Against the first network.
double speedup(const std::vector<BenchResult>& results, size_t i) {
    return results[0].median_ms / results[i].median_ms;
}

void print_tables(const std::vector<LoadedModel>& models, const std::vector<BenchResult>& results) {
    std::vector<std::string> header = {"model", "<bits", "size", "median ms", "p95 ms"};
    for (const Throughput& row : results[0].throughput) {
        header.push_back(fmt::format("img/s, {} thread{}", row.threads, row.threads == 1 ? "" : "s"));
    }
    TextTable table(header);
    for (size_t i = 0; i < models.size(); ++i) {
        std::vector<std::string> row = {
            models[i].name, describe_bits(models[i]), format_bytes(models[i].file_bytes),
            fmt::format("{:.2f}", results[i].median_ms), fmt::format("{:.2f}", results[i].p95_ms)};
        for (const Throughput& throughput : results[i].throughput) {
            row.push_back(fmt::format("{:.1f}", throughput.images_per_second));
        }
        table.add_row(row);
    }
    fmt::print("{}", table.render());
    for (size_t i = 1; i < models.size(); ++i) {
        fmt::print("{} is {:.2f} times as fast as {} (median, one thread)\n", models[i].name,
                   speedup(results, i), models[0].name);
    }
}

Json to_json(const std::vector<LoadedModel>& models, const std::vector<BenchResult>& results) {
    Json list = Json::array();
    for (size_t i = 0; i < models.size(); ++i) {
        Json throughput = Json::array();
        for (const Throughput& row : results[i].throughput) {
            throughput.push_back({{"threads", row.threads}, {"images_per_second", row.images_per_second}});
        }
        list.push_back({{"model", models[i].name},
                        {"bits", describe_bits(models[i])},
                        {"file_bytes", models[i].file_bytes},
                        {"latency_median_ms", results[i].median_ms},
                        {"latency_p95_ms", results[i].p95_ms},
                        {"latency_runs", results[i].runs},
                        {"speedup", speedup(results, i)},
                        {"throughput", throughput}});
    }
    Json document;
    document["models"] = list;
    return document;
}

void run_bench(const BenchOptions& options, Progress& progress) {
    std::vector<LoadedModel> models;
    std::vector<Subject> subjects;
    for (const std::string& path : options.models) {
        models.push_back(load_model(path, options.input));
        subjects.emplace_back(models.back());
    }
    std::vector<BenchResult> results(models.size());
    const int max_threads = options.max_threads > 0 ? options.max_threads : available_cores();
    const std::vector<int> counts = thread_counts(max_threads);
    progress.start("measuring, rounds", static_cast<int64_t>(counts.size()) + 1);
    measure_latency(subjects, options.seconds, results, progress);
    progress.advance(1);
    for (const int threads : counts) {
        measure_throughput(subjects, threads, options.seconds, results, progress);
        progress.advance(1);
    }
    progress.finish();
    put_json(options.json, to_json(models, results));
    if (!options.json.print) print_tables(models, results);
    for (const LoadedModel& model : models) print_notes(model);
}

}  // namespace

void add_bench_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<BenchOptions>();
    CLI::App* command = program.add_subcommand("bench", "Latency of one image and throughput by threads");
    command->add_option("MODEL", options->models, "One network, or several: each is compared with the first")
        ->required();
    command->add_option("--seconds", options->seconds, "Time for each measurement of each network")
        ->check(CLI::Range(0.01, 600.0))
        ->capture_default_str();
    command->add_option("--threads", options->max_threads, "Most threads to try (0: all cores)")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_input_options(*command, options->input);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_bench(*options, progress); }; });
}

}  // namespace quantface
