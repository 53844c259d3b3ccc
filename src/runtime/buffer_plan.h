// Memory reuse: values whose lives do not overlap share a place in one arena.
#pragma once

#include <cstddef>
#include <vector>

namespace quantface {

// A value is written at step `first` and read for the last time at step `last` >= first.
struct Lifetime {
    int first = 0, last = 0;
    size_t size_bytes = 0;
};

struct BufferPlan {
    std::vector<size_t> offset_bytes;  // one for each lifetime, multiples of 64
    size_t total_bytes = 0;
};

// In the order of the steps: what begins at a step takes the smallest free range that is large enough, what
// ends at it gives its range back afterwards. An item of no size takes no place. O(n log n).
BufferPlan plan_buffers(const std::vector<Lifetime>& lifetimes);

}  // namespace quantface
