// Images for calibration, read once: as the float network sees them and as pixels.
#pragma once

#include <cstdint>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "graph/input_spec.h"

namespace quantface {

struct CalibrationImages {
    std::vector<std::vector<float>> network_input;  // CHW, normalised, the network's colour order
    std::vector<std::vector<uint8_t>> pixels;       // HWC, the network's colour order
};

// Images [first, first + count) of the source, fewer where it ends before; cropped as embedding crops them.
CalibrationImages load_calibration_images(const ImageSource& source, const InputSpec& spec, int64_t first,
                                          int64_t count, ThreadPool& pool, Progress& progress);

// The first `count` of them, or all where there are fewer.
CalibrationImages first_images(const CalibrationImages& images, int64_t count);

}  // namespace quantface
