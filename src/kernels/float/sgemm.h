// Single-precision matrix product for the float executor: C = A * B + bias, A prepacked, B given in panels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quantface {

// The widest tile of every kernel has this many vector registers a row.
constexpr int kSgemmMaxVectors = 3;

// One row of the table for each instruction set. A tile of C is `rows` x (vectors * lanes) numbers.
struct SgemmKernel {
    const char* name;
    bool (*supported)();
    int rows, lanes;
    // tiles[v - 1], v in 1..kSgemmMaxVectors: for i in [0, v * lanes)
    //   c[r * c_stride + i] = bias[r] + sum over k of a[k * rows + r] * b[k * b_stride + i].
    void (*tiles[kSgemmMaxVectors])(int64_t depth, const float* a, const float* b, int64_t b_stride,
                                    const float* bias, float* c, int64_t c_stride);
    // c[r] = bias[r] + sum over k of a[k * rows + r] * b[k].
    void (*column)(int64_t depth, const float* a, const float* b, const float* bias, float* c);

    int columns() const { return kSgemmMaxVectors * lanes; }
};

// Of the whole tree, slowest first; the first one runs everywhere.
std::span<const SgemmKernel* const> sgemm_kernels();
// The fastest that this CPU has.
const SgemmKernel& best_sgemm_kernel();

// A (m x depth, row-major) in panels of the kernel's rows, the last one filled up with zeros; bias (m entries
// or null) too. The right side comes in panels of up to panel_columns() columns: depth rows, each
// panel_columns() numbers after the one before, whatever the panel's width.
class PackedLeftMatrix {
  public:
    PackedLeftMatrix(const float* a, const float* bias, int64_t m, int64_t depth,
                     const SgemmKernel& kernel = best_sgemm_kernel());

    int64_t depth() const { return depth_; }
    int panel_columns() const { return kernel_->columns(); }
    // Numbers in a panel of the right side.
    size_t panel_size() const { return static_cast<size_t>(depth_ * panel_columns()); }
    // Numbers of scratch that multiply_panel and multiply_column need.
    size_t scratch_size() const { return static_cast<size_t>(kernel_->rows * panel_columns()); }

    // C (m x width, rows c_stride apart) = A * panel + bias, width in 1..panel_columns(). What the panel
    // holds right of its width is read, but has no effect.
    void multiply_panel(const float* panel, int64_t width, float* c, int64_t c_stride, float* scratch) const;
    // c (m) = A * b + bias, b of depth numbers.
    void multiply_column(const float* b, float* c, float* scratch) const;

  private:
    const SgemmKernel* kernel_;
    int64_t m_, depth_;
    std::vector<float> panels_, bias_;
};

// One row each, in their own files.
const SgemmKernel& sgemm_kernel_baseline();
#if defined(QUANTFACE_X86_KERNELS)
const SgemmKernel& sgemm_kernel_avx2();
const SgemmKernel& sgemm_kernel_avx512();
#endif

}  // namespace quantface
