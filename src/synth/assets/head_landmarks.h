// Where the features of a head are among its points.
#pragma once

#include <array>
#include <string>

#include "synth/assets/head_asset.h"

namespace quantface {

// From the canonical points, the skin's triangles and the targets. Throws Error(kBadInput) with `name` in it
// where a target that shows a feature is missing.
std::array<uint16_t, kHeadLandmarkCount> find_landmarks(const HeadAsset& asset, const std::string& name);

// The target of that name. Throws likewise.
const MorphTarget& needed_target(const HeadAsset& asset, const std::string& target_name,
                                 const std::string& name);

}  // namespace quantface
