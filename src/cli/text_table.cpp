#include "cli/text_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace quantface {

namespace {

// Code points, not bytes, so that names outside ASCII do not shift the columns.
size_t display_width(const std::string& text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) {
    for (std::string& cell : header) {
        const bool marked = cell.starts_with('<');
        left_.push_back(marked || left_.empty());
        if (marked) cell.erase(0, 1);
    }
    rows_.push_back(std::move(header));
}

void TextTable::add_row(std::vector<std::string> cells) {
    QF_CHECK(cells.size() == left_.size());
    // Names come from files: control characters would reach the terminal as commands.
    for (std::string& cell : cells) {
        for (char& c : cell) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
        }
    }
    rows_.push_back(std::move(cells));
}

std::string TextTable::render() const {
    std::vector<size_t> widths(left_.size(), 0);
    for (const auto& row : rows_) {
        for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
    }
    size_t total_width = 2 * (widths.size() - 1);
    for (const size_t width : widths) total_width += width;

    std::string text;
    for (size_t r = 0; r < rows_.size(); ++r) {
        std::string line;
        for (size_t i = 0; i < widths.size(); ++i) {
            const std::string fill(widths[i] - display_width(rows_[r][i]), ' ');
            if (i > 0) line += "  ";
            line += left_[i] ? rows_[r][i] + fill : fill + rows_[r][i];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
        if (r == 0) text += std::string(total_width, '-') + "\n";
    }
    return text;
}

std::string format_bytes(uint64_t bytes) {
    const auto number = static_cast<double>(bytes);
    if (bytes >= 1000000) return fmt::format("{:.2f} MB", number / 1e6);
    if (bytes >= 1000) return fmt::format("{:.1f} kB", number / 1e3);
    return fmt::format("{} B", bytes);
}

std::string format_count(int64_t count) {
    std::string text = std::to_string(count);
    for (auto i = static_cast<int64_t>(text.size()) - 3; i > (count < 0 ? 1 : 0); i -= 3) {
        text.insert(static_cast<size_t>(i), ",");
    }
    return text;
}

}  // namespace quantface
