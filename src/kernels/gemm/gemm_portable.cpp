// Plain C++ in the blocked layout, for CPUs without a kernel of their own.
#include "kernels/gemm/gemm.h"

namespace quantface {

namespace {

constexpr int kColumns = 16;
constexpr int kMaxRows = 4;

void multiply_row(const GemmTask& task, int row, int32_t sums[kColumns]) {
    // The epilogue adds its own bias. What does not fit int32 by itself comes back into it with the rest.
    for (int column = 0; column < task.columns; ++column) {
        const int channel = task.first_channel + column;
        sums[column] = static_cast<int32_t>(static_cast<uint32_t>(task.bias[channel]) -
                                            static_cast<uint32_t>(task.epilogue->bias[channel]));
    }
    const int8_t* weights = task.weights + task.first_piece * task.piece_groups * kColumns;
    for (int64_t piece = 0; piece < task.pieces; ++piece) {
        const auto* levels = static_cast<const uint8_t*>(task.rows[row * task.row_step + piece]);
        for (int64_t depth = 0; depth < task.piece_groups; ++depth, weights += kColumns) {
            const int32_t level = levels[depth];
            for (int column = 0; column < kColumns; ++column) sums[column] += level * weights[column];
        }
    }
    if (!task.level_sums) return;
    for (int column = 0; column < task.columns; ++column) {
        sums[column] += task.level_sums[row] * task.weight_offset[task.first_channel + column];
    }
}

void run(const GemmTask& task) {
    int32_t sums[kMaxRows * kColumns] = {};
    for (int row = 0; row < task.row_count; ++row) multiply_row(task, row, sums + row * kColumns);
    epilogue_from_accumulators_scalar(
        *task.epilogue, *task.data,
        {task.first_pixel, task.row_count, task.first_channel, task.columns, kColumns}, sums);
}

}  // namespace

const GemmKernel kGemmPortable{"portable", 0,  {kColumns, kColumns, 1, 0}, kMaxRows, kLargestProduct,
                               nullptr,    run};

}  // namespace quantface
