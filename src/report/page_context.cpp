#include "report/page_context.h"

#include <algorithm>

#include "report/html_report.h"

namespace quantface::report {

namespace {

constexpr int kColours = 8;
constexpr int kDashes = 5;

// "data:image/jpeg;base64,..." and nothing but base64 behind it.
bool is_picture(const std::string& url) {
    for (const std::string kind : {"jpeg", "png", "webp"}) {
        const std::string start = "data:image/" + kind + ";base64,";
        if (!url.starts_with(start)) continue;
        return url.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=",
                                     start.size()) == std::string::npos;
    }
    return false;
}

}  // namespace

std::pair<int, int> series_of(const PageContext& page, size_t model) {
    // The teacher is always number 0; the others keep their order.
    auto index = static_cast<int>(model);
    if (page.teacher_index >= 0)
        index = index == page.teacher_index ? 0 : index + (index < page.teacher_index ? 1 : 0);
    return {index % kColours, (index % kColours + index / kColours) % kDashes};
}

Html model_label(const PageContext& page, size_t model) {
    const auto [colour, dash] = series_of(page, model);
    const std::string sample =
        "<svg class=\"sample\" viewBox=\"0 0 28 8\" aria-hidden=\"true\"><line x1=\"1\" " +
        std::string("y1=\"4\" x2=\"27\" y2=\"4\" class=\"series-") + std::to_string(colour) + " dash-" +
        std::to_string(dash) + "\"/></svg>";
    return element("span", Html::markup(sample) + name_text(text_at(page.models()[model], "model")),
                   {{"class", "model"}});
}

Html plot_figure(const std::string& kind, const std::string& about, const std::string& label,
                 const Html& caption) {
    if (!has_plotting_library()) return {};
    const Html canvas = element(
        "div", {}, {{"class", "plot"}, {"data-plot", kind}, {"data-about", about}, {"data-label", label}});
    return element("figure", canvas + element("figcaption", caption), {{"class", "chart chart-" + kind}});
}

Html picture(PageContext& page, Json& data_url, const std::string& description, int side) {
    if (!data_url.is_string() || !is_picture(data_url.get_ref<const std::string&>())) return {};
    const std::string number = std::to_string(page.pictures.count++);
    std::vector<Attribute> attributes = {{"src", data_url.get<std::string>()},
                                         {"alt", description},
                                         {"data-picture", number},
                                         {"loading", "lazy"}};
    if (side > 0) {
        attributes.push_back({"width", std::to_string(side)});
        attributes.push_back({"height", std::to_string(side)});
    }
    data_url = "page-picture:" + number;
    return void_element("img", attributes);
}

}  // namespace quantface::report
