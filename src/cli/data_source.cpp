#include "cli/data_source.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "faces/sources.h"
#include "synth/rendered_source.h"

namespace quantface {

namespace {

// "noise" and "noise:7" for the name "noise": the default seed and 7.
std::optional<uint64_t> seed_of(const std::string& text, const std::string& name, uint64_t default_seed,
                                const std::string& option) {
    if (text == name) return default_seed;
    if (!text.starts_with(name + ":")) return std::nullopt;
    uint64_t seed = 0;
    const char* first = text.data() + name.size() + 1;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(first, last, seed);
    if (error != std::errc() || end != last)
        fail_usage(option + " " + text + ": the seed is no whole number");
    return seed;
}

}  // namespace

std::unique_ptr<ImageSource> open_data_source(const std::string& text, const InputSpec& spec,
                                              uint64_t default_seed, const std::string& option) {
    const int side = std::max(spec.height, spec.width);
    if (const auto seed = seed_of(text, "rendered", default_seed, option))
        return make_rendered_source(*seed, side, side);
    if (const auto seed = seed_of(text, "noise", default_seed, option))
        return make_noise_source(*seed, side, side);
    const std::string folder_prefix = "folder:";
    if (text.starts_with(folder_prefix))
        return make_folder_source(text.substr(folder_prefix.size()), side, side);
    std::error_code ignored;
    if (std::filesystem::is_directory(text, ignored)) return make_folder_source(text, side, side);
    if (std::filesystem::exists(text, ignored) || text.ends_with(".bin"))
        return make_bin_source(text, side, side);
    fail_usage(option + " " + text + ": no such folder or pack; give " + kDataSourceHelp);
}

}  // namespace quantface
