// One section a benchmark: its curves, its operating points, its score distributions, its worst pairs.
#include <algorithm>

#include "report/figure_text.h"
#include "report/page_context.h"

namespace quantface::report {

namespace {

constexpr int kPairSide = 112;

std::string kind_text(const std::string& kind) {
    if (kind == "pack") return "verification pack (.bin)";
    if (kind == "pairs") return "pair list";
    if (kind == "ijb") return "templates by the IJB protocol";
    if (kind == "identities") return "all pairs of an identity folder";
    return kind;
}

Html fact(const std::string& value, const char* what) {
    return element("span", element("b", value) + Html(std::string(" ") + what), {{"class", "fact"}});
}

Html facts(const Json& benchmark) {
    Html line;
    const std::string kind = kind_text(text_at(benchmark, "kind"));
    if (!kind.empty()) line += element("span", kind, {{"class", "fact"}});
    const std::pair<const char*, const char*> counts[] = {{"images", "images"},
                                                          {"people", "people"},
                                                          {"genuine_pairs", "genuine pairs"},
                                                          {"impostor_pairs", "impostor pairs"}};
    for (const auto& [key, words] : counts) {
        if (const auto count = number_at(benchmark, key)) line += fact(count_text(count), words);
    }
    if (const size_t failed = list_at(benchmark, "failed_images").size(); failed > 0)
        line += fact(std::to_string(failed), "images failed, counted as rejected");
    return element("p", line, {{"class", "facts"}});
}

Html notes(const Json& list) {
    Html items;
    for (const Json& note : list) {
        if (note.is_string()) items += element("li", note.get<std::string>());
    }
    return items.empty() ? Html() : element("ul", items, {{"class", "notes"}});
}

Cell rate_cell(const Json& rate, const Json& benchmark, double far) {
    const auto tar = number_at(rate, "tar");
    if (!tar) {
        const auto impostors = number_at(benchmark, "impostor_pairs");
        const bool too_few = impostors && *impostors < 1 / far;
        Html content = Html(kDash);
        if (rate.is_object()) content += small_line(too_few ? "too few pairs" : "not supported");
        return {content, {}};
    }
    Html content = element("b", percent_text(tar));
    if (const auto interval = interval_at(rate, "interval"))
        content += small_line(percent_interval_text(interval));
    const auto fnmr = number_at(rate, "fnmr");
    content += small_line("FNMR " + percent_text(fnmr ? *fnmr : 1 - *tar));
    return {content, {}};
}

Html rates_table(const PageContext& page, const Json& benchmark, const std::vector<double>& fars) {
    const std::string name = text_at(benchmark, "name");
    Table table;
    table.caption = Html(
        "Share of genuine pairs accepted (TAR, percent) at each false accept rate, with interval; "
        "below it the share rejected (FNMR).");
    table.columns = {{"Network", false}};
    for (const double far : fars) table.columns.push_back({Html("FAR ") + far_text(far)});
    for (size_t i = 0; i < page.models().size(); ++i) {
        std::vector<Cell> row = {{model_label(page, i), {}}};
        for (const double far : fars)
            row.push_back(rate_cell(rate_at(result_of(page.models()[i], name), far), benchmark, far));
        table.rows.push_back(row);
    }
    return render(table);
}

Html points_table(const PageContext& page, const std::string& name, const std::vector<double>& fars) {
    Table table;
    table.caption = Html(
        "Operating points in full. TAR at the largest threshold that keeps the FAR; on the straight line "
        "between the "
        "ROC\u2019s points; at the point with the nearest FAR (as the IJB scripts read it).");
    table.columns = {{"Network", false}, {"FAR asked"}, {"FAR reached"},       {"Threshold"},    {"TAR %"},
                     {"Interval"},       {"FNMR %"},    {"TAR % on the line"}, {"TAR % nearest"}};
    for (size_t i = 0; i < page.models().size(); ++i) {
        for (const double far : fars) {
            const Json& rate = rate_at(result_of(page.models()[i], name), far);
            if (!rate.is_object()) continue;
            const auto reached = number_at(rate, "reached_far");
            const auto interval = interval_at(rate, "interval");
            table.rows.push_back({{model_label(page, i), {}},
                                  {far_text(far), {}},
                                  {reached ? far_text(*reached) : Html(kDash), {}},
                                  {fixed_text(number_at(rate, "threshold"), 4), {}},
                                  {percent_text(number_at(rate, "tar")), {}},
                                  {interval ? percent_interval_text(interval) : kDash, {}},
                                  {percent_text(number_at(rate, "fnmr")), {}},
                                  {percent_text(number_at(rate, "tar_linear")), {}},
                                  {percent_text(number_at(rate, "tar_nearest")), {}}});
        }
    }
    return element("details",
                   element("summary", "Thresholds and other readings of the curve") + render(table));
}

Html with_interval(const std::string& figure, const std::string& interval) {
    Html content = element("b", figure);
    if (!interval.empty()) content += small_line(interval);
    return content;
}

Html accuracy_cell(const Json& accuracy) {
    const auto mean = number_at(accuracy, "mean");
    if (!mean) return kDash;
    Html content = element("b", percent_text(mean));
    if (const auto deviation = number_at(accuracy, "std"))
        content += Html(" \u00b1 " + percent_text(deviation));
    if (const auto interval = interval_at(accuracy, "interval"))
        content += small_line(percent_interval_text(interval));
    return content;
}

std::vector<Cell> measures_row(const PageContext& page, size_t index, const Json& result,
                               bool with_accuracy) {
    const Json& accuracy = member(result, "accuracy");
    std::vector<Cell> row = {{model_label(page, index), {}}};
    if (with_accuracy) {
        row.push_back({accuracy_cell(accuracy), {}});
        row.push_back({fixed_text(number_at(accuracy, "threshold"), 4), {}});
    }
    row.push_back({with_interval(percent_text(number_at(result, "equal_error_rate")),
                                 percent_interval_text(interval_at(result, "equal_error_rate_interval"))),
                   {}});
    row.push_back({with_interval(fixed_text(number_at(result, "auc"), 5),
                                 interval_text(interval_at(result, "auc_interval"), 5)),
                   {}});
    row.push_back({fixed_text(number_at(result, "d_prime"), 2), {}});
    row.push_back({count_text(number_at(result, "invalid_embeddings")), {}});
    return row;
}

Html measures_table(const PageContext& page, const std::string& name) {
    const bool with_accuracy = std::any_of(
        page.models().begin(), page.models().end(),
        [&](const Json& model) { return member(result_of(model, name), "accuracy").is_object(); });
    Table table;
    table.caption = Html(
        "The distributions in single figures, with intervals. Invalid embeddings: with numbers that are not "
        "finite.");
    table.columns = {{"Network", false}};
    if (with_accuracy) table.columns.insert(table.columns.end(), {{"Accuracy, %"}, {"at threshold"}});
    table.columns.insert(table.columns.end(), {{"EER, %"}, {"AUC"}, {"d\u2032"}, {"Invalid"}});
    for (size_t i = 0; i < page.models().size(); ++i)
        table.rows.push_back(measures_row(page, i, result_of(page.models()[i], name), with_accuracy));
    return render(table);
}

Html identification_table(const PageContext& page, const std::string& name) {
    std::vector<double> fpirs;
    bool any = false;
    for (const Json& model : page.models()) {
        const Json& found = member(result_of(model, name), "identification");
        any = any || found.is_object();
        for (const Json& point : list_at(found, "open_set")) {
            if (const auto fpir = number_at(point, "fpir")) fpirs.push_back(*fpir);
        }
    }
    if (!any) return {};
    std::sort(fpirs.begin(), fpirs.end());
    fpirs.erase(std::unique(fpirs.begin(), fpirs.end()), fpirs.end());
    Table table;
    table.caption = Html(
        "Identification, percent: probes whose person is among the first 1, 5, 10 of the gallery; "
        "and found at rank 1 above the threshold that lets the stated share of strangers in (TPIR at FPIR).");
    table.columns = {{"Network", false}, {"Probes"}, {"Gallery"}, {"Rank 1"}, {"Rank 5"}, {"Rank 10"}};
    for (const double fpir : fpirs) table.columns.push_back({Html("FPIR ") + far_text(fpir)});
    for (size_t i = 0; i < page.models().size(); ++i) {
        const Json& found = member(result_of(page.models()[i], name), "identification");
        std::vector<Cell> row = {{model_label(page, i), {}},
                                 {count_text(number_at(found, "probes")), {}},
                                 {count_text(number_at(found, "gallery")), {}}};
        for (const char* rank : {"rank_1", "rank_5", "rank_10"})
            row.push_back({percent_text(number_at(found, rank)), {}});
        for (const double fpir : fpirs) {
            std::optional<double> tpir;
            for (const Json& point : list_at(found, "open_set")) {
                if (number_at(point, "fpir") == fpir) tpir = number_at(point, "tpir");
            }
            row.push_back({percent_text(tpir), {}});
        }
        table.rows.push_back(row);
    }
    return element("h4", "Identification") + render(table);
}

Html pair_side(PageContext& page, Json& pair, const char* side) {
    if (!pair.is_object() || !pair.contains(side) || !pair[side].is_object()) return {};
    Json& face = pair[side];
    const std::string name = text_at(face, "name");
    Html image = face.contains("image") ? picture(page, face["image"], name, kPairSide) : Html();
    if (image.empty()) image = element("span", "no picture", {{"class", "no-picture"}});
    return element("span", image + small_line(name_text(name)), {{"class", "face"}});
}

Html pairs(PageContext& page, Json& list, const char* heading) {
    Html figures;
    for (Json& pair : list) {
        const Html faces = pair_side(page, pair, "a") + pair_side(page, pair, "b");
        const Html score = Html("score ") + element("b", fixed_text(number_at(pair, "score"), 3));
        figures +=
            element("figure", element("div", faces, {{"class", "faces"}}) + element("figcaption", score),
                    {{"class", "pair"}});
    }
    if (figures.empty()) return {};
    return element("h5", heading) + element("div", figures, {{"class", "pairs"}});
}

// Model after model; only where there are any.
Html worst_pairs(PageContext& page, const std::string& name) {
    Html blocks;
    Json& models = page.document["models"];
    for (size_t i = 0; i < models.size(); ++i) {
        if (!list_at(models[i], "benchmarks").is_array() || !models[i].contains("benchmarks")) continue;
        for (Json& result : models[i]["benchmarks"]) {
            if (text_at(result, "benchmark") != name || !member(result, "worst").is_object()) continue;
            Json& worst = result["worst"];
            Html both;
            if (!list_at(worst, "false_matches").empty()) {
                both += pairs(page, worst["false_matches"],
                              "False matches: different people with the highest scores");
            }
            if (!list_at(worst, "false_non_matches").empty()) {
                both += pairs(page, worst["false_non_matches"],
                              "False non-matches: one person with the lowest scores");
            }
            if (!both.empty())
                blocks += element("details",
                                  element("summary", Html("Worst pairs of ") + model_label(page, i)) + both);
            break;
        }
    }
    return blocks.empty() ? Html() : element("h4", "Where it goes wrong") + blocks;
}

// Which network has which line, for the two plots below it.
Html legend(const PageContext& page) {
    Html items;
    for (size_t i = 0; i < page.models().size(); ++i) items += element("li", model_label(page, i));
    return element("ul", items, {{"class", "legend"}});
}

bool any_result(const PageContext& page, const std::string& name) {
    return std::any_of(page.models().begin(), page.models().end(),
                       [&](const Json& model) { return result_of(model, name).is_object(); });
}

Html curves(const PageContext& page, const std::string& name, const std::string& index) {
    const Html roc =
        plot_figure("roc", index, "ROC of " + name,
                    Html("ROC: genuine pairs accepted (TAR) against impostor pairs accepted (FAR). "
                         "Shaded: the confidence band."));
    if (roc.empty()) return {};
    const Html det =
        plot_figure("det", index, "DET of " + name,
                    Html("DET: genuine pairs rejected (FNMR) against impostor pairs accepted (FAR), "
                         "both logarithmic. Lower is better; dotted: equal error rates."));
    const Html histograms =
        plot_figure("histograms", index, "Score distributions of " + name,
                    Html("Scores of genuine and of impostor pairs, each as a share of "
                         "its own kind. The less they overlap, "
                         "the better. Upright line: the threshold of the accuracy, where there is one."));
    return legend(page) + element("div", roc + det, {{"class", "side-by-side"}}) + histograms;
}

}  // namespace

Html benchmark_sections(PageContext& page) {
    Html sections;
    const size_t count = list_at(page.document, "benchmarks").size();
    for (size_t b = 0; b < count; ++b) {
        const Json benchmark = list_at(page.document, "benchmarks")[b];
        const std::string name = text_at(benchmark, "name"), id = "benchmark-" + std::to_string(b);
        Html section = element("h3", name_text(name), {{"id", id}}) + facts(benchmark) +
                       notes(list_at(benchmark, "notes"));
        if (any_result(page, name)) {
            section += curves(page, name, std::to_string(b));
            const auto fars = asked_fars(page.document, name);
            if (!fars.empty()) section += rates_table(page, benchmark, fars);
            section += measures_table(page, name);
            if (!fars.empty()) section += points_table(page, name, fars);
            section += identification_table(page, name);
            section += worst_pairs(page, name);
        } else {
            section += element("p", "No network was measured on it.", {{"class", "notice"}});
        }
        sections += element("section", section, {{"class", "benchmark"}, {"aria-labelledby", id}});
    }
    if (sections.empty()) return {};
    return element("section", element("h2", "Benchmarks", {{"id", "benchmarks"}}) + sections,
                   {{"aria-labelledby", "benchmarks"}});
}

}  // namespace quantface::report
