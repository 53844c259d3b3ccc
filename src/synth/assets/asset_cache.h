// Where the baked head model is kept, and what of it is there.
#pragma once

#include <filesystem>
#include <memory>

#include "synth/assets/head_asset.h"

namespace quantface {

// $QUANTFACE_CACHE, else $XDG_CACHE_HOME/quantface, else ~/.cache/quantface; empty where none is set.
std::filesystem::path user_cache_folder();

// The baked head in the cache folder, whether it is there or not.
std::filesystem::path head_asset_path();

// The head asset of the cache, read once; null where none is there. Throws Error(kBadInput) where it is
// damaged. Thread-safe.
std::shared_ptr<const HeadAsset> cached_head_asset();

}  // namespace quantface
