#include "cli/recipe_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace quantface {

namespace {

[[noreturn]] void fail_kind(const RecipeValue& value, const std::string& key, const char* wanted) {
    fail_at(value.place, fmt::format("'{}' is {}; {} wanted", key, recipe_kind_name(value.kind), wanted));
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

// Texts become arguments, paths and lines.
void check_text(const RecipeValue& value, const std::string& key) {
    if (value.text.empty()) fail_at(value.place, "'" + key + "' is empty");
    for (const char c : value.text) {
        if (static_cast<unsigned char>(c) < 0x20) fail_at(value.place, "'" + key + "' is more than one line");
    }
}

}  // namespace

double recipe_number(const RecipeValue& value, const std::string& key) {
    if (value.kind == RecipeKind::kInteger) return static_cast<double>(value.integer);
    if (value.kind != RecipeKind::kNumber) fail_kind(value, key, "a number");
    if (!std::isfinite(value.number)) fail_at(value.place, "'" + key + "' is not finite");
    return value.number;
}

RecipeReader::RecipeReader(const RecipeValue& table, std::string title)
    : table_(table), title_(std::move(title)) {
    if (table.kind != RecipeKind::kTable) {
        fail_at(table.place, title_ + " is " + recipe_kind_name(table.kind) + "; a table wanted");
    }
}

const RecipePlace& RecipeReader::place_of(const std::string& key) const {
    const RecipeValue* value = table_.find(key);
    return value == nullptr ? table_.place : value->place;
}

const RecipeValue* RecipeReader::find(const std::string& key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
    return table_.find(key);
}

const RecipeValue* RecipeReader::find(const std::string& key, RecipeKind kind) {
    const RecipeValue* value = find(key);
    if (value != nullptr && value->kind != kind) fail_kind(*value, key, recipe_kind_name(kind));
    return value;
}

std::optional<std::string> RecipeReader::text(const std::string& key) {
    const RecipeValue* value = find(key, RecipeKind::kText);
    if (value == nullptr) return std::nullopt;
    check_text(*value, key);
    return value->text;
}

std::string RecipeReader::required_text(const std::string& key) {
    if (!has(key)) fail_at(table_.place, title_ + " has no '" + key + "'");
    return *text(key);
}

std::optional<std::string> RecipeReader::choice(const std::string& key,
                                                const std::vector<std::string>& choices) {
    const std::optional<std::string> word = text(key);
    if (word && std::find(choices.begin(), choices.end(), *word) == choices.end()) {
        fail_at(place_of(key), fmt::format("'{}' is '{}'; one of {} wanted", key, *word, joined(choices)));
    }
    return word;
}

std::optional<bool> RecipeReader::flag(const std::string& key) {
    const RecipeValue* value = find(key, RecipeKind::kFlag);
    return value == nullptr ? std::nullopt : std::optional(value->flag);
}

std::optional<int64_t> RecipeReader::integer(const std::string& key, int64_t low, int64_t high) {
    const RecipeValue* value = find(key, RecipeKind::kInteger);
    if (value == nullptr) return std::nullopt;
    if (value->integer < low || value->integer > high) {
        fail_at(value->place, fmt::format("'{}' is {}; {} to {} wanted", key, value->integer, low, high));
    }
    return value->integer;
}

std::optional<double> RecipeReader::number(const std::string& key, double low, double high) {
    const RecipeValue* value = find(key);
    if (value == nullptr) return std::nullopt;
    const double number = recipe_number(*value, key);
    if (number < low || number > high) {
        fail_at(value->place, fmt::format("'{}' is {}; {} to {} wanted", key, number, low, high));
    }
    return number;
}

std::vector<std::string> RecipeReader::texts(const std::string& key) {
    const RecipeValue* value = find(key);
    if (value == nullptr) return {};
    if (value->kind == RecipeKind::kText) return {*text(key)};
    if (value->kind != RecipeKind::kList) fail_kind(*value, key, "a text or a list of texts");
    if (value->items.empty()) fail_at(value->place, "'" + key + "' is empty");
    std::vector<std::string> words;
    for (const RecipeValue& item : value->items) {
        if (item.kind != RecipeKind::kText) fail_kind(item, key, "a list of texts");
        check_text(item, key);
        words.push_back(item.text);
    }
    return words;
}

std::vector<double> RecipeReader::numbers(const std::string& key) {
    const RecipeValue* value = find(key);
    if (value == nullptr) return {};
    if (value->kind != RecipeKind::kList) return {recipe_number(*value, key)};
    std::vector<double> numbers;
    for (const RecipeValue& item : value->items) numbers.push_back(recipe_number(item, key));
    return numbers;
}

const RecipeValue* RecipeReader::table(const std::string& key) {
    return find(key, RecipeKind::kTable);
}

std::vector<const RecipeValue*> RecipeReader::tables(const std::string& key) {
    const RecipeValue* value = find(key);
    if (value == nullptr) return {};
    if (value->kind == RecipeKind::kTable) return {value};
    if (value->kind != RecipeKind::kList) fail_kind(*value, key, "a table");
    std::vector<const RecipeValue*> tables;
    for (const RecipeValue& item : value->items) {
        if (item.kind != RecipeKind::kTable) fail_kind(item, key, "tables");
        tables.push_back(&item);
    }
    return tables;
}

void RecipeReader::finish() const {
    for (const RecipeEntry& entry : table_.entries) {
        if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
        fail_at(entry.place,
                fmt::format("{} has no key '{}'; it may have {}", title_, entry.key, joined(known_)));
    }
}

}  // namespace quantface
