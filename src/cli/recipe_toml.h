// A recipe's text as values that know where they stand, so that whatever is wrong with one can be said with
// its place. The only file of this pair that knows the TOML library is recipe_toml.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quantface {

struct RecipePlace {
    std::string source;  // the recipe's file, or "--set KEY=VALUE"
    int line = 0, column = 0;
    bool on_command_line = false;  // then there is no line

    std::string text() const;  // "FILE:LINE:COLUMN"
};

// Throws Error: kUsage for a place on the command line, else kBadInput; "PLACE: what".
[[noreturn]] void fail_at(const RecipePlace& place, const std::string& what);

enum class RecipeKind { kText, kInteger, kNumber, kFlag, kList, kTable, kDate };

// "a text", "a whole number", ...
const char* recipe_kind_name(RecipeKind kind);

struct RecipeEntry;

struct RecipeValue {
    RecipeKind kind = RecipeKind::kTable;
    RecipePlace place;
    std::string text;                  // kText
    int64_t integer = 0;               // kInteger
    double number = 0;                 // kNumber
    bool flag = false;                 // kFlag
    std::vector<RecipeValue> items;    // kList
    std::vector<RecipeEntry> entries;  // kTable, in the order in which they stand

    const RecipeValue* find(const std::string& key) const;
};

struct RecipeEntry {
    std::string key;
    RecipePlace place;  // of the key
    RecipeValue value;
};

// The file's table. Throws Error(kBadInput): "FILE: ..." where it cannot be read, "FILE:LINE:COLUMN: ..."
// where it is no TOML.
RecipeValue read_recipe_file(const std::filesystem::path& file);

// Changes the table as `--set KEY=VALUE` asks. KEY is the names on the way with points between them:
// "quantize.steps"; of several [[teacher]] the one is meant whose name stands there ("teacher.small.model"),
// or, counted from 0, whose number. VALUE is read as TOML and, where it is none, as a text. Throws
// Error(kUsage) where KEY leads nowhere.
void change_recipe(RecipeValue& table, const std::string& assignment);

}  // namespace quantface
