// What is known of the networks themselves: agreement with the teacher, layers, and the faces they were made
// with.
#include "report/figure_text.h"
#include "report/page_context.h"

namespace quantface::report {

namespace {

// 0 bits: no weights, or an output without levels.
std::string bits_text(std::optional<double> bits) {
    return bits && *bits > 0 ? fixed_text(bits, 0) : kDash;
}

Html layers_table(const Json& model) {
    Table table;
    table.caption = Html("Layers in the order in which they run.");
    table.columns = {{"Layer", false},        {"Operation", false}, {"Weight bits"},
                     {"Output bits"},         {"Parameters"},       {"MACs"},
                     {"Signal to noise, dB"}, {"Embedding cosine"}};
    for (const Json& layer : list_at(model, "layers")) {
        table.rows.push_back({{name_text(text_at(layer, "name")), {}},
                              {text_at(layer, "op"), {}},
                              {bits_text(number_at(layer, "weight_bits")), {}},
                              {bits_text(number_at(layer, "output_bits")), {}},
                              {large_count_text(number_at(layer, "parameters")), {}},
                              {large_count_text(number_at(layer, "macs")), {}},
                              {fixed_text(number_at(layer, "signal_to_noise_db"), 1), {}},
                              {fixed_text(number_at(layer, "embedding_cosine"), 4), {}}});
    }
    return element("details",
                   element("summary", "All " + std::to_string(table.rows.size()) + " layers as a table") +
                       render(table));
}

std::vector<Cell> agreement_row(const PageContext& page, size_t index, const Json& agreement) {
    return {{model_label(page, index), {}},
            {name_text(text_at(agreement, "data")), {}},
            {count_text(number_at(agreement, "images")), {}},
            {element("b", fixed_text(number_at(agreement, "mean_cosine"), 4)), {}},
            {fixed_text(number_at(agreement, "std_cosine"), 4), {}},
            {fixed_text(number_at(agreement, "first_percentile_cosine"), 4), {}},
            {fixed_text(number_at(agreement, "min_cosine"), 4), {}},
            {count_text(number_at(agreement, "invalid_embeddings")), {}},
            {fixed_text(number_at(agreement, "images_per_second"), 0), {}}};
}

}  // namespace

Html agreement_section(const PageContext& page) {
    Table table;
    table.caption = Html(
        "Cosine between each network\u2019s embedding of an image and the teacher\u2019s; 1 is the same "
        "direction.");
    table.columns = {{"Network", false}, {"Data", false}, {"Images"},  {"Mean"},    {"Deviation"},
                     {"1st percentile"}, {"Least"},       {"Invalid"}, {"Images/s"}};
    for (size_t i = 0; i < page.models().size(); ++i) {
        for (const Json& agreement : list_at(page.models()[i], "agreement"))
            table.rows.push_back(agreement_row(page, i, agreement));
    }
    if (table.rows.empty()) return {};
    return element("section",
                   element("h2", "Agreement with the teacher", {{"id", "agreement"}}) + render(table),
                   {{"aria-labelledby", "agreement"}});
}

Html layers_section(const PageContext& page) {
    Html blocks;
    for (size_t i = 0; i < page.models().size(); ++i) {
        const Json& model = page.models()[i];
        if (list_at(model, "layers").empty() || is_teacher(page.document, model)) continue;
        const std::string bits = text_at(model, "bits");
        Html heading = model_label(page, i);
        if (!bits.empty()) heading += Html(" ") + element("span", bits, {{"class", "quiet"}});
        blocks += element("h3", heading);
        blocks += plot_figure(
            "layers", std::to_string(i), "Layers of " + text_at(model, "model"),
            Html("Layer by layer: bits of the weights (bars) and of the outputs (strokes); below it how far "
                 "the outputs stand above what the teacher's do not explain in them: the noise of this layer "
                 "and all before it."));
        blocks += layers_table(model);
    }
    if (blocks.empty()) return {};
    return element("section", element("h2", "Layers", {{"id", "layers"}}) + blocks,
                   {{"aria-labelledby", "layers"}});
}

Html synthetic_faces_section(PageContext& page) {
    if (!member(page.document, "synthetic_faces").is_object()) return {};
    Json& faces = page.document["synthetic_faces"];
    const Html sheet = faces.contains("sheet")
                           ? picture(page, faces["sheet"], "Contact sheet of synthetic faces", 0)
                           : Html();
    Html caption = element("b", "These people do not exist.") + Html(" ");
    const std::string description = text_at(faces, "description");
    if (!description.empty()) caption += name_text(description);
    return element("section",
                   element("h2", "Synthetic faces", {{"id", "faces"}}) +
                       element("figure", sheet + element("figcaption", caption), {{"class", "sheet"}}),
                   {{"aria-labelledby", "faces"}});
}

}  // namespace quantface::report
