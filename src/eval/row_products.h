// Dot products of every row of one matrix with every row of another, block by block: memory grows with the
// number of rows, not with that of pairs.
#pragma once

#include <cstdint>
#include <span>

#include "base/function_ref.h"
#include "base/progress.h"
#include "base/thread_pool.h"

namespace quantface {

// Products of gallery rows first_row .. first_row + rows - 1 with queries first_query .. first_query +
// queries - 1.
struct ProductBlock {
    int64_t first_row = 0, rows = 0, first_query = 0, queries = 0;
    const float* products = nullptr;
    int64_t stride = 0;

    float at(int64_t row, int64_t query) const { return products[row * stride + query]; }
};

// Matrices of float32, rows of `dimension` numbers. `use` is called from the pool's threads; the blocks of a
// query come on one thread, its gallery rows ascending. earlier_only: the two are one matrix, and of each
// query only the rows before it are needed (blocks hold some of the others as well). A product has the same
// bits on any number of threads. One step of progress a query. Throws Error(kUsage) where the numbers do not
// make rows, Error(kFailed) "interrupted".
void for_each_product(std::span<const float> queries, std::span<const float> gallery, int64_t dimension,
                      bool earlier_only, ThreadPool& pool, Progress& progress,
                      FunctionRef<void(const ProductBlock& block, int thread)> use);

}  // namespace quantface
