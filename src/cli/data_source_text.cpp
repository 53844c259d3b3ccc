#include "cli/data_source_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace quantface {

namespace {

// A share's unit. Finer than that makes no difference in any set of images that is used.
constexpr int64_t kWhole = 10000;
constexpr size_t kMostParts = 32;

struct NamedKind {
    std::string_view name;
    SourceKind kind;
};
// Sources by name, with a seed as their argument.
constexpr NamedKind kNamed[] = {{"render", SourceKind::kRendered},
                                {"rendered", SourceKind::kRendered},
                                {"noise", SourceKind::kNoise},
                                {"guided", SourceKind::kGuided}};
// Sources by a path behind a prefix.
constexpr NamedKind kPrefixed[] = {{"folder:", SourceKind::kFolder}, {"generator:", SourceKind::kGenerator}};

namespace fs = std::filesystem;

bool exists(const std::string& path, const fs::path& folder) {
    std::error_code ignored;
    return !path.empty() && fs::exists(folder / path, ignored);
}

// "0.7" or "70%"; nothing where the text is no such number.
std::optional<double> share_number(std::string_view text) {
    const bool percent = text.ends_with('%');
    if (percent) text.remove_suffix(1);
    if (!percent && text.find('.') == std::string_view::npos) return std::nullopt;
    if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return percent ? number / 100 : number;
}

bool is_generator_option(std::string_view text) {
    const size_t equals = text.find('=');
    return equals != std::string_view::npos && equals > 0 &&
           text.substr(0, equals).find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

// What stands behind the last colon, if any.
std::string_view last_argument(const std::string& text) {
    const size_t colon = text.rfind(':');
    return colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1);
}

struct Part {
    SourceText source;
    std::optional<double> share;
};

[[noreturn]] void fail_part(const std::string& part, const std::string& what) {
    fail_usage(part + ": " + what);
}

uint64_t seed_number(const std::string& part, SourceKind kind, std::string_view text) {
    uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error != std::errc() || end != text.data() + text.size()) {
        if (kind == SourceKind::kGuided)
            fail_part(part, "guided:COUNT[:SHARE] wants a whole number of images");
        fail_part(part, "'" + std::string(text) +
                            "' is neither a whole number, for a seed, nor one with a "
                            "point or %, for a share");
    }
    return seed;
}

Part parse_named(const std::string& text, SourceKind kind, std::string_view arguments) {
    Part part;
    part.source.kind = kind;
    part.source.text = text;
    // Each argument begins with its colon.
    while (!arguments.empty()) {
        arguments.remove_prefix(1);
        const std::string_view argument = arguments.substr(0, arguments.find(':'));
        arguments.remove_prefix(argument.size());
        if (const auto share = share_number(argument)) {
            if (part.share) fail_part(text, "has two shares");
            part.share = share;
        } else {
            if (part.source.seed) fail_part(text, "has two seeds");
            part.source.seed = seed_number(text, kind, argument);
        }
    }
    return part;
}

// A path with arguments behind it, unless they belong to the path.
Part parse_path(const std::string& text, SourceKind kind, const std::string& path, const fs::path& folder) {
    Part part;
    part.source.kind = kind;
    part.source.text = text;
    part.source.path = path;
    std::string& rest = part.source.path;
    while (!exists(rest, folder)) {
        const std::string argument(last_argument(rest));
        if (const auto share = share_number(argument); share && !part.share) {
            part.share = share;
        } else if (kind == SourceKind::kGenerator && is_generator_option(argument)) {
            part.source.options.insert(part.source.options.begin(), argument);
        } else {
            break;
        }
        rest.erase(rest.rfind(':'));
    }
    return part;
}

Part parse_path_part(const std::string& text, const fs::path& folder) {
    for (const NamedKind& prefixed : kPrefixed) {
        if (text.starts_with(prefixed.name)) {
            return parse_path(text, prefixed.kind, text.substr(prefixed.name.size()), folder);
        }
    }
    return parse_path(text, SourceKind::kPath, text, folder);
}

Part parse_part(const std::string& text, const fs::path& folder) {
    for (const NamedKind& named : kNamed) {
        const std::string_view view = text;
        if (!view.starts_with(named.name)) continue;
        const std::string_view arguments = view.substr(named.name.size());
        if (arguments.empty() || arguments.starts_with(':')) return parse_named(text, named.kind, arguments);
    }
    return parse_path_part(text, folder);
}

// Text between commas, except that pieces which together name a file or folder stay together.
std::vector<Part> split(const std::string& text, const fs::path& folder) {
    std::vector<std::string> pieces;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t comma = std::min(text.find(',', begin), text.size());
        pieces.push_back(text.substr(begin, comma - begin));
        begin = comma + 1;
    }
    if (pieces.size() > kMostParts)
        fail_usage(text + ": more than " + std::to_string(kMostParts) + " sources");
    std::vector<Part> parts;
    for (size_t first = 0; first < pieces.size();) {
        size_t end = pieces.size();
        for (; end > first + 1; --end) {
            std::string joined = pieces[first];
            for (size_t i = first + 1; i < end; ++i) joined += "," + pieces[i];
            const Part part = parse_path_part(joined, folder);
            if (exists(part.source.path, folder)) {
                parts.push_back(part);
                break;
            }
        }
        if (end == first + 1) {
            if (pieces[first].empty()) fail_usage(text + ": a source between commas is empty");
            parts.push_back(parse_part(pieces[first], folder));
        }
        first = end;
    }
    return parts;
}

int64_t share_units(const Part& part) {
    const double units = *part.share * static_cast<double>(kWhole);
    const auto rounded = static_cast<int64_t>(std::lround(std::min(units, 2.0 * kWhole)));
    if (rounded < 1 || rounded > kWhole || std::abs(units - static_cast<double>(rounded)) > 1e-6) {
        fail_part(part.source.text, "a share is 0.0001 to 1, in steps of 0.0001");
    }
    return rounded;
}

}  // namespace

std::vector<SourceText> parse_source(const std::string& text, const fs::path& folder) {
    std::vector<Part> parts = split(text, folder);
    int64_t given = 0, open = 0;
    for (const Part& part : parts) {
        if (part.share) {
            given += share_units(part);
        } else {
            ++open;
        }
    }
    const auto sum = [&] { return std::to_string(static_cast<double>(given) / kWhole).substr(0, 6); };
    if (given > kWhole) fail_usage(text + ": the shares sum up to " + sum() + ", more than 1");
    if (open == 0 && given < kWhole) {
        fail_usage(text + ": the shares sum up to " + sum() +
                   " and no source without a share takes the rest");
    }
    if (open > 0 && given == kWhole) {
        fail_usage(text + ": nothing is left for the sources without a share");
    }
    std::vector<SourceText> sources;
    for (Part& part : parts) {
        // In units that the open parts can divide among themselves.
        const int64_t divisor = std::max<int64_t>(open, 1);
        part.source.weight = part.share ? share_units(part) * divisor : kWhole - given;
        sources.push_back(std::move(part.source));
    }
    return sources;
}

std::string source_with_absolute_paths(const std::string& text, const fs::path& folder) {
    std::string absolute;
    for (const SourceText& part : parse_source(text, folder)) {
        // "PATH:ARGUMENTS", or the same behind "folder:" or "generator:".
        const bool prefixed = part.kind == SourceKind::kFolder || part.kind == SourceKind::kGenerator;
        std::string piece = part.text;
        if (!part.path.empty()) {
            piece.replace(prefixed ? piece.find(':') + 1 : 0, part.path.size(),
                          (fs::absolute(folder) / part.path).lexically_normal().string());
        }
        absolute += (absolute.empty() ? "" : ",") + piece;
    }
    return absolute;
}

}  // namespace quantface
