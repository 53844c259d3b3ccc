// quantface bench: how fast a network is on this machine.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "cli/bench_layers.h"
#include "cli/bench_measurement.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/layer_summary.h"
#include "cli/text_table.h"
#include "kernels/kernel_set.h"

namespace quantface {

namespace {

struct BenchOptions {
    std::vector<std::string> models;
    InputOptions input;
    double seconds = 2;   // for each measurement of each model
    int max_threads = 0;  // 0: all cores
    std::vector<int> batches = {1, 16};
    bool layers = false;
    JsonOptions json;
};

struct BenchResult {
    std::vector<CallTimes> calls;  // the first: one image, one thread
    ModelSummary summary;
    std::optional<LayerTimes> layers;
};

// 1, 2, 4, ... and the maximum itself.
std::vector<int> thread_counts(int maximum) {
    std::vector<int> counts;
    for (int threads = 1; threads < maximum; threads *= 2) counts.push_back(threads);
    counts.push_back(maximum);
    return counts;
}

// Against the first network.
double speedup(const std::vector<BenchResult>& results, size_t i) {
    return results[0].calls[0].median_ms / results[i].calls[0].median_ms;
}

uint64_t peak_resident_bytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

void print_calls(const std::vector<LoadedModel>& models, const std::vector<BenchResult>& results) {
    TextTable table({"model", "<bits", "threads", "images", "median ms", "p90 ms", "p99 ms", "img/s"});
    for (size_t row = 0; row < results[0].calls.size(); ++row) {
        for (size_t i = 0; i < models.size(); ++i) {
            const CallTimes& times = results[i].calls[row];
            table.add_row({models[i].name, describe_bits(models[i]), std::to_string(times.threads),
                           std::to_string(times.batch), fmt::format("{:.2f}", times.median_ms),
                           fmt::format("{:.2f}", times.p90_ms), fmt::format("{:.2f}", times.p99_ms),
                           fmt::format("{:.1f}", times.images_per_second)});
        }
    }
    fmt::print("{}", table.render());
}

void print_memory(const std::vector<LoadedModel>& models, const std::vector<BenchResult>& results) {
    TextTable table({"model", "file", "weights in memory", "activations a thread"});
    for (size_t i = 0; i < models.size(); ++i) {
        const uint64_t activations = results[i].summary.memory_activation_bytes;
        table.add_row({models[i].name, format_bytes(models[i].file_bytes),
                       format_bytes(results[i].summary.memory_weight_bytes),
                       activations > 0 ? format_bytes(activations) : "-"});
    }
    fmt::print("\n{}", table.render());
}

void print_layers(const std::string& name, const LayerTimes& times) {
    fmt::print("\n{}, layer by layer, one thread\n", name);
    TextTable table({"layer", "<op", "<output", "<kernel", "us", "time", "GMAC/s", "of peak", "GB/s"});
    for (const LayerTime& layer : times.layers) {
        const double rate = static_cast<double>(layer.macs) / layer.seconds;
        const bool multiplies = layer.macs > 0;
        table.add_row({layer.name, layer.op,
                       fmt::format("{}x{}x{}", layer.shape.channels, layer.shape.height, layer.shape.width),
                       layer.kernel, fmt::format("{:.1f}", 1e6 * layer.seconds),
                       fmt::format("{:.1f} %", 100 * layer.seconds / times.seconds()),
                       multiplies ? fmt::format("{:.1f}", 1e-9 * rate) : "-",
                       multiplies && layer.peak > 0 ? fmt::format("{:.0f} %", 100 * rate / layer.peak) : "-",
                       fmt::format("{:.1f}", 1e-9 * static_cast<double>(layer.bytes) / layer.seconds)});
    }
    fmt::print("{}all layers {:.2f} ms, {:.1f} GMAC/s\n", table.render(), 1e3 * times.seconds(),
               1e-9 * static_cast<double>(times.macs()) / times.seconds());
}

void print_tables(const std::vector<LoadedModel>& models, const std::vector<BenchResult>& results) {
    print_calls(models, results);
    print_memory(models, results);
    for (size_t i = 0; i < models.size(); ++i) {
        if (results[i].layers) print_layers(models[i].name, *results[i].layers);
    }
    fmt::print("\nkernels: {}; peak resident memory of this process: {}\n", chosen_kernel_set().name,
               format_bytes(peak_resident_bytes()));
    for (size_t i = 1; i < models.size(); ++i) {
        fmt::print("{} is {:.2f} times as fast as {} (median of one image, one thread)\n", models[i].name,
                   speedup(results, i), models[0].name);
    }
}

Json to_json(const CallTimes& times) {
    return {{"threads", times.threads},
            {"batch", times.batch},
            {"calls", times.calls},
            {"least_ms", times.least_ms},
            {"median_ms", times.median_ms},
            {"p90_ms", times.p90_ms},
            {"p95_ms", times.p95_ms},
            {"p99_ms", times.p99_ms},
            {"images_per_second", times.images_per_second}};
}

Json to_json(const LayerTimes& times) {
    Json layers = Json::array();
    for (const LayerTime& layer : times.layers) {
        const double rate = static_cast<double>(layer.macs) / layer.seconds;
        layers.push_back(
            {{"name", layer.name},
             {"op", layer.op},
             {"output", {layer.shape.channels, layer.shape.height, layer.shape.width}},
             {"kernel", layer.kernel},
             {"microseconds", 1e6 * layer.seconds},
             {"share_of_time", layer.seconds / times.seconds()},
             {"macs", layer.macs},
             {"bytes", layer.bytes},
             {"macs_per_second", rate},
             {"peak_macs_per_second", layer.peak > 0 ? Json(layer.peak) : Json()},
             {"share_of_peak", layer.peak > 0 && layer.macs > 0 ? Json(rate / layer.peak) : Json()}});
    }
    return layers;
}

Json to_json(const std::vector<LoadedModel>& models, const std::vector<BenchResult>& results) {
    Json list = Json::array();
    for (size_t i = 0; i < models.size(); ++i) {
        const BenchResult& result = results[i];
        Json calls = Json::array();
        for (const CallTimes& times : result.calls) calls.push_back(to_json(times));
        Json model = {{"model", models[i].name},
                      {"bits", describe_bits(models[i])},
                      {"file_bytes", models[i].file_bytes},
                      {"weight_bytes", result.summary.memory_weight_bytes},
                      {"activation_bytes", result.summary.memory_activation_bytes > 0
                                               ? Json(result.summary.memory_activation_bytes)
                                               : Json()},
                      {"macs", result.summary.macs},
                      {"speedup", speedup(results, i)},
                      {"calls", calls}};
        if (result.layers) model["layers"] = to_json(*result.layers);
        list.push_back(model);
    }
    Json document;
    document["kernels"] = chosen_kernel_set().name;
    document["peak_resident_bytes"] = peak_resident_bytes();
    document["models"] = list;
    return document;
}

void run_bench(const BenchOptions& options, Progress& progress) {
    std::vector<LoadedModel> models;
    std::vector<BenchSubject> subjects;
    for (const std::string& path : options.models) {
        models.push_back(load_model(path, options.input));
        subjects.emplace_back(models.back());
    }
    std::vector<BenchResult> results(models.size());
    const std::vector<int> counts =
        thread_counts(options.max_threads > 0 ? options.max_threads : available_cores());
    const auto rounds = static_cast<int64_t>(counts.size() * options.batches.size());
    progress.start("measuring, rounds", rounds + (options.layers ? 1 : 0));
    for (const int threads : counts) {
        for (const int batch : options.batches) {
            const auto times = measure_calls(subjects, threads, batch, options.seconds, progress);
            for (size_t i = 0; i < models.size(); ++i) results[i].calls.push_back(times[i]);
            progress.advance(1);
        }
    }
    for (size_t i = 0; i < models.size(); ++i) {
        results[i].summary = summarize(models[i]);
        if (options.layers && models[i].integer_model()) {
            results[i].layers = measure_layers(*models[i].integer_model(), options.seconds, progress);
        }
    }
    progress.finish();
    put_json(options.json, to_json(models, results));
    if (!options.json.print) print_tables(models, results);
    for (const LoadedModel& model : models) print_notes(model);
}

}  // namespace

void add_bench_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<BenchOptions>();
    CLI::App* command =
        program.add_subcommand("bench", "Latency and throughput by threads and batch, memory, time by layer");
    command->add_option("MODEL", options->models, "One network, or several: each is compared with the first")
        ->required();
    command->add_option("--seconds", options->seconds, "Time for each measurement of each network")
        ->check(CLI::Range(0.01, 600.0))
        ->capture_default_str();
    command->add_option("--threads", options->max_threads, "Most threads to try (0: all cores)")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command->add_option("--batch", options->batches, "Images of a call, several numbers with commas")
        ->delimiter(',')
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    command->add_flag("--layers", options->layers,
                      "Of integer networks also the time of each layer, and its share of what the core's "
                      "instructions can do at most");
    add_input_options(*command, options->input);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_bench(*options, progress); }; });
}

}  // namespace quantface
