#include "report/html.h"

namespace quantface::report {

namespace {

constexpr size_t kLongName = 60;

Html open_tag(std::string_view tag, const std::vector<Attribute>& attributes) {
    std::string markup = "<" + std::string(tag);
    for (const Attribute& attribute : attributes)
        markup += " " + attribute.name + "=\"" + Html(attribute.value).str() + "\"";
    return Html::markup(markup + ">");
}

std::vector<Attribute> css_class(const std::string& css) {
    return css.empty() ? std::vector<Attribute>{} : std::vector<Attribute>{{"class", css}};
}

Html table_head(const Table& table) {
    Html cells;
    for (const Column& column : table.columns) {
        std::vector<Attribute> attributes = {{"scope", "col"}};
        if (column.figures) attributes.push_back({"class", "figures"});
        cells += element("th", column.title, attributes);
    }
    return element("thead", element("tr", cells));
}

Html table_row(const Table& table, const std::vector<Cell>& row) {
    Html cells;
    for (size_t i = 0; i < row.size(); ++i) {
        std::string css = row[i].css;
        if (i < table.columns.size() && table.columns[i].figures) css += css.empty() ? "figures" : " figures";
        std::vector<Attribute> attributes = css_class(css);
        if (i == 0) attributes.push_back({"scope", "row"});
        cells += element(i == 0 ? "th" : "td", row[i].content, attributes);
    }
    return element("tr", cells);
}

}  // namespace

Html::Html(std::string_view text) {
    markup_.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                markup_ += "&amp;";
                break;
            case '<':
                markup_ += "&lt;";
                break;
            case '>':
                markup_ += "&gt;";
                break;
            case '"':
                markup_ += "&quot;";
                break;
            case '\'':
                markup_ += "&#39;";
                break;
            default: {
                const auto byte = static_cast<unsigned char>(c);
                const bool control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
                if (control)
                    markup_ += "\xef\xbf\xbd";
                else
                    markup_ += c;
            }
        }
    }
}

Html Html::markup(std::string_view markup) {
    Html html;
    html.markup_ = markup;
    return html;
}

Html& Html::operator+=(const Html& more) {
    markup_ += more.markup_;
    return *this;
}

Html operator+(Html first, const Html& second) {
    first += second;
    return first;
}

Html element(std::string_view tag, const Html& content, const std::vector<Attribute>& attributes) {
    Html html = open_tag(tag, attributes);
    html += content;
    html += Html::markup("</" + std::string(tag) + ">");
    return html;
}

Html void_element(std::string_view tag, const std::vector<Attribute>& attributes) {
    return open_tag(tag, attributes);
}

Html name_text(const std::string& name) {
    Html text;
    size_t begin = 0;
    for (size_t i = 0; i < name.size(); ++i) {
        if (std::string_view("_-/").find(name[i]) == std::string_view::npos) continue;
        text += Html(std::string_view(name).substr(begin, i + 1 - begin)) + Html::markup("<wbr>");
        begin = i + 1;
    }
    text += Html(std::string_view(name).substr(begin));
    // Tables cut it after some lines.
    std::vector<Attribute> attributes = {{"class", "name"}};
    if (name.size() > kLongName) attributes.push_back({"title", name});
    return element("bdi", name.empty() ? Html("(no name)") : text, attributes);
}

Html small_line(const Html& content, std::string_view css) {
    return element("small", content, css_class(std::string(css)));
}

Html render(const Table& table) {
    Html body;
    for (const auto& row : table.rows) body += table_row(table, row);
    Html markup = element("caption", table.caption);
    markup += table_head(table);
    markup += element("tbody", body);
    // A region that scrolls must be reachable by keyboard.
    return element("div", element("table", markup, css_class(table.css)),
                   {{"class", "scroll"}, {"tabindex", "0"}, {"role", "group"}});
}

}  // namespace quantface::report
