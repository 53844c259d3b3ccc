#include "cli/data_source.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/data_source_text.h"
#include "cli/training_library.h"
#include "cli/training_module.h"
#include "faces/mixed_source.h"
#include "faces/sources.h"
#include "synth/rendered_source.h"

namespace quantface {

namespace {

std::unique_ptr<ImageSource> open_path(const SourceText& source, int side, const std::string& option) {
    std::error_code ignored;
    if (std::filesystem::is_directory(source.path, ignored)) {
        return make_folder_source(source.path, side, side);
    }
    if (std::filesystem::exists(source.path, ignored) || source.path.ends_with(".bin")) {
        return make_bin_source(source.path, side, side);
    }
    fail_usage(option + " " + source.text + ": no such folder or pack; give " + kDataSourceHelp);
}

std::unique_ptr<ImageSource> open_generator(const SourceText& source, int side, uint64_t default_seed,
                                            const std::string& option) {
    if (source.path.empty()) fail_usage(option + " " + source.text + ": which file? generator:FILE.pt");
    const TrainingModule& module =
        load_training_library(option + " " + source.text, "generators run where libtorch is");
    return module.open_generator({source.path, source.options, default_seed, side});
}

std::unique_ptr<ImageSource> open_part(const SourceText& source, int side, uint64_t default_seed,
                                       const std::string& option, const GuidedOpener& guided) {
    const uint64_t seed = source.seed.value_or(default_seed);
    switch (source.kind) {
        case SourceKind::kRendered:
            return make_rendered_source(seed, side, side);
        case SourceKind::kNoise:
            return make_noise_source(seed, side, side);
        case SourceKind::kGuided:
            if (!guided) fail_usage(option + " " + source.text + ": only where a network is quantized");
            return guided(source.seed);
        case SourceKind::kFolder:
            return make_folder_source(source.path, side, side);
        case SourceKind::kGenerator:
            return open_generator(source, side, default_seed, option);
        case SourceKind::kPath:
            return open_path(source, side, option);
    }
    QF_CHECK(false);
    return nullptr;
}

// The parser knows the text alone; an error names the option, too.
std::vector<SourceText> parse_option(const std::string& text, const std::string& option) {
    try {
        return parse_source(text);
    } catch (const Error& error) {
        fail_usage(option + " " + error.what());
    }
}

}  // namespace

std::unique_ptr<ImageSource> open_data_source(const std::string& text, const InputSpec& spec,
                                              uint64_t default_seed, const std::string& option,
                                              const GuidedOpener& guided) {
    const int side = std::max(spec.height, spec.width);
    const std::vector<SourceText> sources = parse_option(text, option);
    std::vector<MixedPart> parts;
    for (const SourceText& source : sources) {
        parts.push_back({open_part(source, side, default_seed, option, guided), source.weight});
    }
    return parts.size() == 1 ? std::move(parts[0].source) : make_mixed_source(std::move(parts));
}

}  // namespace quantface
