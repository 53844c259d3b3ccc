// Everything that it takes to repeat the evaluation.
#include "report/figure_text.h"
#include "report/page_context.h"

namespace quantface::report {

namespace {

// As a shell takes it.
std::string shell_word(const std::string& word) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                            "_-./:=,@%+") == std::string::npos;
    if (plain) return word;
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

// A value of any type as words; nothing for null.
Html value_text(const Json& value) {
    if (value.is_null()) return Html(kDash);
    if (value.is_boolean()) return value.get<bool>() ? Html("yes") : Html("no");
    if (value.is_string()) return element("bdi", value.get<std::string>());
    return Html(value.dump());
}

std::string words_of_key(std::string key) {
    for (char& c : key) {
        if (c == '_') c = ' ';
    }
    return key;
}

// "a: b" lines of an object, objects within it as their own JSON.
Html definition_list(const Json& object) {
    Html lines;
    for (const auto& [key, value] : object.items()) {
        const Html shown = value.is_structured() ? element("code", value.dump()) : value_text(value);
        lines += element("div", element("dt", words_of_key(key)) + element("dd", shown));
    }
    return lines.empty() ? Html() : element("dl", lines);
}

Html block(const char* heading, const Html& content, const char* id = nullptr) {
    if (content.empty()) return {};
    std::vector<Attribute> attributes;
    if (id != nullptr) attributes.push_back({"id", id});
    return element("h3", heading, attributes) + content;
}

Html command_block(const Json& document) {
    std::string line;
    for (const Json& word : list_at(document, "command")) {
        if (word.is_string()) line += (line.empty() ? "" : " ") + shell_word(word.get<std::string>());
    }
    return line.empty() ? Html() : element("pre", element("code", line), {{"tabindex", "0"}});
}

Html models_table(const PageContext& page) {
    Table table;
    table.caption = Html("The networks\u2019 files.");
    table.columns = {{"Network", false}, {"Bytes"},     {"Parameters"},    {"MACs"},
                     {"Embedding"},      {"Mean bits"}, {"SHA-256", false}};
    for (size_t i = 0; i < page.models().size(); ++i) {
        const Json& model = page.models()[i];
        const std::string sum = text_at(model, "sha256");
        const auto weights = number_at(model, "weight_bits"), outputs = number_at(model, "activation_bits");
        const auto bits = [](std::optional<double> number) {
            return number ? fixed_text(number, *number == static_cast<int>(*number) ? 0 : 2) : kDash;
        };
        table.rows.push_back({{model_label(page, i), {}},
                              {count_text(number_at(model, "file_bytes")), {}},
                              {large_count_text(number_at(model, "parameters")), {}},
                              {large_count_text(number_at(model, "macs")), {}},
                              {count_text(number_at(model, "embedding_size")), {}},
                              {"w " + bits(weights) + ", a " + bits(outputs), {}},
                              {element("code", sum.empty() ? kDash : sum), {}}});
    }
    return table.rows.empty() ? Html() : render(table);
}

Html data_table(const PageContext& page) {
    Table table;
    table.caption = Html("The benchmarks\u2019 files.");
    table.columns = {{"Benchmark", false}, {"File", false}, {"SHA-256", false}};
    for (const Json& benchmark : list_at(page.document, "benchmarks")) {
        const std::string sum = text_at(benchmark, "sha256"), file = text_at(benchmark, "file");
        table.rows.push_back({{name_text(text_at(benchmark, "name")), {}},
                              {file.empty() ? Html(kDash) : name_text(file), {}},
                              {element("code", sum.empty() ? kDash : sum), {}}});
    }
    return table.rows.empty() ? Html() : render(table);
}

Html records(const PageContext& page) {
    Html blocks;
    for (size_t i = 0; i < page.models().size(); ++i) {
        const Json& record = member(page.models()[i], "record");
        if (!record.is_object() || record.empty()) continue;
        blocks += element("details",
                          element("summary", Html("How ") + model_label(page, i) + Html(" was quantized")) +
                              definition_list(record));
    }
    return blocks;
}

Html failed_images(const PageContext& page) {
    Html blocks;
    for (const Json& benchmark : list_at(page.document, "benchmarks")) {
        const Json& failed = list_at(benchmark, "failed_images");
        if (failed.empty()) continue;
        Table table;
        table.caption = Html("Images that failed; their pairs count as rejected.");
        table.columns = {{"Image", false}, {"Why", false}};
        for (const Json& image : failed) {
            table.rows.push_back(
                {{name_text(text_at(image, "image")), {}}, {name_text(text_at(image, "reason")), {}}});
        }
        blocks += element("details", element("summary", name_text(text_at(benchmark, "name")) +
                                                            Html(": " + std::to_string(failed.size()))) +
                                         render(table));
    }
    return blocks;
}

Html missing(const Json& document) {
    Html items;
    for (const Json& line : list_at(document, "missing")) {
        if (line.is_string()) items += element("li", element("bdi", line.get<std::string>()));
    }
    return items.empty() ? Html() : element("ul", items);
}

}  // namespace

Html repeat_section(const PageContext& page) {
    const Json& document = page.document;
    Html section = element("h2", "To repeat it", {{"id", "repeat"}});
    // The script shows it: without one there is no download.
    section += element("p", element("button", "Download this evaluation as JSON",
                                    {{"type", "button"}, {"id", "download"}, {"hidden", ""}}));
    section += block("Missing", missing(document), "missing");
    section += block("Command", command_block(document));
    Json program = Json::object();
    for (const char* key : {"program", "created", "teacher"}) {
        if (const std::string value = text_at(document, key); !value.empty()) program[key] = value;
    }
    Html settings;
    for (const auto& [heading, list] :
         {std::pair("Program", definition_list(program)),
          std::pair("Machine", definition_list(member(document, "machine"))),
          std::pair("Settings", definition_list(member(document, "settings")))}) {
        if (!list.empty()) settings += element("div", block(heading, list));
    }
    section += element("div", settings, {{"class", "settings"}});
    section += block("Files", models_table(page) + data_table(page));
    section += block("Quantization", records(page));
    section += block("Failed images", failed_images(page));
    return element("section", section, {{"aria-labelledby", "repeat"}});
}

}  // namespace quantface::report
