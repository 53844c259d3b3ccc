#include "kernels/epilogue/epilogue_loops.h"
#include "kernels/epilogue/lanes_avx2.h"

namespace quantface {

void epilogue_from_accumulators_avx2(const EpilogueParams& params, const EpilogueData& data,
                                     const EpilogueBlock& block, const int32_t* accumulators) {
    finish_accumulators<Avx2Lanes>(params, data, block, accumulators);
}

void epilogue_from_numbers_avx2(const EpilogueParams& params, const EpilogueData& data,
                                const EpilogueBlock& block, const float* numbers) {
    finish_block<Avx2Lanes, 2>(params, data, block, numbers);
}

}  // namespace quantface
