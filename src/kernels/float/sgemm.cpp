#include "kernels/float/sgemm.h"

#include <algorithm>

namespace quantface {

const SgemmKernel& best_sgemm_kernel() {
#if defined(__x86_64__)
    if (sgemm_kernel_avx512().supported()) return sgemm_kernel_avx512();
    if (sgemm_kernel_avx2().supported()) return sgemm_kernel_avx2();
#endif
    return sgemm_kernel_baseline();
}

PackedLeftMatrix::PackedLeftMatrix(const float* a, const float* bias, int64_t m, int64_t depth)
    : kernel_(&best_sgemm_kernel()), m_(m), depth_(depth) {
    const int64_t rows = kernel_->rows, panel_count = (m + rows - 1) / rows;
    panels_.assign(static_cast<size_t>(panel_count * rows * depth), 0.0f);
    bias_.assign(static_cast<size_t>(panel_count * rows), 0.0f);
    for (int64_t row = 0; row < m; ++row) {
        float* panel = panels_.data() + row / rows * rows * depth + row % rows;
        for (int64_t k = 0; k < depth; ++k) panel[k * rows] = a[row * depth + k];
        if (bias != nullptr) bias_[row] = bias[row];
    }
}

size_t PackedLeftMatrix::scratch_size() const {
    if (kernel_ == nullptr) return 0;
    return static_cast<size_t>((depth_ + kernel_->rows) * kernel_->columns);
}

void PackedLeftMatrix::multiply(const float* b, int64_t b_stride, int64_t n, float* c, int64_t c_stride,
                                float* scratch) const {
    const int64_t rows = kernel_->rows, columns = kernel_->columns;
    float* b_panel = scratch;
    float* edge_tile = scratch + depth_ * columns;
    for (int64_t column = 0; column < n; column += columns) {
        const int64_t width = std::min(columns, n - column);
        for (int64_t k = 0; k < depth_; ++k) {
            float* out = b_panel + k * columns;
            std::copy_n(b + k * b_stride + column, width, out);
            std::fill(out + width, out + columns, 0.0f);
        }
        for (int64_t row = 0; row < m_; row += rows) {
            const float* a_panel = panels_.data() + row * depth_;
            const int64_t height = std::min(rows, m_ - row);
            if (width == columns && height == rows) {
                kernel_->tile(depth_, a_panel, b_panel, bias_.data() + row, c + row * c_stride + column,
                              c_stride);
                continue;
            }
            kernel_->tile(depth_, a_panel, b_panel, bias_.data() + row, edge_tile, columns);
            for (int64_t r = 0; r < height; ++r) {
                std::copy_n(edge_tile + r * columns, width, c + (row + r) * c_stride + column);
            }
        }
    }
}

}  // namespace quantface
