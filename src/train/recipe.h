// How a student is trained: every number that distillation depends on, and the two named sets of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/parameter_kind.h"
#include "train/student.h"

namespace quantface {

enum class OptimizerKind { kAdam, kSgd };
enum class ScheduleKind { kCosine, kConstant, kSteps };

struct Recipe {
    std::string name = "default";
    int64_t steps = 4000;   // unless the user says otherwise
    int64_t images = 4096;  // to train on, likewise
    QuantizerKind quantizer = QuantizerKind::kLearned;
    int64_t observe_steps = 300;  // of observed quantizers: afterwards their ranges stay
    int batch = 16;               // images a step, over all processes

    OptimizerKind optimizer = OptimizerKind::kAdam;
    ScheduleKind schedule = ScheduleKind::kCosine;
    double warmup = 0.02;     // part of the steps in which the rates rise from 0
    double final_rate = 0.0;  // part of the rates that a cosine ends at
    // Learning rates in the parameters' own units (parameter_kind.h).
    double weight_rate = 0.01;  // of 4-bit weights; half for each bit more, twice for each less
    double scale_rate = 0.004;
    double bias_rate = 0.015;
    double slope_rate = 0.0005;
    double step_rate = 0.03;
    double zero_point_rate = 0.03;
    double momentum = 0.9;  // of SGD
    bool nesterov = true;
    double beta1 = 0.9, beta2 = 0.99;  // of Adam
    double weight_decay = 0.0;
    bool decay_all = false;  // also of what is no weight
    double clip_norm = 0.0;  // of the whole gradient; 0: none
    double average = 0.0;  // decay of the parameters' moving average, which is what is kept; 0: the last ones

    double embedding_loss = 1.0;  // weight of 1 - cosine
    double squared_loss =
        0.0;                 // of the mean over entries of the squared difference of embeddings of length 1
    double norm_loss = 0.0;  // of the squared relative difference of the embeddings' lengths
    double feature_loss = 0.0;   // of the relative squared error of the values on residual streams
    double feature_final = 0.1;  // part of feature_loss that is left at the end (falling linearly)
    // In the first part of the steps each block, from one of those values to the next, learns its own values
    // from what the blocks before give, without gradients between blocks (in the manner of Li et al.,
    // "BRECQ", ICLR 2021).
    double block_part = 0.0;
    double relation_loss = 0.0;  // of the squared difference of cosines between images of the batch

    double flip = 0.5;     // chance that an image is mirrored
    double augment = 0.0;  // strength of changes of light, sharpness and cover, 0..1
};

// "default" or "paper". Throws Error(kUsage) for others.
Recipe recipe_named(const std::string& name);

// "weight_rate=0.01" and the like changes one number. Throws Error(kUsage) for unknown names and numbers out
// of range.
void set_recipe_value(Recipe& recipe, std::string_view assignment);
// Names and present values, for help, records and checkpoints.
std::vector<std::pair<std::string, std::string>> recipe_values(const Recipe& recipe);

// The learning rate of a kind of parameter before the schedule.
double rate_of(const Recipe& recipe, ParameterKind kind);
// What the schedule makes of it in step `step` of `steps`.
double schedule_factor(const Recipe& recipe, int64_t step, int64_t steps);

}  // namespace quantface
