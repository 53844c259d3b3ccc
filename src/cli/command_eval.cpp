// quantface eval: accuracy on verification packs, agreement with the teacher, size and speed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <memory>

#include "base/error.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/evaluation.h"
#include "cli/json_output.h"
#include "cli/model_loading.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

struct EvalOptions {
    std::vector<std::string> models;
    std::string teacher;
    std::vector<std::string> packs;
    std::string data;
    int64_t images = 256;
    bool flip = false;
    int threads = 0;
    InputOptions input;
    JsonOptions json;
};

std::vector<std::string> model_paths(const EvalOptions& options) {
    std::vector<std::string> paths = options.models;
    // A teacher of its own comes first, and is measured as the others are.
    if (!options.teacher.empty() && std::find(paths.begin(), paths.end(), options.teacher) == paths.end()) {
        paths.insert(paths.begin(), options.teacher);
    }
    return paths;
}

EvaluationSetup make_setup(const EvalOptions& options, const std::deque<LoadedModel>& models) {
    EvaluationSetup setup;
    setup.flip = options.flip;
    for (size_t i = 0; i < models.size(); ++i) {
        setup.contestants.push_back({&models[i], make_embedder(models[i])});
        const bool chosen =
            options.teacher.empty() ? models[i].graph() != nullptr : models[i].path == options.teacher;
        if (chosen && !setup.teacher) setup.teacher = i;
    }
    return setup;
}

Json verification_json(const VerificationResult& result) {
    Json tar = Json::array();
    for (const TarAtFar& row : result.tar_at_far) {
        tar.push_back({{"far", row.far}, {"tar", row.tar ? Json(*row.tar) : Json()}});
    }
    return {{"pairs", result.pairs},
            {"accuracy_mean", result.ten_fold.accuracy_mean},
            {"accuracy_std", result.ten_fold.accuracy_std},
            {"fold_accuracies", result.ten_fold.fold_accuracies},
            {"tar_at_far", tar},
            {"auc", result.auc},
            {"equal_error_rate", result.equal_error_rate},
            {"invalid_embeddings", result.invalid_embeddings}};
}

Json agreement_json(const std::optional<EmbeddingAgreement>& agreement) {
    if (!agreement) return {{"mean_cosine", nullptr}, {"min_cosine", nullptr}};
    return {{"mean_cosine", agreement->mean},
            {"min_cosine", agreement->minimum},
            {"std_cosine", agreement->standard_deviation},
            {"first_percentile_cosine", agreement->first_percentile},
            {"invalid_embeddings", agreement->invalid_embeddings}};
}

Json to_json(const EvaluationSetup& setup, const std::vector<DataResult>& results, int threads) {
    Json models = Json::array();
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const LoadedModel& model = *setup.contestants[i].model;
        Json benchmarks = Json::array(), agreements = Json::array();
        for (const DataResult& data : results) {
            const Measurement& measured = data.measurements[i];
            Json agreement = agreement_json(measured.agreement);
            agreement["data"] = data.name;
            agreement["images"] = data.images;
            agreement["images_per_second"] = measured.images_per_second;
            agreements.push_back(agreement);
            if (!measured.verification) continue;
            Json benchmark = verification_json(*measured.verification);
            benchmark["pack"] = data.name;
            benchmarks.push_back(benchmark);
        }
        models.push_back({{"model", model.name},
                          {"bits", describe_bits(model)},
                          {"file_bytes", model.file_bytes},
                          {"embedding_size", model.embedding_size()},
                          {"benchmarks", benchmarks},
                          {"agreement", agreements}});
    }
    Json document = {{"threads", threads}, {"flip", setup.flip}};
    document["teacher"] = setup.teacher ? Json(setup.contestants[*setup.teacher].model->name) : Json();
    document["models"] = models;
    return document;
}

std::string percent(double share) {
    return fmt::format("{:.2f}", 100 * share);
}

void add_verification_cells(std::vector<std::string>& row, const VerificationResult& result) {
    row.push_back(percent(result.ten_fold.accuracy_mean) + " +- " + percent(result.ten_fold.accuracy_std));
    for (const TarAtFar& tar : result.tar_at_far) row.push_back(tar.tar ? percent(*tar.tar) : "-");
    row.push_back(fmt::format("{:.4f}", result.auc));
    row.push_back(percent(result.equal_error_rate));
}

void print_table(const EvaluationSetup& setup, const DataResult& data, int threads) {
    const bool is_pack = data.measurements[0].verification.has_value();
    std::vector<std::string> header = {"model", "<bits", "size"};
    if (is_pack) {
        header.push_back("accuracy %");
        for (const double far : kReportedFars) header.push_back(fmt::format("TAR@{:g} %", far));
        header.insert(header.end(), {"AUC", "EER %"});
    }
    header.insert(header.end(), {"cosine", "min", "img/s"});
    TextTable table(header);
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const LoadedModel& model = *setup.contestants[i].model;
        const Measurement& measured = data.measurements[i];
        std::vector<std::string> row = {model.name, describe_bits(model), format_bytes(model.file_bytes)};
        if (is_pack) add_verification_cells(row, *measured.verification);
        row.push_back(measured.agreement ? fmt::format("{:.4f}", measured.agreement->mean) : "-");
        row.push_back(measured.agreement ? fmt::format("{:.4f}", measured.agreement->minimum) : "-");
        row.push_back(fmt::format("{:.1f}", measured.images_per_second));
        table.add_row(row);
    }
    fmt::print("{}: {} {}{}, {} thread{}\n\n{}\n", data.name,
               format_count(is_pack ? data.images / 2 : data.images), is_pack ? "pairs" : "images",
               setup.flip ? " with flips" : "", threads, threads == 1 ? "" : "s", table.render());
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const Measurement& measured = data.measurements[i];
        const int64_t invalid = measured.verification ? measured.verification->invalid_embeddings
                                : measured.agreement  ? measured.agreement->invalid_embeddings
                                                      : 0;
        if (invalid > 0) {
            fmt::print("{}: {} embeddings are zero or not finite: this network is broken\n",
                       setup.contestants[i].model->name, format_count(invalid));
        }
    }
}

void run_eval(const EvalOptions& options, Progress& progress) {
    if (options.packs.empty() && options.data.empty()) {
        fail_usage(
            "eval: nothing to measure on; give --bench FILE.bin, or --data SOURCE for agreement alone");
    }
    std::deque<LoadedModel> models;  // addresses stay
    for (const std::string& path : model_paths(options)) models.push_back(load_model(path, options.input));
    const EvaluationSetup setup = make_setup(options, models);
    ThreadPool pool(options.threads);
    std::vector<DataResult> results;
    for (const std::string& pack : options.packs)
        results.push_back(evaluate_pack(setup, pack, pool, progress));
    if (!options.data.empty()) {
        const auto source = open_data_source(options.data, models[setup.teacher.value_or(0)].input_spec());
        results.push_back(evaluate_source(setup, *source, options.images, pool, progress));
    }
    put_json(options.json, to_json(setup, results, pool.size()));
    for (const LoadedModel& model : models) print_notes(model);
    if (options.json.print) return;
    for (const DataResult& data : results) print_table(setup, data, pool.size());
    if (setup.teacher && setup.contestants.size() > 1) {
        fmt::print("cosine: mean and minimum between each network's embeddings and those of {}\n",
                   models[*setup.teacher].name);
    }
}

}  // namespace

void add_eval_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<EvalOptions>();
    CLI::App* command =
        program.add_subcommand("eval", "Accuracy, agreement with the teacher, size and speed");
    command->add_option("MODEL", options->models, "Networks to compare (.onnx, .qfm)")->required();
    command->add_option("--bench", options->packs, "Verification packs (.bin)")->type_name("FILE...");
    command
        ->add_option("--data", options->data,
                     std::string("Measure agreement on these too: ") + kDataSourceHelp)
        ->type_name("SOURCE");
    command->add_option("--images", options->images, "Images taken from --data")
        ->check(CLI::Range(int64_t{1}, int64_t{10000000}))
        ->capture_default_str();
    command
        ->add_option("--teacher", options->teacher,
                     "Network that the others are held against (default: the first full-precision one)")
        ->type_name("MODEL");
    command->add_flag("--flip", options->flip, "Add the mirror image's embedding to each image's");
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_input_options(*command, options->input);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_eval(*options, progress); }; });
}

}  // namespace quantface
