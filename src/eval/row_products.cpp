#include "eval/row_products.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernels/float/sgemm.h"

namespace quantface {

namespace {

constexpr int64_t kBlockRows = 1024;

int64_t row_count(std::span<const float> numbers, int64_t dimension) {
    if (dimension < 1 || numbers.size() % static_cast<size_t>(dimension) != 0) {
        fail_usage(std::to_string(numbers.size()) + " numbers do not make embeddings of " +
                   std::to_string(dimension));
    }
    return static_cast<int64_t>(numbers.size()) / dimension;
}

std::vector<PackedLeftMatrix> packed_blocks(std::span<const float> gallery, int64_t rows, int64_t dimension) {
    std::vector<PackedLeftMatrix> blocks;
    for (int64_t first = 0; first < rows; first += kBlockRows) {
        blocks.emplace_back(gallery.data() + first * dimension, nullptr, std::min(kBlockRows, rows - first),
                            dimension);
    }
    return blocks;
}

// One thread's memory.
struct Scratch {
    std::vector<float> panel, products, tile;
};

}  // namespace

void for_each_product(std::span<const float> queries, std::span<const float> gallery, int64_t dimension,
                      bool earlier_only, ThreadPool& pool, Progress& progress,
                      FunctionRef<void(const ProductBlock& block, int thread)> use) {
    const int64_t query_count = row_count(queries, dimension), rows = row_count(gallery, dimension);
    QF_CHECK(!earlier_only || query_count == rows);
    progress.start("comparing embeddings, images", query_count);
    const std::vector<PackedLeftMatrix> blocks = packed_blocks(gallery, rows, dimension);
    std::vector<Scratch> scratches(static_cast<size_t>(pool.size()));
    const int64_t width = blocks.empty() ? 1 : blocks[0].panel_columns();
    const int64_t panels = (query_count + width - 1) / width;
    pool.parallel_for(panels, [&](int64_t index, int thread) {
        if (progress.stop_requested()) fail_work("interrupted");
        Scratch& scratch = scratches[static_cast<size_t>(thread)];
        // The panels with most to do first.
        const int64_t first = (panels - 1 - index) * width, size = std::min(width, query_count - first);
        scratch.panel.assign(static_cast<size_t>(dimension * width), 0.0f);
        for (int64_t q = 0; q < size; ++q) {
            const float* row = queries.data() + (first + q) * dimension;
            for (int64_t k = 0; k < dimension; ++k)
                scratch.panel[static_cast<size_t>(k * width + q)] = row[k];
        }
        scratch.products.resize(static_cast<size_t>(kBlockRows * width));
        for (size_t b = 0; b < blocks.size(); ++b) {
            const int64_t first_row = static_cast<int64_t>(b) * kBlockRows;
            if (earlier_only && first_row >= first + size) break;
            scratch.tile.resize(blocks[b].scratch_size());
            blocks[b].multiply_panel(scratch.panel.data(), size, scratch.products.data(), width,
                                     scratch.tile.data());
            use({first_row, std::min(kBlockRows, rows - first_row), first, size, scratch.products.data(),
                 width},
                thread);
        }
        progress.advance(size);
    });
    progress.finish();
}

}  // namespace quantface
