// Random epilogues with memory for their inputs and outputs.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "kernels/epilogue/epilogue.h"

namespace quantface {

struct EpilogueOptions {
    EpilogueActivation activation = EpilogueActivation::kNone;
    bool residual = false;
    bool activation_after_residual = false;
    bool second_output = false;
    bool affine_first = false;
    bool is_float = false;  // the last output
    int bits = 8;
};

// All sensible combinations at one bit width.
std::vector<EpilogueOptions> all_epilogue_options(int bits);
std::string describe(const EpilogueOptions& options);

// Everything an epilogue reads and writes; outputs are filled with a guard behind their end.
class TestEpilogue {
  public:
    TestEpilogue(const EpilogueOptions& options, int channels, int64_t pixels, Rng& rng);
    TestEpilogue(const TestEpilogue&) = delete;

    EpilogueParams params;
    std::vector<int32_t> bias;
    std::vector<float> addend;
    std::vector<float> multiplier, slope, scale, shift;
    std::vector<uint8_t> residual;

    // Fresh outputs, then where they are.
    EpilogueData data();
    // Bytes of all outputs and their guards.
    const std::vector<uint8_t>& bytes(int output) const { return outputs_[output]; }

  private:
    int64_t size_;
    std::vector<uint8_t> outputs_[2];
};

// The value of entry (pixel, channel) of an output by independent arithmetic, from number r: a level, or the
// bits of the float32 number.
uint32_t exact_epilogue(const EpilogueParams& params, const EpilogueData& data, int64_t pixel, int channel,
                        float r, int output);
// The same entry as a kernel has left it.
uint32_t written_entry(const EpilogueParams& params, const EpilogueData& data, int64_t pixel, int channel,
                       int output);

}  // namespace quantface
