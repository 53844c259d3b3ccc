// quantface eval: accuracy on the field's benchmarks, agreement with the teacher, size and speed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <fstream>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/eval_options.h"
#include "cli/evaluation.h"
#include "cli/evaluation_document.h"
#include "cli/evaluation_tables.h"
#include "cli/layer_noise.h"
#include "cli/skipped_images.h"
#include "cli/text_table.h"
#include "quantize/calibration_images.h"
#include "report/csv_table.h"
#include "report/html_report.h"
#include "synth/contact_sheet.h"

namespace quantface {

namespace {

constexpr double kSpeedSeconds = 1;
constexpr int64_t kNoiseImages = 32, kSheetFaces = 32;
constexpr int kSheetQuality = 85;

struct Models {
    std::deque<LoadedModel> loaded;  // addresses stay
    std::optional<size_t> teacher;   // given by name
};

// A teacher of its own comes first, and is measured as the others are.
Models load_models(const EvalOptions& options) {
    std::vector<std::string> texts = options.models;
    Models models;
    if (!options.teacher.empty()) {
        const auto found = std::find(texts.begin(), texts.end(), options.teacher);
        models.teacher = found == texts.end() ? 0 : static_cast<size_t>(found - texts.begin());
        if (found == texts.end()) texts.insert(texts.begin(), options.teacher);
    }
    for (const std::string& text : texts) {
        const ModelArgument argument = parse_model_argument(text, options.input);
        models.loaded.push_back(load_model(argument.path, argument.input));
    }
    return models;
}

// The network that it was made from where that is among them, else the first full-precision one.
std::optional<size_t> teacher_of(const Models& models, size_t student) {
    const auto& loaded = models.loaded;
    std::optional<size_t> teacher = models.teacher;
    const IntegerModel* integer = loaded[student].integer_model();
    for (size_t i = 0; i < loaded.size() && !teacher && integer != nullptr; ++i) {
        if (loaded[i].graph() != nullptr && loaded[i].sha256 == integer->teacher_sha256) teacher = i;
    }
    for (size_t i = 0; i < loaded.size() && !teacher; ++i) {
        if (loaded[i].graph() != nullptr) teacher = i;
    }
    return teacher == student ? std::nullopt : teacher;
}

EvaluationSetup make_setup(const EvalOptions& options, const Models& models, const std::string& photos) {
    EvaluationSetup setup;
    for (size_t i = 0; i < models.loaded.size(); ++i)
        setup.contestants.push_back(
            {&models.loaded[i], make_embedder(models.loaded[i]), teacher_of(models, i)});
    if (!options.fars.empty()) setup.judge.fars = options.fars;
    std::sort(setup.judge.fars.begin(), setup.judge.fars.end());
    setup.judge.bootstrap = {options.bootstrap, options.confidence, options.seed};
    setup.photos = photos;
    setup.cache = options.cache;
    setup.hash_data = options.json.print || !options.json.save_path.empty() || !options.html.empty();
    setup.shard = parse_shard(options.shard);
    return setup;
}

BenchmarkOptions benchmark_options(const EvalOptions& options, const PhotoAligner& aligner) {
    BenchmarkOptions benchmark;
    benchmark.align = [&aligner](const Image& photo, const std::string& name, int side) {
        return aligner.face(photo, name, side);
    };
    benchmark.detect = options.photos.detect;
    benchmark.flip = options.flip;
    benchmark.ijb = parse_template_options(options.ijb);
    return benchmark;
}

std::vector<std::string> own_command_line() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
    if (!words.empty()) words[0] = "quantface";
    return words;
}

std::vector<CallTimes> measure_speed(const Models& models, Progress& progress) {
    std::vector<BenchSubject> subjects;
    for (const LoadedModel& model : models.loaded) subjects.emplace_back(model);
    return measure_calls(subjects, 1, 1, kSpeedSeconds, progress);
}

// Images of the first benchmark that has some the network takes, as the noise of layers is measured on.
class FirstFaces final : public ImageSource {
  public:
    FirstFaces(const Benchmark& benchmark, int side) : benchmark_(benchmark), side_(side) {
        const int64_t images = benchmark.image_count();
        for (int64_t i = 0; i < images && std::ssize(usable_) < kNoiseImages; ++i) {
            try {
                benchmark.face(i, side);
                usable_.push_back(i);
            } catch (const Error&) {
                // Named among the benchmark's failed images.
            }
        }
    }
    std::optional<int64_t> size() const override { return std::ssize(usable_); }
    Image image(int64_t index) const override {
        return benchmark_.face(usable_[static_cast<size_t>(index)], side_);
    }
    std::string description() const override { return benchmark_.name(); }

  private:
    const Benchmark& benchmark_;
    int side_;
    std::vector<int64_t> usable_;
};

// The noise of each network's layers on faces of the first benchmark, else of --data, else rendered.
std::vector<std::map<std::string, double>> measure_noise(const EvaluationSetup& setup,
                                                         const EvalOptions& options,
                                                         const std::vector<DataResult>& results,
                                                         ThreadPool& pool, Progress& progress) {
    std::vector<std::map<std::string, double>> noise(setup.contestants.size());
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const Contestant& contestant = setup.contestants[i];
        const Graph* teacher =
            contestant.teacher ? setup.contestants[*contestant.teacher].model->graph() : nullptr;
        const IntegerModel* student = contestant.model->integer_model();
        if (teacher == nullptr || student == nullptr) continue;
        const InputSpec& spec = teacher->input_spec;
        std::unique_ptr<ImageSource> source;
        if (results[0].benchmark) {
            source = std::make_unique<FirstFaces>(*results[0].benchmark, std::max(spec.height, spec.width));
        } else {
            source = open_data_source(options.data.empty() ? "render" : options.data, spec);
        }
        const CalibrationImages images =
            load_calibration_images(*source, spec, 0, kNoiseImages, pool, progress);
        noise[i] = measure_layer_noise(*teacher, *student, images, pool, progress);
    }
    return noise;
}

// The source of the faces to show: given, or the rendered ones of the first network made with such.
std::string faces_to_show(const EvalOptions& options, const Models& models) {
    if (!options.faces.empty() || options.html.empty()) return options.faces;
    for (const LoadedModel& model : models.loaded) {
        if (model.integer_model() == nullptr) continue;
        const Json record = Json::parse(model.integer_model()->record, nullptr, false);
        if (!record.is_object() || !record.contains("data") || !record["data"].is_string()) continue;
        const std::string data = record["data"], start = "rendered faces, seed ";
        if (data.starts_with(start))
            return "render:" + std::to_string(std::strtoull(data.c_str() + start.size(), nullptr, 10));
    }
    return {};
}

void add_faces(const std::string& faces, const Models& models, ThreadPool& pool, Progress& progress,
               EvaluationContext& context) {
    if (faces.empty()) return;
    const auto source = open_data_source(faces, models.loaded[0].input_spec(), 1, "--faces");
    const Image sheet = contact_sheet(*source, kSheetFaces, pool, progress);
    context.faces_description = source->description();
    context.faces_sheet = picture_uri(sheet, kSheetQuality);
}

EvaluationContext make_context(const EvalOptions& options, const EvaluationSetup& setup, const Models& models,
                               const std::vector<DataResult>& results, ThreadPool& pool, Progress& progress) {
    EvaluationContext context;
    context.command = own_command_line();
    context.flip = options.flip;
    context.ijb = parse_template_options(options.ijb).name();
    context.threads = pool.size();
    context.missing = options.missing;
    const bool html = !options.html.empty();
    context.pictures = html && !options.no_pictures;
    if (options.speed || html) context.speed = measure_speed(models, progress);
    if (options.layers || html)
        context.layer_noise_db = measure_noise(setup, options, results, pool, progress);
    add_faces(faces_to_show(options, models), models, pool, progress, context);
    return context;
}

void print_shard(const EvaluationSetup& setup, const std::vector<DataResult>& results) {
    for (const DataResult& data : results) {
        fmt::print("{}: part {} of {} of {} images is in {}\n", data.name, setup.shard.index + 1,
                   setup.shard.count, format_count(data.images), setup.cache);
    }
}

// Images that could not be used, each by name; the exit code says so, too.
void report_failed(const std::vector<DataResult>& results) {
    std::vector<std::string> lines;
    int64_t images = 0;
    for (const DataResult& data : results) {
        for (const FailedImage& image : data.failed) lines.push_back(image.reason);
        images += data.images;
    }
    report_skipped(lines, images);
}

void put_results(const EvalOptions& options, const EvaluationSetup& setup, const Models& models,
                 const std::vector<DataResult>& results, ThreadPool& pool, Progress& progress) {
    const bool document_wanted = setup.hash_data || !options.csv.empty() || options.speed || options.layers;
    if (document_wanted) {
        const Json document = evaluation_document(
            setup, results, make_context(options, setup, models, results, pool, progress));
        if (!options.html.empty()) write_file_atomically(options.html, render_html_report(document));
        if (!options.csv.empty()) write_file_atomically(options.csv, render_csv(document));
        put_json(options.json, document);
    }
    for (const LoadedModel& model : models.loaded) print_notes(model);
    if (options.json.print) return;
    for (const DataResult& data : results) print_evaluation(setup, data, options.flip, pool.size());
    for (const Contestant& contestant : setup.contestants) {
        if (!contestant.teacher) continue;
        fmt::print("cosine: mean and minimum between the embeddings of {} and those of {}\n",
                   contestant.model->name, setup.contestants[*contestant.teacher].model->name);
    }
}

void run_eval(const EvalOptions& options, Progress& progress) {
    if (options.benchmarks.empty() && options.data.empty()) {
        fail_usage("eval: nothing to measure on; give --bench SPEC, or --data SOURCE for agreement alone");
    }
    const PhotoAligner aligner(options.photos);
    const BenchmarkOptions benchmark = benchmark_options(options, aligner);
    const Shard shard = parse_shard(options.shard);
    if (!shard.is_all() && (options.cache.empty() || options.benchmarks.empty() || !options.data.empty()))
        fail_usage("eval: --shard goes with --cache and --bench");
    const Models models = load_models(options);
    const EvaluationSetup setup = make_setup(options, models, aligner.description());
    // All of them are opened before the work on the first begins.
    std::vector<std::unique_ptr<Benchmark>> benchmarks;
    for (const std::string& spec : options.benchmarks) benchmarks.push_back(open_benchmark(spec, benchmark));
    ThreadPool pool(options.threads);
    std::vector<DataResult> results;
    for (auto& one : benchmarks) results.push_back(evaluate_benchmark(setup, std::move(one), pool, progress));
    if (!shard.is_all()) {
        print_shard(setup, results);
        report_failed(results);
        return;
    }
    if (!options.data.empty()) {
        const auto source = open_data_source(options.data, models.loaded[0].input_spec());
        results.push_back(evaluate_source(setup, *source, options.images, pool, progress));
    }
    put_results(options, setup, models, results, pool, progress);
    report_failed(results);
}

}  // namespace

void add_eval_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<EvalOptions>();
    CLI::App* command =
        program.add_subcommand("eval", "Accuracy, agreement with the teacher, size and speed");
    add_eval_options(*command, *options);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_eval(*options, progress); }; });
}

}  // namespace quantface
