// How images are guided: every number that they depend on beside teacher, source and seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantface {

struct GuidedRecipe {
    int64_t steps = 20;    // of Adam on each batch
    int64_t batch = 64;    // images moved together; a batch norm's statistics are taken over them
    int64_t crowd = 256;   // first images of the source, whose embeddings all batches keep away from
    bool bfloat16 = true;  // what the teacher computes in, where the device multiplies it by itself

    double rate = 0.1;  // of Adam, on offsets in units of their bound; falls to 0 along a cosine
    double reach = 32;  // bound of the coarsest offsets, grey levels; each finer resolution has half
    double jitter = 3;  // pixels by which images are shifted at most, anew in each step
    double flip = 0.5;  // chance that an identity is mirrored in a step

    // Weights of the losses.
    double statistics = 20;  // statistics_loss.h, against batch norms
    double folded = 3;       // the same where batch norms were folded
    double crowding = 0.5;   // embedding_spread.h
    double sharpness = 8;    // of crowding
    double direction = 0.5;  // common_direction
    double identity = 4;
    double margin = 0.02;  // by which views of one identity are to be closer than in the source
    double variation = 1;  // image_priors.h
    double colour = 0.3;
    double distance = 0.1;
};

// "steps=30" and the like changes one number. Throws Error(kUsage) for unknown names and numbers out of
// range.
void set_guided_value(GuidedRecipe& recipe, std::string_view assignment);
// Names and present values, for records.
std::vector<std::pair<std::string, std::string>> guided_values(const GuidedRecipe& recipe);

}  // namespace quantface
