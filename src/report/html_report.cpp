#include "report/html_report.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "report/document.h"
#include "report/figure_text.h"
#include "report/html.h"
#include "report/page_context.h"
#include "report/page_files.h"

namespace quantface {

namespace {

using namespace report;

// As a content security policy names a script that may run.
std::string script_source(std::string_view script) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(script.data()), script.size(), digest);
    unsigned char text[4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1];
    const int length = EVP_EncodeBlock(text, digest, SHA256_DIGEST_LENGTH);
    return "'sha256-" + std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(length)) + "'";
}

std::vector<std::string_view> scripts() {
    if (!has_plotting_library()) return {page_script()};
    return {d3_script(), plot_script(), page_script()};
}

std::string security_policy() {
    std::string policy =
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'; script-src";
    for (const std::string_view script : scripts()) policy += " " + script_source(script);
    return policy;
}

// JSON within <script>: no "<" can end the element.
Html data_block(const std::string& id, const Json& json) {
    std::string text;
    for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
        if (c == '<')
            text += "\\u003c";
        else
            text += c;
    }
    return element("script", Html::markup(text), {{"type", "application/json"}, {"id", id}});
}

// What the script needs and C++ knows already: names and lines of the models, the benchmarks' main figures.
Json view_data(const PageContext& page) {
    Json models = Json::array(), headlines = Json::array();
    for (size_t i = 0; i < page.models().size(); ++i) {
        const auto [colour, dash] = series_of(page, i);
        models.push_back({{"colour", colour}, {"dash", dash}});
    }
    for (const Headline& headline : page.headlines) {
        Json values = Json::array();
        for (const Json& model : page.models()) {
            const auto value = headline_value(model, headline);
            if (!value) {
                values.push_back(nullptr);
                continue;
            }
            Json entry = {{"value", value->value}};
            if (value->interval)
                entry.update({{"low", value->interval->low}, {"high", value->interval->high}});
            values.push_back(entry);
        }
        headlines.push_back({{"label", headline.plain_text()}, {"values", values}});
    }
    return {{"models", models}, {"headlines", headlines}};
}

Html navigation(const PageContext& page, const std::vector<std::pair<const char*, const char*>>& sections) {
    Html items;
    for (const auto& [id, title] : sections) {
        Html item = element("a", title, {{"href", std::string("#") + id}});
        if (std::string_view(id) == "benchmarks") {
            Html inner;
            for (size_t i = 0; i < page.headlines.size(); ++i) {
                inner += element("li", element("a", name_text(page.headlines[i].benchmark),
                                               {{"href", "#benchmark-" + std::to_string(i)}}));
            }
            item += element("ul", inner);
        }
        items += element("li", item);
    }
    return element("nav", element("ul", items), {{"aria-label", "Sections"}});
}

Html header(const PageContext& page) {
    Html content = element("h1", "Face recognition, evaluated");
    std::string line = text_at(page.document, "program");
    const std::string created = text_at(page.document, "created");
    if (!created.empty()) line += (line.empty() ? "" : ", ") + created;
    if (!line.empty()) content += element("p", line, {{"class", "quiet"}});
    return element("header", content);
}

Html no_plots_notice() {
    if (!has_plotting_library()) {
        return element(
            "p",
            "This program was built without the plotting library, so that there are tables but no plots "
            "on this page. Run scripts/setup and build again to have them.",
            {{"class", "notice"}});
    }
    return element("noscript", element("p", "The plots need JavaScript; all tables are here without it.",
                                       {{"class", "notice"}}));
}

// The sections that there are, with the navigation in front.
Html body(PageContext& page) {
    const std::pair<std::pair<const char*, const char*>, Html> sections[] = {
        {{"verdict", "Verdict"}, verdict_section(page)},
        {{"size", "Accuracy against size"}, size_section(page)},
        {{"benchmarks", "Benchmarks"}, benchmark_sections(page)},
        {{"agreement", "Agreement"}, agreement_section(page)},
        {{"layers", "Layers"}, layers_section(page)},
        {{"faces", "Synthetic faces"}, synthetic_faces_section(page)},
        {{"repeat", "To repeat it"}, repeat_section(page)},
        {{"measures", "Measures"}, definitions_section(page)},
    };
    std::vector<std::pair<const char*, const char*>> titles;
    Html content;
    for (const auto& [title, section] : sections) {
        if (section.empty()) continue;
        titles.push_back(title);
        content += section;
    }
    return header(page) + navigation(page, titles) + element("main", no_plots_notice() + content);
}

PageContext context_of(const Json& evaluation) {
    PageContext page;
    page.document = checked_document(evaluation);
    page.headlines = headlines_of(page.document);
    for (size_t i = 0; i < page.models().size(); ++i) {
        if (is_teacher(page.document, page.models()[i])) page.teacher_index = static_cast<int>(i);
    }
    return page;
}

std::string title_of(const PageContext& page) {
    return "QuantFace: " + std::to_string(page.models().size()) + " networks, " +
           std::to_string(page.headlines.size()) + " benchmarks";
}

}  // namespace

bool has_plotting_library() {
    return !d3_script().empty() && !plot_script().empty();
}

std::string render_html_report(const nlohmann::ordered_json& evaluation) {
    PageContext page = context_of(evaluation);
    const Html content = body(page);  // before the data: pictures move out of the document
    Html head = void_element("meta", {{"charset", "utf-8"}});
    head += void_element("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", security_policy()}});
    head += void_element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
    head += void_element("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
    head += element("title", title_of(page));
    head += element("style", Html::markup(page_style()));
    Html data = data_block("page-data", page.document) + data_block("page-view", view_data(page));
    for (const std::string_view script : scripts()) data += element("script", Html::markup(script));
    return "<!DOCTYPE html>\n" +
           element("html", element("head", head) + element("body", content + data), {{"lang", "en"}}).str() +
           "\n";
}

}  // namespace quantface
