// Where training starts: the network simplified and equalized, calibrated quickly, and what it is judged on.
#pragma once

#include <cstdint>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "quantize/calibration_images.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "quantize/post_training.h"

namespace quantface {

struct PreparedStart {
    Graph graph;  // after the passes and equalization
    std::vector<FusedNode> plan;
    QuantizedGraph start;
    ObserverKind observer = ObserverKind::kMinMax;  // that `start` was found with
    CalibrationImages held_out;                     // the source's first images
    int64_t held_out_count = 0;                     // how many of the source's images these took
    std::vector<float> held_out_embeddings;         // the teacher's
    double start_cosine = 0;                        // of the calibrated network on them
};

// Calibration without compensation: training moves the weights anyway. Calibrates on images that training sees too, the
// ones after the held-out ones. Throws as quantize_post_training does.
PreparedStart prepare_start(const Graph& teacher, const ImageSource& source, const PostTrainingOptions& options,
                            ThreadPool& pool, Progress& progress);

}  // namespace quantface
