// SOURCE on the command line: where images without labels come from.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "faces/image_source.h"
#include "graph/input_spec.h"

namespace quantface {

constexpr const char* kDataSourceHelp =
    "render[:SEED], guided[:COUNT], folder:PATH, FILE.bin, generator:FILE.pt[:OPTION=VALUE...] or "
    "noise[:SEED]; several with "
    "commas between them, each with its share: render:0.7,folder:PATH:30%";

// SOURCE as cli/data_source_text.h has it. A path without a prefix is a folder or a .bin pack by what lies
// there. Images fit the network: squares of its longer side, of which the network sees the middle (112x96
// networks see the middle of the 112x112 template). Throws Error(kUsage) where the text says nothing of the
// kind or a generator is asked for and the training library is not there, Error(kBadInput) where the files
// are missing or damaged. `option` is what the user wrote the text behind, for errors.
//
// guided opens faces guided by the network at hand (cli/guided_source.h) with the number of images that the
// text asks for; without it, such a source is an Error(kUsage).
using GuidedOpener = std::function<std::unique_ptr<ImageSource>(std::optional<int64_t> count)>;
std::unique_ptr<ImageSource> open_data_source(const std::string& text, const InputSpec& spec,
                                              uint64_t default_seed = 1, const std::string& option = "--data",
                                              const GuidedOpener& guided = {});

}  // namespace quantface
