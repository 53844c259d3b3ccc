// What the program and the library that finds faces agree on.
#pragma once

#include <filesystem>
#include <memory>

#include "cli/version.h"
#include "faces/face_detector.h"

namespace quantface {

// The library exports one of these as quantface_photo_module.
struct PhotoModule {
    const char* version;  // both sides are compiled from the same source, or they do not go together
    std::unique_ptr<FaceFinder> (*open)(const std::filesystem::path&);  // open_face_finder
    std::unique_ptr<FaceFinder> (*built_in)();                          // make_built_in_finder
};

inline constexpr const char* kPhotoModuleSymbol = "quantface_photo_module";

}  // namespace quantface
