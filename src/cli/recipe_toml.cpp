#include "cli/recipe_toml.h"

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

constexpr uint64_t kMostBytes = 1 << 20;

RecipePlace place_of(const toml::source_region& region, const RecipePlace& whole) {
    RecipePlace place = whole;
    place.line = static_cast<int>(region.begin.line);
    place.column = static_cast<int>(region.begin.column);
    return place;
}

bool stands_before(const RecipeEntry& a, const RecipeEntry& b) {
    return a.place.line != b.place.line ? a.place.line < b.place.line : a.place.column < b.place.column;
}

// The library bounds the depth of nesting, and with it this recursion.
RecipeValue convert(const toml::node& node, const RecipePlace& whole) {
    RecipeValue value;
    value.place = place_of(node.source(), whole);
    if (const auto* table = node.as_table()) {
        value.kind = RecipeKind::kTable;
        for (const auto& [key, item] : *table) {
            value.entries.push_back(
                {std::string(key.str()), place_of(key.source(), whole), convert(item, whole)});
        }
        std::sort(value.entries.begin(), value.entries.end(), stands_before);
    } else if (const auto* list = node.as_array()) {
        value.kind = RecipeKind::kList;
        for (const toml::node& item : *list) value.items.push_back(convert(item, whole));
    } else if (const auto* text = node.as_string()) {
        value.kind = RecipeKind::kText;
        value.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        value.kind = RecipeKind::kInteger;
        value.integer = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
        value.kind = RecipeKind::kNumber;
        value.number = number->get();
    } else if (const auto* flag = node.as_boolean()) {
        value.kind = RecipeKind::kFlag;
        value.flag = flag->get();
    } else {
        value.kind = RecipeKind::kDate;
    }
    return value;
}

// VALUE of `--set`. Text that would be more than one value is no TOML value.
RecipeValue command_line_value(const std::string& text, const RecipePlace& place) {
    RecipeValue value;
    try {
        const toml::table parsed = toml::parse("value = " + text);
        if (parsed.size() == 1) value = convert(*parsed.get("value"), place);
    } catch (const toml::parse_error&) {
        value.kind = RecipeKind::kTable;
    }
    const bool is_value = value.kind != RecipeKind::kTable || text.starts_with('{');
    if (!is_value) {
        value = {};
        value.kind = RecipeKind::kText;
        value.text = text;
    }
    value.place = place;
    return value;
}

bool is_called(const RecipeValue& item, const std::string& name) {
    const RecipeValue* own = item.find("name");
    if (own == nullptr) own = item.find("bits");
    return own != nullptr && own->kind == RecipeKind::kText && own->text == name;
}

RecipeValue* item_called(RecipeValue& list, const std::string& name) {
    for (RecipeValue& item : list.items) {
        if (is_called(item, name)) return &item;
    }
    size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    const bool is_number = error == std::errc() && end == name.data() + name.size();
    return is_number && index < list.items.size() ? &list.items[index] : nullptr;
}

RecipeValue* entry_value(RecipeValue& table, const std::string& key) {
    for (RecipeEntry& entry : table.entries) {
        if (entry.key == key) return &entry.value;
    }
    return nullptr;
}

}  // namespace

std::string RecipePlace::text() const {
    if (on_command_line) return source;
    return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void fail_at(const RecipePlace& place, const std::string& what) {
    const std::string message = place.text() + ": " + what;
    if (place.on_command_line) fail_usage(message);
    fail_bad_input(message);
}

const char* recipe_kind_name(RecipeKind kind) {
    switch (kind) {
        case RecipeKind::kText:
            return "a text";
        case RecipeKind::kInteger:
            return "a whole number";
        case RecipeKind::kNumber:
            return "a number";
        case RecipeKind::kFlag:
            return "true or false";
        case RecipeKind::kList:
            return "a list";
        case RecipeKind::kTable:
            return "a table";
        case RecipeKind::kDate:
            return "a date or time";
    }
    return "";
}

const RecipeValue* RecipeValue::find(const std::string& key) const {
    for (const RecipeEntry& entry : entries) {
        if (entry.key == key) return &entry.value;
    }
    return nullptr;
}

RecipeValue read_recipe_file(const std::filesystem::path& file) {
    const std::vector<uint8_t> bytes = read_file(file, kMostBytes);
    RecipePlace whole;
    whole.source = file.string();
    try {
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return convert(toml::parse(text), whole);
    } catch (const toml::parse_error& error) {
        fail_at(place_of(error.source(), whole), std::string(error.description()));
    }
}

void change_recipe(RecipeValue& table, const std::string& assignment) {
    RecipePlace place;
    place.source = "--set " + assignment;
    place.on_command_line = true;
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) fail_at(place, "KEY=VALUE wanted");
    const std::string path = assignment.substr(0, equals);

    RecipeValue* at = &table;
    for (size_t begin = 0; begin <= path.size();) {
        const size_t point = std::min(path.find('.', begin), path.size());
        const std::string key = path.substr(begin, point - begin);
        begin = point + 1;
        if (key.empty()) fail_at(place, "a name between points is empty");
        if (at->kind == RecipeKind::kList) {
            at = item_called(*at, key);
            if (at == nullptr) fail_at(place, "the recipe has none called '" + key + "'");
        } else if (at->kind == RecipeKind::kTable) {
            if (entry_value(*at, key) == nullptr) at->entries.push_back({key, place, {}});
            at = entry_value(*at, key);
        } else {
            fail_at(place, "'" + key + "': what stands before it is " + recipe_kind_name(at->kind));
        }
    }
    *at = command_line_value(assignment.substr(equals + 1), place);
}

}  // namespace quantface
