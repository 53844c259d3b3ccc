// Many images of a source on one sheet, to look at.
#pragma once

#include <cstdint>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"

namespace quantface {

inline constexpr int64_t kSheetImages = 64;

// The source's first `count` images in their order, rows of eight, each as large as it comes (all must be of
// one size). Fewer where the source holds fewer. Throws what the source throws, and Error(kFailed)
// "interrupted".
Image contact_sheet(const ImageSource& source, int64_t count, ThreadPool& pool, Progress& progress);

}  // namespace quantface
