// Markup that cannot be confused with text: what comes from a document gets into a page only escaped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quantface::report {

class Html {
  public:
    Html() = default;
    // Escaped; control characters become U+FFFD. Literals and figures go this way, too.
    Html(const char* text) : Html(std::string_view(text)) {}         // NOLINT: text is the common case
    Html(const std::string& text) : Html(std::string_view(text)) {}  // NOLINT
    Html(std::string_view text);                                     // NOLINT
    // Taken as it is: markup of this program's own.
    static Html markup(std::string_view markup);

    Html& operator+=(const Html& more);
    bool empty() const { return markup_.empty(); }
    const std::string& str() const { return markup_; }

  private:
    std::string markup_;
};

Html operator+(Html first, const Html& second);

struct Attribute {
    std::string name, value;
};

// <tag name="value">content</tag>.
Html element(std::string_view tag, const Html& content, const std::vector<Attribute>& attributes = {});
// <tag name="value"> for elements that have no content.
Html void_element(std::string_view tag, const std::vector<Attribute>& attributes);

// A name from outside: set apart, so that its direction of writing does not spill over, and broken behind
// what separates its words or, where that is not enough, anywhere.
Html name_text(const std::string& name);

// <small class="css">text</small>, a line of its own in a cell.
Html small_line(const Html& content, std::string_view css = {});

struct Cell {
    Html content;
    std::string css;  // classes
};

struct Column {
    Html title;
    bool figures = true;  // aligned to the right
};

// The first cell of each row is its header. Scrolls sideways within a box of its own where it is too wide.
struct Table {
    Html caption;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;
    std::string css;
};

Html render(const Table& table);

}  // namespace quantface::report
