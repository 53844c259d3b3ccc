// Work over rows in a fixed number of parts, whatever the number of threads: what is summed by part and then
// over the parts in order does not depend on who did what.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>

#include "train/kernels/training_kernels.h"

namespace quantface {

constexpr int64_t kParts = 16;

// body(first row, number of rows, part), for parts that have rows, on libtorch's threads.
template <typename Body>
void for_each_part(int64_t rows, const Body& body) {
    const int64_t per_part = (rows + kParts - 1) / kParts;
    at::parallel_for(0, kParts, 1, [&](int64_t begin, int64_t end) {
        for (int64_t part = begin; part < end; ++part) {
            const int64_t first = std::min(rows, part * per_part);
            const int64_t count = std::min(per_part, rows - first);
            if (count > 0) body(first, count, part);
        }
    });
}

// The tensor's numbers as the training kernels take them; null where it is undefined.
template <typename T>
T* raw(const at::Tensor& tensor) {
    return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

// body(T()) with the kernels' type for the tensor's numbers: float or Bfloat16.
template <typename Body>
void with_number_type(const at::Tensor& tensor, const Body& body) {
    if (tensor.scalar_type() == at::kBFloat16) {
        body(Bfloat16());
    } else {
        body(float());
    }
}

}  // namespace quantface
