// An epilogue of the model in the form that kernels take.
#pragma once

#include <vector>

#include "graph/integer_model.h"
#include "kernels/epilogue/epilogue.h"
#include "runtime/integer_memory.h"

namespace quantface {

// Owns the per-channel numbers; not copyable, as params() points at them.
class BoundEpilogue {
  public:
    BoundEpilogue(const IntegerModel& model, const std::vector<int64_t>& offsets, const Epilogue& epilogue);
    BoundEpilogue(const BoundEpilogue&) = delete;
    BoundEpilogue& operator=(const BoundEpilogue&) = delete;

    // What turns accumulators into numbers: a convolution's, none of whose levels is more than max_level.
    void set_accumulator_scale(const IntegerConv& conv, int32_t max_level);

    const EpilogueParams& params() const { return params_; }
    EpilogueData data(const RunMemory& memory) const;

  private:
    // An activation that levels' own bounds do anyway is left out.
    void drop_idle_clip();
    // No number that becomes a level is larger, where none before the activation exceeds `bound`.
    double largest_number(double bound) const;

    EpilogueParams params_;
    std::vector<int32_t> bias_;
    std::vector<float> multiplier_, addend_, slope_;
    std::vector<float> scale_[2], shift_[2];
    ValuePlace residual_;
    ValuePlace outputs_[2];
};

}  // namespace quantface
