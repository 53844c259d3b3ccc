// Quantization without training: a float graph and unlabelled images in, an integer model out.
//
// The layers are done one after the other. Each sees what the layers before it, already quantized, really
// give, and is fitted to give back what the teacher's layer gives: weights by least squares and
// error-compensating rounding (weight_rounding.h), bias by the mean difference, activation range by an
// observer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "graph/integer_model.h"
#include "quantize/layer_report.h"
#include "quantize/layerwise.h"
#include "quantize/observer.h"
#include "quantize/pass_verification.h"

namespace quantface {

struct PostTrainingOptions {
    int weight_bits = 8;           // 2..8
    int activation_bits = 8;       // 2..8
    std::optional<int> ends_bits;  // weights of the first and last layer and the last layer's input, 2..8
    // Where one of these is given, weights get 2 to 8 bits layer by layer (bit_allocation.h) in place of
    // weight_bits.
    std::optional<uint64_t> target_bytes;  // of the .qfm file, at most
    std::optional<double> target_bits;     // mean bits of a weight, 2..8
    std::optional<int> residual_bits;      // values that additions make or read, 2..8
    // Nothing: every observer is tried, and the one whose network agrees best with the teacher on held-out
    // images of the same source is kept.
    std::optional<ObserverKind> observer;
    bool bias_correction = true;
    // Refitted and compensated weights; false: each weight rounded to nearest. Nothing: both are tried with
    // the observer that was found, and the better one is kept, judged as above.
    std::optional<bool> weight_compensation;
    // A zero point for each output channel, its range from the least to the greatest weight, as the paper has
    // it; false: symmetric weights.
    bool asymmetric_weights = false;
    bool equalization = true;  // also off where skip_passes names "equalize"
    double equalization_strength =
        0.5;                    // how much of an activation range's imbalance moves into dense weights, 0..1
    double range_margin = 1.0;  // observed ranges are widened by this factor, >= 1
    std::vector<std::string> skip_passes;
    int held_out_images = 64;  // to judge on, the source's first ones
    int images = 384;          // to calibrate on, the next ones
    bool layer_report = false;
};

struct PostTrainingResult {
    IntegerModel model;
    ObserverKind observer;
    std::vector<PassReport> passes;
    double held_out_cosine =
        0;  // mean cosine between teacher's and model's embeddings of the held-out images
    std::vector<LayerReport> layers;  // where asked for
};

// Throws Error(kUsage) for options out of range.
void check_options(const PostTrainingOptions& options);

// The bits of each weight and value that the options ask for.
BitPlan plan_bits(const Graph& graph, const std::vector<FusedNode>& plan, const PostTrainingOptions& options);

// Throws Error: kUsage for options out of range, kBadInput for a graph with an operation that has no integer
// form or a source with fewer than 2 images, kFailed when the progress asks to stop.
PostTrainingResult quantize_post_training(const Graph& teacher, const ImageSource& source,
                                          const PostTrainingOptions& options, ThreadPool& pool,
                                          Progress& progress);

}  // namespace quantface
