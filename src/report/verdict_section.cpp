// The top of the page: what was compared, what came out, and the table of all networks and benchmarks.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/figure_text.h"
#include "report/page_context.h"

namespace quantface::report {

namespace {

std::string counted(size_t count, const std::string& one, const std::string& many) {
    static const char* const kWords[] = {"No",    "One",   "Two",  "Three", "Four",   "Five",  "Six",
                                         "Seven", "Eight", "Nine", "Ten",   "Eleven", "Twelve"};
    const std::string number = count < std::size(kWords) ? kWords[count] : std::to_string(count);
    return number + " " + (count == 1 ? one : many);
}

// "5.2 times smaller"; empty where it cannot be known.
std::string ratio_text(std::optional<double> of_teacher, std::optional<double> of_model, const char* more,
                       const char* less) {
    if (!of_teacher || !of_model || !(*of_teacher > 0) || !(*of_model > 0)) return {};
    const double ratio = *of_teacher / *of_model;
    const std::string figure = fmt::format("{:.{}f}", std::max(ratio, 1 / ratio), 1);
    if (figure == "1.0") return {};
    return figure + " times " + (ratio > 1 ? more : less);
}

struct Difference {
    double share = 0;
    std::string benchmark;
    bool within = false;  // the teacher's figure lies in the model's interval
};

// By measure ("accuracy", "TAR at FAR 1e-4"), in the order of the benchmarks: figures of one kind can be
// averaged.
using Differences = std::vector<std::pair<Html, std::vector<Difference>>>;

Differences differences(const PageContext& page, const Json& model, const Json& teacher) {
    Differences found;
    for (const Headline& headline : page.headlines) {
        const auto own = headline_value(model, headline), its = headline_value(teacher, headline);
        if (!own || !its) continue;
        const bool within =
            own->interval && own->interval->low <= its->value && its->value <= own->interval->high;
        const Html measure = headline.text();
        auto place = std::find_if(found.begin(), found.end(),
                                  [&](const auto& one) { return one.first.str() == measure.str(); });
        if (place == found.end()) place = found.insert(found.end(), {measure, {}});
        place->second.push_back({own->value - its->value, headline.benchmark, within});
    }
    return found;
}

Html difference_words(const Html& measure, const std::vector<Difference>& found) {
    double sum = 0;
    for (const Difference& difference : found) sum += difference.share;
    const auto worst = std::min_element(found.begin(), found.end(),
                                        [](const auto& a, const auto& b) { return a.share < b.share; });
    const Html points = element("strong", points_text(sum / static_cast<double>(found.size())) + " points");
    if (found.size() == 1) return measure + Html(": ") + points + Html(" on ") + name_text(worst->benchmark);
    return measure + Html(": ") + points +
           Html(" on average over " + std::to_string(found.size()) + " benchmarks, at worst " +
                points_text(worst->share) + " on ") +
           name_text(worst->benchmark);
}

Html difference_sentence(const Differences& groups) {
    Html sentence = Html(" Against the teacher, ");
    size_t within = 0, all = 0;
    for (size_t i = 0; i < groups.size(); ++i) {
        if (i > 0) sentence += Html("; ");
        sentence += difference_words(groups[i].first, groups[i].second);
        all += groups[i].second.size();
        for (const Difference& difference : groups[i].second) within += difference.within ? 1 : 0;
    }
    sentence += Html(". ");
    if (within == 0) return sentence;
    std::string where = "The";
    if (all > 1) {
        where = within == all ? "On all " : "On " + std::to_string(within) + " of ";
        where += std::to_string(all) + " the";
    }
    return sentence + Html(where + " teacher\u2019s figure lies within this network\u2019s interval.");
}

Html size_words(const Json& model) {
    Html words = Html(megabytes_text(number_at(model, "file_bytes")) + " MB");
    if (const auto ms = number_at(member(model, "speed"), "median_ms"))
        words += Html(", " + fixed_text(*ms, *ms < 10 ? 2 : 1) + " ms a face");
    return words;
}

Html model_sentence(const PageContext& page, size_t index) {
    const Json& model = page.models()[index];
    const Json& teacher = teacher_of(page.document);
    Html item = model_label(page, index);
    const std::string bits = text_at(model, "bits");
    if (!bits.empty()) item += Html(" (" + bits + ")");
    item += Html(": ") + size_words(model);
    const bool compared = teacher.is_object() && !is_teacher(page.document, model);
    if (compared) {
        const std::string smaller =
            ratio_text(number_at(teacher, "file_bytes"), number_at(model, "file_bytes"), "smaller", "larger");
        const std::string faster =
            ratio_text(number_at(member(teacher, "speed"), "median_ms"),
                       number_at(member(model, "speed"), "median_ms"), "faster", "slower");
        if (!smaller.empty()) item += Html("; ") + element("strong", smaller);
        if (!faster.empty()) item += Html(smaller.empty() ? "; " : ", ") + element("strong", faster);
        item += Html(".");
        const auto found = differences(page, model, teacher);
        if (!found.empty()) item += difference_sentence(found);
    } else {
        item += Html(is_teacher(page.document, model) ? "; the teacher that the others are measured against."
                                                      : ".");
    }
    return element("li", item);
}

Cell headline_cell(const PageContext& page, const Json& model, const Headline& headline) {
    const auto value = headline_value(model, headline);
    if (!value) return {element("span", Html(kDash), {{"title", "not measured"}}), {}};
    Html content = element("b", percent_text(value->value));
    if (value->deviation) content += Html(" \u00b1 " + percent_text(value->deviation));
    if (value->interval) content += small_line(percent_interval_text(value->interval));
    const Json& teacher = teacher_of(page.document);
    if (teacher.is_object() && !is_teacher(page.document, model)) {
        if (const auto its = headline_value(teacher, headline))
            content += small_line(points_text(value->value - its->value), "difference");
    }
    return {content, {}};
}

std::vector<Cell> model_row(const PageContext& page, size_t index) {
    const Json& model = page.models()[index];
    Html title = model_label(page, index);
    if (is_teacher(page.document, model)) title += small_line("teacher");
    const std::string bits = text_at(model, "bits");
    Html size = element("b", megabytes_text(number_at(model, "file_bytes")));
    if (const auto rule = number_at(model, "rule_bytes")) size += small_line("rule: " + megabytes_text(rule));
    Html speed = Html(kDash);
    if (const auto ms = number_at(member(model, "speed"), "median_ms")) {
        speed = element("b", fixed_text(*ms, *ms < 10 ? 2 : 1));
        if (const auto threads = number_at(member(model, "speed"), "threads"))
            speed += small_line(count_text(threads) + (*threads == 1 ? " thread" : " threads"));
    }
    std::vector<Cell> row = {
        {title, {}}, {bits.empty() ? Html(kDash) : Html(bits), {}}, {size, {}}, {speed, {}}};
    for (const Headline& headline : page.headlines) row.push_back(headline_cell(page, model, headline));
    return row;
}

Table main_table(const PageContext& page) {
    Table table;
    table.css = "main";
    table.caption = Html(
        "All networks on all benchmarks. Percent; bold: the figure, \u00b1 its deviation over the folds; "
        "below it the confidence interval and the difference to the teacher in points. Size: the file; "
        "\u201crule\u201d: by the paper\u2019s rule, 32-bit size of all parameters times bits / 32.");
    table.columns = {{"Network", false}, {"Bits", false}, {"Size, MB"}, {"Speed, ms"}};
    for (const Headline& headline : page.headlines)
        table.columns.push_back({name_text(headline.benchmark) + small_line(headline.text())});
    for (size_t i = 0; i < page.models().size(); ++i) table.rows.push_back(model_row(page, i));
    return table;
}

}  // namespace

Html verdict_section(const PageContext& page) {
    const size_t models = page.models().size();
    Html lead = Html(counted(models, "network", "networks") + " on " +
                     (page.headlines.empty()       ? "no benchmark"
                      : page.headlines.size() == 1 ? "one benchmark"
                                                   : std::to_string(page.headlines.size()) + " benchmarks"));
    lead +=
        Html(teacher_of(page.document).is_object() ? ", measured against the full-precision teacher." : ".");
    Html items;
    for (size_t i = 0; i < models; ++i) items += model_sentence(page, i);
    Html section = element("h2", "Verdict", {{"id", "verdict"}}) + element("p", lead, {{"class", "lead"}});
    section += element("ul", items, {{"class", "findings"}});
    if (const auto& missing = list_at(page.document, "missing"); !missing.empty()) {
        section += element("p", Html("Not everything could be run: see ") +
                                    element("a", "what is missing", {{"href", "#missing"}}) + Html("."));
    }
    if (models > 0) section += render(main_table(page));
    return element("section", section, {{"aria-labelledby", "verdict"}});
}

Html size_section(const PageContext& page) {
    if (page.models().empty() || page.headlines.empty()) return {};
    const Html plot = plot_figure("size", "", "Accuracy against file size",
                                  Html("Each network\u2019s figure on one benchmark against the size of its "
                                       "file (logarithmic), with its "
                                       "confidence interval. Up and to the left is better."));
    if (plot.empty()) return {};
    return element("section", element("h2", "Accuracy against size", {{"id", "size"}}) + plot,
                   {{"aria-labelledby", "size"}});
}

}  // namespace quantface::report
