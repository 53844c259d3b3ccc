#include "runtime/buffer_plan.h"

#include <algorithm>
#include <numeric>

namespace quantface {

BufferPlan plan_buffers(const std::vector<Lifetime>& lifetimes) {
    constexpr size_t kAlignment = 64;
    const auto rounded = [&](size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; };
    std::vector<size_t> order(lifetimes.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return lifetimes[a].size_bytes > lifetimes[b].size_bytes; });
    BufferPlan plan;
    plan.offset_bytes.resize(lifetimes.size());
    std::vector<size_t> placed;  // by offset
    for (const size_t item : order) {
        size_t offset = 0;
        for (const size_t other : placed) {
            const bool overlaps = lifetimes[other].first <= lifetimes[item].last &&
                                  lifetimes[item].first <= lifetimes[other].last;
            if (!overlaps) continue;
            const size_t other_begin = plan.offset_bytes[other];
            if (offset + rounded(lifetimes[item].size_bytes) <= other_begin) break;
            offset = std::max(offset, other_begin + rounded(lifetimes[other].size_bytes));
        }
        plan.offset_bytes[item] = offset;
        plan.total_bytes = std::max(plan.total_bytes, offset + rounded(lifetimes[item].size_bytes));
        const auto position =
            std::lower_bound(placed.begin(), placed.end(), offset,
                             [&](size_t other, size_t wanted) { return plan.offset_bytes[other] < wanted; });
        placed.insert(position, item);
    }
    return plan;
}

}  // namespace quantface
