// One table of a recipe, read key by key: wrong kinds, numbers out of range and keys that nobody asked for
// are refused with their place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/recipe_toml.h"

namespace quantface {

// Every function throws as fail_at() does where the value is of another kind than asked for. The table must
// outlive the reader.
class RecipeReader {
  public:
    // title: "[[teacher]]", as messages name the table; fails where the value is no table.
    RecipeReader(const RecipeValue& table, std::string title);

    bool has(const std::string& key) const { return table_.find(key) != nullptr; }
    const RecipePlace& place() const { return table_.place; }
    // Of the key's value, or of the table where it has no such key.
    const RecipePlace& place_of(const std::string& key) const;
    const RecipeValue* find(const std::string& key);

    std::optional<std::string> text(const std::string& key);
    std::string required_text(const std::string& key);
    // One of `choices`.
    std::optional<std::string> choice(const std::string& key, const std::vector<std::string>& choices);
    std::optional<bool> flag(const std::string& key);
    std::optional<int64_t> integer(const std::string& key, int64_t low, int64_t high);
    std::optional<double> number(const std::string& key, double low, double high);
    // A text or a list of texts.
    std::vector<std::string> texts(const std::string& key);
    // A number or a list of numbers; none where the key is absent.
    std::vector<double> numbers(const std::string& key);
    // The table [key], or nothing.
    const RecipeValue* table(const std::string& key);
    // The tables of [[key]], or of one [key].
    std::vector<const RecipeValue*> tables(const std::string& key);

    // Called last: refuses the first key that none of the above was asked for.
    void finish() const;

  private:
    const RecipeValue* find(const std::string& key, RecipeKind kind);

    const RecipeValue& table_;
    std::string title_;
    std::vector<std::string> known_;
};

// Of a value of kind kInteger or kNumber; fails for others and where it is not finite.
double recipe_number(const RecipeValue& value, const std::string& key);

}  // namespace quantface
