#include "cli/recipe_files.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "cli/data_source_text.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

struct Expanded {
    std::string text;
    std::string unset;  // the first variable without a value
};

bool is_name_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// Where a path may begin: SOURCE and LIST:FOLDER hold several.
bool begins_path(std::string_view text, size_t position) {
    return position == 0 || text[position - 1] == ':' || text[position - 1] == ',';
}

bool ends_path_element(std::string_view text, size_t position) {
    return position == text.size() || std::string_view("/:,").find(text[position]) != std::string_view::npos;
}

Expanded expand(std::string_view text);

void put_variable(const std::string& name, const std::optional<std::string>& instead, Expanded& result) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr && *value != 0) {
        result.text += value;
    } else if (instead) {
        const Expanded inner = expand(*instead);
        result.text += inner.text;
        if (result.unset.empty()) result.unset = inner.unset;
    } else if (result.unset.empty()) {
        result.unset = name;
    }
}

// What stands behind a dollar; gives back how long it is.
size_t expand_variable(std::string_view text, Expanded& result) {
    if (text.starts_with('$')) {
        result.text += '$';
        return 1;
    }
    const bool braces = text.starts_with('{');
    const size_t begin = braces ? 1 : 0;
    size_t end = begin;
    while (end < text.size() && is_name_letter(text[end])) ++end;
    const std::string name(text.substr(begin, end - begin));
    std::optional<std::string> instead;
    if (braces && text.substr(end).starts_with(":-")) {
        const size_t close = std::min(text.find('}', end), text.size());
        instead = text.substr(end + 2, close - end - 2);
        end = close;
    }
    if (name.empty() || (braces && (end == text.size() || text[end] != '}'))) {
        fail_bad_input("a variable is written $NAME, ${NAME} or ${NAME:-TEXT}, and a dollar $$");
    }
    put_variable(name, instead, result);
    return end + (braces ? 1 : 0);
}

Expanded expand(std::string_view text) {
    Expanded result;
    for (size_t i = 0; i < text.size();) {
        if (text[i] == '$') {
            i += 1 + expand_variable(text.substr(i + 1), result);
        } else if (text[i] == '~' && begins_path(text, i) && ends_path_element(text, i + 1)) {
            put_variable("HOME", std::nullopt, result);
            ++i;
        } else {
            result.text += text[i++];
        }
    }
    return result;
}

fs::path absolute_path(const std::string& text, const fs::path& folder) {
    return (fs::absolute(folder) / text).lexically_normal();
}

}  // namespace

std::optional<std::string> RecipeFile::why_missing() const {
    if (!unset.empty()) return "$" + unset + " is not set";
    for (const fs::path& path : needs) {
        std::error_code ignored;  // what cannot be looked at is not there for us
        if (!fs::exists(path, ignored)) return path.string() + " is not there";
    }
    return std::nullopt;
}

RecipeFile recipe_path(const std::string& text, const fs::path& folder) {
    const Expanded expanded = expand(text);
    if (!expanded.unset.empty()) return {"", {}, expanded.unset};
    const fs::path path = absolute_path(expanded.text, folder);
    return {path.string(), {path}, ""};
}

RecipeFile recipe_source(const std::string& text, const fs::path& folder) {
    const Expanded expanded = expand(text);
    if (!expanded.unset.empty()) return {"", {}, expanded.unset};
    RecipeFile file;
    try {
        file.text = source_with_absolute_paths(expanded.text, folder);
        for (const SourceText& part : parse_source(file.text)) {
            if (!part.path.empty()) file.needs.push_back(part.path);
        }
    } catch (const Error& error) {
        fail_bad_input(error.what());
    }
    return file;
}

RecipeFile recipe_benchmark(const std::string& text, const fs::path& folder) {
    const Expanded expanded = expand(text);
    if (!expanded.unset.empty()) return {"", {}, expanded.unset};
    const fs::path whole = absolute_path(expanded.text, folder);
    const size_t colon = expanded.text.rfind(':');
    std::error_code ignored;
    const bool is_pair = colon != std::string::npos && colon > 0 && colon + 1 < expanded.text.size();
    if (!is_pair || fs::exists(whole, ignored)) return {whole.string(), {whole}, ""};
    const fs::path list = absolute_path(expanded.text.substr(0, colon), folder);
    const fs::path images = absolute_path(expanded.text.substr(colon + 1), folder);
    return {list.string() + ":" + images.string(), {list, images}, ""};
}

}  // namespace quantface
