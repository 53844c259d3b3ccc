#include "kernels/epilogue/epilogue_loops.h"
#include "kernels/epilogue/lanes_neon.h"

namespace quantface {

void epilogue_from_accumulators_neon(const EpilogueParams& params, const EpilogueData& data,
                                     const EpilogueBlock& block, const int32_t* accumulators) {
    finish_accumulators<NeonLanes>(params, data, block, accumulators);
}

void epilogue_from_numbers_neon(const EpilogueParams& params, const EpilogueData& data,
                                const EpilogueBlock& block, const float* numbers) {
    finish_block<NeonLanes, 4>(params, data, block, numbers);
}

}  // namespace quantface
