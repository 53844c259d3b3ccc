// Times engines against each other on one machine, taking turns.
//
//   peer_compare [OPTIONS] LABEL=FILE...
//
// A FILE that ends in .qfm runs in our engine, an .onnx in ONNX Runtime (onnxruntime_bench.mjs) with the same
// number of threads. Every round measures all one after the other; what is told of each is the median of its
// rounds, and the median of the rounds' ratios to the first.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "machine_load.h"
#include "measurement.h"
#include "ours.h"
#include "peer_process.h"

namespace quantface::peers {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::vector<std::string> subjects;
    std::string name = "networks", json;
    std::vector<int> threads = {1, 2}, batches = {1, 16};
    int rounds = 7;
    double seconds = 0.3;
    std::filesystem::path peer_script;
};

// One network in one engine.
class Subject {
  public:
    virtual ~Subject() = default;
    // For runs of `images` images at once.
    virtual void prepare(int threads, int images) = 0;
    // Median seconds of a run.
    virtual double measure(double seconds) = 0;
    virtual void release() = 0;
    // Billions of multiply-accumulates of an image, 0 where that is not known.
    virtual double giga_macs() const { return 0; }
};

class OurSubject : public Subject {
  public:
    explicit OurSubject(const std::filesystem::path& file) : network_(file) {}
    void prepare(int threads, int images) override {
        threads_ = threads;
        images_ = images;
        network_.run_ours(images, threads);  // caches, page faults
    }
    double measure(double seconds) override {
        return median_seconds([&] { network_.run_ours(images_, threads_); }, seconds);
    }
    void release() override {}
    double giga_macs() const override { return network_.giga_macs(); }
    const OurNetwork& network() const { return network_; }

  private:
    OurNetwork network_;
    int threads_ = 1, images_ = 1;
};

class OnnxRuntimeSubject : public Subject {
  public:
    OnnxRuntimeSubject(PeerProcess& peer, std::string name, std::string file, const InputSpec& spec)
        : peer_(peer), name_(std::move(name)), file_(std::move(file)), spec_(spec) {}
    void prepare(int threads, int images) override {
        peer_.ask(
            fmt::format("load {} {} {} {} {} {}", name_, threads, images, spec_.height, spec_.width, file_));
        peer_.wait_until_idle();
    }
    double measure(double seconds) override {
        std::istringstream answer(peer_.ask(fmt::format("time {} {}", name_, seconds)));
        int runs = 0;
        double median_time = 0;
        answer >> runs >> median_time;
        peer_.wait_until_idle();
        return median_time;
    }
    void release() override { peer_.ask("unload " + name_); }

  private:
    PeerProcess& peer_;
    std::string name_, file_;
    InputSpec spec_;
};

struct Labelled {
    std::string label, file;
    std::unique_ptr<Subject> subject;
};

// Ours first, as they say how large an image is.
std::vector<Labelled> open_subjects(const Options& options, PeerProcess& peer) {
    std::vector<Labelled> all;
    const OurNetwork* ours = nullptr;
    for (const std::string& text : options.subjects) {
        const size_t equals = text.find('=');
        if (equals == std::string::npos) fail_usage(text + ": LABEL=FILE wanted");
        Labelled one{text.substr(0, equals), text.substr(equals + 1), nullptr};
        if (one.file.ends_with(".qfm")) {
            auto subject = std::make_unique<OurSubject>(one.file);
            if (!ours) ours = &subject->network();
            one.subject = std::move(subject);
        } else {
            if (!ours) fail_usage("the first has to be a .qfm");
            one.subject = std::make_unique<OnnxRuntimeSubject>(peer, std::to_string(all.size()), one.file,
                                                               ours->input_spec());
        }
        all.push_back(std::move(one));
    }
    return all;
}

// Seconds of each subject in each round.
std::vector<std::vector<double>> measure_rounds(std::vector<Labelled>& subjects, const Options& options) {
    std::vector<std::vector<double>> times(subjects.size());
    for (int round = 0; round < options.rounds; ++round) {
        for (size_t i = 0; i < subjects.size(); ++i) {
            times[i].push_back(subjects[i].subject->measure(options.seconds));
        }
    }
    return times;
}

Json summarize(const std::vector<Labelled>& subjects, const std::vector<std::vector<double>>& times,
               int batch) {
    Json rows = Json::array();
    for (size_t i = 0; i < subjects.size(); ++i) {
        std::vector<double> ratios;
        for (size_t round = 0; round < times[i].size(); ++round)
            ratios.push_back(times[i][round] / times[0][round]);
        const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
        const double seconds = median(times[i]);
        rows.push_back({{"label", subjects[i].label},
                        {"file", std::filesystem::path(subjects[i].file).filename().string()},
                        {"milliseconds", 1e3 * seconds},
                        {"images_per_second", batch / seconds},
                        {"ratio", median(ratios)},
                        {"ratio_least", *least},
                        {"ratio_most", *most}});
    }
    return rows;
}

void print_rows(const Json& rows, int threads, int batch) {
    for (const Json& row : rows) {
        fmt::print("| {} | {} | {} | {:.2f} | {:.1f} | {:.2f} ({:.2f}-{:.2f}) |\n", threads, batch,
                   row["label"].get<std::string>(), row["milliseconds"].get<double>(),
                   row["images_per_second"].get<double>(), row["ratio"].get<double>(),
                   row["ratio_least"].get<double>(), row["ratio_most"].get<double>());
    }
    std::fflush(stdout);
}

void compare(const Options& options) {
    PeerProcess peer({"node", options.peer_script.string()});
    const std::string version = peer.ask("version");
    std::vector<Labelled> subjects = open_subjects(options, peer);
    fmt::print(
        "| threads | batch | engine | ms | images/s | time, that of {} = 1 |\n|---|---|---|---|---|---|\n",
        subjects.front().label);
    const MachineLoad load(peer);
    Json measurements = Json::array();
    for (const int threads : options.threads) {
        for (const int batch : options.batches) {
            for (Labelled& one : subjects) one.subject->prepare(threads, batch);
            const Json rows = summarize(subjects, measure_rounds(subjects, options), batch);
            for (Labelled& one : subjects) one.subject->release();
            print_rows(rows, threads, batch);
            measurements.push_back({{"threads", threads}, {"batch", batch}, {"engines", rows}});
        }
    }
    const double taken = load.cores_taken_by_others();
    fmt::print("other programs took {:.2f} cores meanwhile\n", taken);
    if (options.json.empty()) return;
    const Json document = {
        {"name", options.name},           {"onnxruntime", version},
        {"rounds", options.rounds},       {"seconds", options.seconds},
        {"cores_taken_by_others", taken}, {"giga_macs", subjects.front().subject->giga_macs()},
        {"measurements", measurements}};
    write_file_atomically(options.json, document.dump(2) + "\n");
}

}  // namespace
}  // namespace quantface::peers

int main(int argc, char** argv) {
    using namespace quantface;
    peers::Options options;
    options.peer_script = QUANTFACE_PEER_SCRIPT;
    CLI::App program("Times our engine and ONNX Runtime, taking turns");
    program
        .add_option("LABEL=FILE", options.subjects,
                    "Networks; the first is a .qfm and what others are compared with")
        ->required();
    program.add_option("--name", options.name, "What the JSON calls the comparison");
    program.add_option("--json", options.json, "Where the figures go as well");
    program.add_option("--threads", options.threads, "Numbers of threads")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->capture_default_str();
    program.add_option("--batch", options.batches, "Images at once")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->capture_default_str();
    program.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000))->capture_default_str();
    program.add_option("--seconds", options.seconds, "Of each engine in each round")->capture_default_str();
    CLI11_PARSE(program, argc, argv);
    try {
        peers::compare(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "peer_compare: {}\n", error.what());
        return 1;
    }
    return 0;
}
