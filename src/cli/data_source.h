// SOURCE on the command line: where images without labels come from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "faces/image_source.h"
#include "graph/input_spec.h"

namespace quantface {

constexpr const char* kDataSourceHelp = "rendered[:SEED], folder:PATH, FILE.bin or noise[:SEED]";

// A path without a prefix is a folder or a .bin pack by what lies there. Images fit the network: squares of
// its longer side, of which the network sees the middle (112x96 networks see the middle of the 112x112
// template). Throws Error(kUsage) where the text says nothing of the kind, Error(kBadInput) where the files
// are missing or damaged. `option` is what the user wrote the text behind, for errors.
std::unique_ptr<ImageSource> open_data_source(const std::string& text, const InputSpec& spec,
                                              uint64_t default_seed = 1,
                                              const std::string& option = "--data");

}  // namespace quantface
