// A network layer by layer, in numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/model_loading.h"

namespace quantface {

constexpr int kFloatBits = 32;

struct LayerSummary {
    std::string name, op;
    Shape shape;          // of its (first) output
    int weight_bits = 0;  // 0: has no weights; kFloatBits: float32
    int output_bits = 0;  // kFloatBits: float32
    int64_t parameters = 0;
    int64_t macs = 0;  // an image
    bool asymmetric_weights = false;
};

struct ModelSummary {
    std::vector<LayerSummary> layers;
    int64_t parameters = 0;
    int64_t macs = 0;
    uint64_t weight_bytes = 0;             // weights as stored in the file
    uint64_t memory_weight_bytes = 0;      // weights as held for running
    uint64_t memory_activation_bytes = 0;  // one thread's scratch memory; 0 where not known (full precision)
};

ModelSummary summarize(const LoadedModel& model);

}  // namespace quantface
