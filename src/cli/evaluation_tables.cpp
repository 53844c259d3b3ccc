#include "cli/evaluation_tables.h"

#include <fmt/format.h>

#include "cli/text_table.h"

namespace quantface {

namespace {

std::string percent(double share) {
    return fmt::format("{:.2f}", 100 * share);
}

std::string with_interval(double value, const std::optional<Interval>& interval) {
    return interval
               ? fmt::format("{} ({}..{})", percent(value), percent(interval->low), percent(interval->high))
               : percent(value);
}

// FARs that at least one benchmark's pairs support, highest first, each with its column.
std::vector<size_t> shown_rates(const DataResult& data) {
    std::vector<size_t> shown;
    const auto& rates = data.measurements[0].judgement->rates;
    for (size_t i = rates.size(); i-- > 0;) {
        if (rates[i].strict.tar) shown.push_back(i);
    }
    return shown;
}

void add_judgement_cells(std::vector<std::string>& row, const Judgement& judgement,
                         const std::vector<size_t>& rates) {
    if (judgement.ten_fold) {
        row.push_back(percent(judgement.ten_fold->accuracy_mean) + " +- " +
                      percent(judgement.ten_fold->accuracy_std));
    }
    for (const size_t i : rates)
        row.push_back(with_interval(*judgement.rates[i].strict.tar, judgement.rates[i].interval));
    row.push_back(fmt::format("{:.4f}", judgement.auc));
    row.push_back(percent(judgement.equal_error_rate));
    row.push_back(judgement.d_prime ? fmt::format("{:.2f}", *judgement.d_prime) : "-");
}

void print_identification(const EvaluationSetup& setup, const DataResult& data) {
    if (!data.measurements[0].judgement || !data.measurements[0].judgement->identification) return;
    std::vector<std::string> header = {"identification", "rank 1 %", "rank 5 %", "rank 10 %"};
    for (const OpenSetRate& rate : data.measurements[0].judgement->identification->open_set)
        header.push_back(fmt::format("TPIR@{:g} %", rate.fpir));
    TextTable table(header);
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const Identification& found = *data.measurements[i].judgement->identification;
        std::vector<std::string> row = {setup.contestants[i].model->name, percent(found.rank_1),
                                        percent(found.rank_5), percent(found.rank_10)};
        for (const OpenSetRate& rate : found.open_set) row.push_back(percent(rate.tpir));
        table.add_row(row);
    }
    const Identification& found = *data.measurements[0].judgement->identification;
    fmt::print("{} probes in a gallery of {}\n\n{}\n", format_count(found.probes),
               format_count(found.gallery), table.render());
}

void print_title(const DataResult& data, bool flip, int threads) {
    const std::string cores = fmt::format("{} thread{}", threads, threads == 1 ? "" : "s");
    if (!data.benchmark) {
        fmt::print("{}: {} images, {}\n\n", data.name, format_count(data.images), cores);
        return;
    }
    const Judgement& judgement = *data.measurements[0].judgement;
    fmt::print("{}: {} genuine and {} impostor pairs, {} images, {} people{}, {}\n\n", data.name,
               format_count(judgement.genuine_pairs), format_count(judgement.impostor_pairs),
               format_count(data.images), format_count(judgement.people),
               flip && data.benchmark->kind() != "ijb" ? ", with flips" : "", cores);
}

void print_remarks(const EvaluationSetup& setup, const DataResult& data) {
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const Measurement& measured = data.measurements[i];
        const int64_t invalid = measured.judgement   ? measured.judgement->invalid_embeddings
                                : measured.agreement ? measured.agreement->invalid_embeddings
                                                     : 0;
        if (invalid > 0) {
            fmt::print("{}: {} embeddings are zero or not finite: this network is broken\n",
                       setup.contestants[i].model->name, format_count(invalid));
        }
    }
    if (!data.benchmark) return;
    const Judgement& judgement = *data.measurements[0].judgement;
    for (const std::string& note : judgement.notes) fmt::print("note: {}: {}\n", data.name, note);
    std::string unsupported;
    for (const JudgedRate& rate : judgement.rates) {
        if (!rate.strict.tar)
            unsupported += fmt::format("{}{:g}", unsupported.empty() ? "" : ", ", rate.strict.far);
    }
    if (!unsupported.empty()) {
        fmt::print("note: {}: {} impostor pairs are too few for a FAR of {}\n", data.name,
                   format_count(judgement.impostor_pairs), unsupported);
    }
}

}  // namespace

void print_evaluation(const EvaluationSetup& setup, const DataResult& data, bool flip, int threads) {
    const bool judged = data.measurements[0].judgement.has_value();
    std::vector<std::string> header = {"model", "<bits", "size"};
    std::vector<size_t> rates;
    if (judged) {
        rates = shown_rates(data);
        const Judgement& first = *data.measurements[0].judgement;
        if (first.ten_fold) header.push_back("accuracy %");
        for (const size_t i : rates) header.push_back(fmt::format("TAR@{:g} %", first.rates[i].strict.far));
        header.insert(header.end(), {"AUC", "EER %", "d'"});
    }
    header.insert(header.end(), {"cosine", "min", "img/s"});
    TextTable table(header);
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const LoadedModel& model = *setup.contestants[i].model;
        const Measurement& measured = data.measurements[i];
        std::vector<std::string> row = {model.name, describe_bits(model), format_bytes(model.file_bytes)};
        if (judged) add_judgement_cells(row, *measured.judgement, rates);
        row.push_back(measured.agreement ? fmt::format("{:.4f}", measured.agreement->mean) : "-");
        row.push_back(measured.agreement ? fmt::format("{:.4f}", measured.agreement->minimum) : "-");
        row.push_back(measured.images_per_second ? fmt::format("{:.1f}", *measured.images_per_second)
                                                 : "kept");
        table.add_row(row);
    }
    print_title(data, flip, threads);
    fmt::print("{}\n", table.render());
    print_identification(setup, data);
    print_remarks(setup, data);
}

}  // namespace quantface
