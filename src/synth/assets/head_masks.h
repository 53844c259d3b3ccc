// Smooth masks over a head's points: where lips, lids, cheeks, beard and scalp are.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "synth/assets/head_asset.h"

namespace quantface {

using HeadMasks = std::vector<std::array<float, kMaskCount>>;  // by point, HeadMask

// Lips, lids and cheeks are what certain targets move; beards what lies near the beard worn; the scalp what
// the dark skins have hair painted on. Throws Error(kBadInput) with `name` in it where a target is missing.
HeadMasks paint_masks(const HeadAsset& asset, const std::string& name);

}  // namespace quantface
