// Single-precision matrix product for the float executor: C = A * B + bias, A prepacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quantface {

// One row of the table for each instruction set. A tile of C is `rows` x `columns` numbers.
struct SgemmKernel {
    const char* name;
    bool (*supported)();
    int rows, columns;
    // Adds nothing: c[r * c_stride + i] = bias[r] + sum over k of a[k * rows + r] * b[k * columns + i].
    void (*tile)(int64_t depth, const float* a, const float* b, const float* bias, float* c,
                 int64_t c_stride);
};

// The fastest that this CPU has.
const SgemmKernel& best_sgemm_kernel();

// A (m x depth, row-major) in panels of the kernel's rows, the last one filled up with zeros; bias (m entries
// or none) too.
class PackedLeftMatrix {
  public:
    PackedLeftMatrix() = default;
    PackedLeftMatrix(const float* a, const float* bias, int64_t m, int64_t depth);

    // C (m x n, rows c_stride apart) = A * B + bias; B is depth x n, rows b_stride apart.
    // scratch must have scratch_size() numbers.
    void multiply(const float* b, int64_t b_stride, int64_t n, float* c, int64_t c_stride,
                  float* scratch) const;
    size_t scratch_size() const;

  private:
    const SgemmKernel* kernel_ = nullptr;
    int64_t m_ = 0, depth_ = 0;
    std::vector<float> panels_, bias_;
};

// One row each, in their own files.
const SgemmKernel& sgemm_kernel_baseline();
#if defined(__x86_64__)
const SgemmKernel& sgemm_kernel_avx2();
const SgemmKernel& sgemm_kernel_avx512();
#endif

}  // namespace quantface
