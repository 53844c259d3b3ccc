// The options of a generator on the command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "faces/five_point_alignment.h"
#include "train/distill.h"

namespace quantface {

// What a generator's numbers mean.
enum class PixelRange { kFound, kSigned, kUnit, kBytes };

// Where the face is in a generator's pictures.
enum class FaceGeometry {
    kBySize,   // arcface at 112 x 112 pixels, ffhq for squares from 256 pixels
    kArcface,  // aligned to the template already
    kFfhq,     // cropped as FFHQ's pictures
    kFull,     // anywhere: the picture is resized as it is
    kPoints,   // landmarks at given places
};

struct GeneratorOptions {
    uint64_t seed = 1;
    std::vector<int64_t> latent;       // the shape of one latent; empty: asked of the module
    std::optional<double> truncation;  // 0 to 1
    int64_t classes = 0;               // labels of a conditional generator: 0 to classes - 1, drawn evenly
    PixelRange range = PixelRange::kFound;
    FaceGeometry geometry = FaceGeometry::kBySize;
    FivePoints points{};             // of kPoints, as fractions of the picture
    std::filesystem::path detector;  // a YuNet network (faces/face_detector.h); empty: none
    DeviceKind device = DeviceKind::kAuto;
    // Pictures at a time; 0: as the device likes. 1 wastes least where images are asked for in random order:
    // training on more of them than are held in memory.
    int64_t batch = 0;
    std::string method = "forward";
};

// From "name=value" each:
//   seed=7  latent=512 or 4x64x64  truncation=0.7  classes=10  range=-1..1, 0..1 or 0..255
//   geometry=arcface, ffhq or full  points=X1/Y1/X2/Y2/X3/Y3/X4/Y4/X5/Y5  detector=FILE.onnx
//   device=auto, cpu or cuda  batch=8  method=NAME
// Throws Error(kUsage) where a name or value is none of these.
GeneratorOptions parse_generator_options(const std::vector<std::string>& assignments, uint64_t default_seed);

}  // namespace quantface
