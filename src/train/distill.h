// Quantization with training: a float graph and unlabelled faces in, an integer model out that learned from
// the float graph. What is judged, kept and returned is the integer model itself, run by the integer engine
// on held-out images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "quantize/post_training.h"
#include "train/recipe.h"

namespace quantface {

enum class Precision {
    kAuto,  // bfloat16 where the device multiplies it by itself and weights or activations have less than 8
            // bits
    kFloat32,
    kBfloat16,  // convolutions' results are rounded to 8 significant bits; levels are exact
};

enum class DeviceKind {
    kAuto,  // a CUDA device where this libtorch has one, else the CPU
    kCpu,
    kCuda,
};

struct DistillOptions {
    PostTrainingOptions start;  // bits, and the calibration to begin with
    Recipe recipe;
    int64_t steps = 4000;
    int64_t images = 4096;  // to train on: the source's first ones
    uint64_t seed = 1;
    Precision precision = Precision::kAuto;
    DeviceKind device = DeviceKind::kAuto;
    int judgements = 20;  // how often the integer model is judged, evenly spread
    int patience = 10;    // judgements in a row without a better one after which training stops; 0: never
    std::filesystem::path checkpoint;  // written and resumed from; empty: none
    double checkpoint_seconds = 60;
    std::string identity;  // what a checkpoint must have been made for: the teacher's SHA-256, the data
};

struct Judgement {
    int64_t step = 0;                             // steps done
    double embedding_loss = 0, feature_loss = 0;  // means since the judgement before
    double held_out_cosine = 0;
};

struct DistillResult {
    IntegerModel model;
    ObserverKind observer = ObserverKind::kMinMax;
    double start_cosine = 0;     // of the calibrated model, held-out
    double held_out_cosine = 0;  // of the model returned
    int64_t best_step = 0, steps_done = 0;
    int64_t resumed_from = 0;  // the step that a checkpoint gave, or 0
    bool stopped_early = false;
    bool first_process = true;  // the one that writes and reports, where several train together
    Precision precision = Precision::kFloat32;
    uint64_t peak_memory_bytes = 0;  // of the process
    double images_per_second = 0;    // trained, judging left out
    std::vector<Judgement> judgements;
};

// Where the environment says so (process_group.h), several processes train together: all must be given the
// same options, the first one judges and keeps the checkpoint.
//
// Threads: the pool's, in libtorch too. Throws Error: kUsage for options out of range or a checkpoint of
// another run, kBadInput for a graph that cannot run in integers, images or a checkpoint that cannot be read,
// kFailed when the progress asks to stop (the checkpoint then holds everything) or the numbers leave the
// finite.
DistillResult quantize_by_distillation(const Graph& teacher, const ImageSource& source,
                                       const DistillOptions& options, ThreadPool& pool, Progress& progress);

}  // namespace quantface
