#include "kernels/epilogue/epilogue_loops.h"
#include "kernels/epilogue/lanes_avx512.h"

namespace quantface {

void epilogue_from_accumulators_avx512(const EpilogueParams& params, const EpilogueData& data,
                                       const EpilogueBlock& block, const int32_t* accumulators) {
    finish_accumulators<Avx512Lanes>(params, data, block, accumulators);
}

void epilogue_from_numbers_avx512(const EpilogueParams& params, const EpilogueData& data,
                                  const EpilogueBlock& block, const float* numbers) {
    finish_block<Avx512Lanes, 4>(params, data, block, numbers);
}

}  // namespace quantface
