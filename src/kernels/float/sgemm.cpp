#include "kernels/float/sgemm.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace quantface {

std::span<const SgemmKernel* const> sgemm_kernels() {
    static const std::array kernels {
        &sgemm_kernel_baseline(),
#if defined(QUANTFACE_X86_KERNELS)
            &sgemm_kernel_avx2(), &sgemm_kernel_avx512(),
#endif
    };
    return kernels;
}

const SgemmKernel& best_sgemm_kernel() {
    const auto kernels = sgemm_kernels();
    size_t best = kernels.size() - 1;
    while (best > 0 && !kernels[best]->supported()) --best;
    return *kernels[best];
}

PackedLeftMatrix::PackedLeftMatrix(const float* a, const float* bias, int64_t m, int64_t depth,
                                   const SgemmKernel& kernel)
    : kernel_(&kernel), m_(m), depth_(depth) {
    const int64_t rows = kernel_->rows, panel_count = (m + rows - 1) / rows;
    panels_.assign(static_cast<size_t>(panel_count * rows * depth), 0.0f);
    bias_.assign(static_cast<size_t>(panel_count * rows), 0.0f);
    for (int64_t row = 0; row < m; ++row) {
        float* panel = panels_.data() + row / rows * rows * depth + row % rows;
        for (int64_t k = 0; k < depth; ++k) panel[k * rows] = a[row * depth + k];
        if (bias != nullptr) bias_[row] = bias[row];
    }
}

void PackedLeftMatrix::multiply_panel(const float* panel, int64_t width, float* c, int64_t c_stride,
                                      float* scratch) const {
    QF_CHECK(width >= 1 && width <= panel_columns());
    const int64_t rows = kernel_->rows, lanes = kernel_->lanes, columns = panel_columns();
    const int64_t vectors = (width + lanes - 1) / lanes;
    const auto tile = kernel_->tiles[vectors - 1];
    for (int64_t row = 0; row < m_; row += rows) {
        const float* a_panel = panels_.data() + row * depth_;
        const int64_t height = std::min(rows, m_ - row);
        if (width == vectors * lanes && height == rows) {
            tile(depth_, a_panel, panel, columns, bias_.data() + row, c + row * c_stride, c_stride);
            continue;
        }
        tile(depth_, a_panel, panel, columns, bias_.data() + row, scratch, columns);
        for (int64_t r = 0; r < height; ++r) {
            std::copy_n(scratch + r * columns, width, c + (row + r) * c_stride);
        }
    }
}

void PackedLeftMatrix::multiply_column(const float* b, float* c, float* scratch) const {
    const int64_t rows = kernel_->rows;
    for (int64_t row = 0; row < m_; row += rows) {
        const float* a_panel = panels_.data() + row * depth_;
        const int64_t height = std::min(rows, m_ - row);
        kernel_->column(depth_, a_panel, b, bias_.data() + row, height == rows ? c + row : scratch);
        if (height < rows) std::copy_n(scratch, height, c + row);
    }
}

}  // namespace quantface
