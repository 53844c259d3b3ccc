// What quantization begins with, with or without training: the network simplified and equalized, images to
// calibrate and to judge on, the bits of each layer; and the calibration that agrees best with the teacher.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "graph/integer_model.h"
#include "quantize/calibration_images.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "quantize/layerwise.h"
#include "quantize/observer.h"
#include "quantize/post_training.h"

namespace quantface {

struct Preparation {
    Graph graph;  // after the passes and equalization
    std::vector<PassReport> passes;
    std::vector<FusedNode> plan;
    CalibrationImages held_out;              // the source's first images
    int64_t held_out_count = 0;              // how many of the source's images these took
    CalibrationImages calibration;           // the next ones
    std::vector<float> held_out_embeddings;  // the teacher's
    BitPlan bits;
};

// Throws as quantize_post_training does.
Preparation prepare(const Graph& teacher, const ImageSource& source, const PostTrainingOptions& options,
                    ThreadPool& pool, Progress& progress);

LayerwiseOptions layerwise_options(const PostTrainingOptions& options, ObserverKind observer,
                                   bool weight_compensation);

struct CalibratedNetwork {
    QuantizedGraph quantized;
    IntegerModel model;
    ObserverKind observer = ObserverKind::kMinMax;
    bool weight_compensation = false;
    double held_out_cosine = 0;
};

CalibratedNetwork calibrate(const Preparation& prepared, const PostTrainingOptions& options,
                            ObserverKind observer, bool weight_compensation, ThreadPool& pool,
                            Progress& progress);

// The options' observer, or, where they name none, the best of `observers`.
CalibratedNetwork calibrate_best(const Preparation& prepared, const PostTrainingOptions& options,
                                 std::span<const ObserverKind> observers, bool weight_compensation,
                                 ThreadPool& pool, Progress& progress);

}  // namespace quantface
