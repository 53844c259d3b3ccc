// Teacher-guided faces: images of any source, moved so that the teacher sees in them what it saw in training
// (image_guide.h), in a folder as `synth` writes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "graph/graph.h"
#include "train/distill.h"
#include "train/guided_recipe.h"
#include "train/image_guide.h"

namespace quantface {

struct GuidedOptions {
    std::filesystem::path folder;
    int64_t count = 1000;  // images: the source's first ones
    int64_t views = 2;     // of each identity, one after the other in the source
    uint64_t seed = 1;     // of shifts and mirroring
    GuidedRecipe recipe;
    DeviceKind device = DeviceKind::kAuto;
    std::string teacher_sha256;
};

struct GuidedResult {
    int64_t made = 0;              // images in this run
    int64_t kept = 0;              // whole images that were already there
    GuidedMeasures before, after;  // means over the batches of this run
    double images_per_second = 0;  // guided in this run
    bool bfloat16 = false;
};

// Writes folder/000012/000012_1.png and so on and manifest.json (synth/face_folder.h) with the teacher, its
// input, the source and every number of the recipe.
//
// A batch depends on the recipe, the seed, the source's first recipe.crowd images and its own alone, so that
// the work goes on batch by batch: started again on the same folder, whole batches are kept, and a larger
// count extends the folder. The same seed gives the same bytes on the same kind of CPU; on a CUDA device
// sums are not always taken in the same order.
//
// Throws Error: kUsage for options out of range, a source of fewer images than wanted or a folder of other
// settings; kBadInput for images that cannot be read or a damaged manifest; kFailed when progress asks to
// stop (finished batches stay), or the numbers leave the finite.
GuidedResult guide_to_folder(const Graph& teacher, const ImageSource& source, const GuidedOptions& options,
                             ThreadPool& pool, Progress& progress);

// The folder's settings but for the count as one line of text: equal texts mean equal images.
std::string guided_settings(const Graph& teacher, const std::string& source, const GuidedOptions& options);

}  // namespace quantface
