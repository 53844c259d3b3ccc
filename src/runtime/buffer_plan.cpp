#include "runtime/buffer_plan.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace quantface {

namespace {

constexpr int64_t kAlignment = 64;  // bytes

// Hands out ranges of bytes that grow only when no free range is large enough; takes the smallest that is.
class RangeAllocator {
  public:
    int64_t allocate(int64_t size) {
        const auto fitting = by_size_.lower_bound({size, 0});
        if (fitting == by_size_.end()) return grow(size);
        const auto [free_size, offset] = *fitting;
        remove(offset, free_size);
        if (free_size > size) insert(offset + size, free_size - size);
        return offset;
    }

    void release(int64_t offset, int64_t size) {
        const auto next = by_offset_.lower_bound(offset);
        if (next != by_offset_.end() && next->first == offset + size) {
            const int64_t next_size = next->second;
            remove(offset + size, next_size);
            size += next_size;
        }
        const auto after = by_offset_.lower_bound(offset);
        if (after != by_offset_.begin()) {
            const auto [before, before_size] = *std::prev(after);
            if (before + before_size == offset) {
                remove(before, before_size);
                offset = before;
                size += before_size;
            }
        }
        insert(offset, size);
    }

    int64_t end() const { return end_; }

  private:
    // At the end, together with what is free there.
    int64_t grow(int64_t size) {
        int64_t offset = end_;
        if (!by_offset_.empty()) {
            const auto [last, last_size] = *by_offset_.rbegin();
            if (last + last_size == end_) {
                remove(last, last_size);
                offset = last;
            }
        }
        end_ = offset + size;
        return offset;
    }
    void insert(int64_t offset, int64_t size) {
        by_offset_.emplace(offset, size);
        by_size_.emplace(size, offset);
    }
    void remove(int64_t offset, int64_t size) {
        by_offset_.erase(offset);
        by_size_.erase({size, offset});
    }

    std::map<int64_t, int64_t> by_offset_;           // free ranges: offset to size
    std::set<std::pair<int64_t, int64_t>> by_size_;  // the same: size, offset
    int64_t end_ = 0;
};

}  // namespace

BufferPlan plan_buffers(const std::vector<Lifetime>& lifetimes) {
    int steps = 0;
    for (const Lifetime& life : lifetimes) steps = std::max(steps, life.last + 1);
    std::vector<std::vector<size_t>> starting(steps), ending(steps);
    for (size_t item = 0; item < lifetimes.size(); ++item) {
        if (lifetimes[item].size_bytes == 0) continue;
        starting[lifetimes[item].first].push_back(item);
        ending[lifetimes[item].last].push_back(item);
    }
    const auto rounded_size = [&](size_t item) {
        return (static_cast<int64_t>(lifetimes[item].size_bytes) + kAlignment - 1) / kAlignment * kAlignment;
    };
    BufferPlan plan;
    plan.offset_bytes.resize(lifetimes.size());
    RangeAllocator allocator;
    for (int step = 0; step < steps; ++step) {
        for (const size_t item : starting[step]) {
            plan.offset_bytes[item] = static_cast<size_t>(allocator.allocate(rounded_size(item)));
        }
        for (const size_t item : ending[step]) {
            allocator.release(static_cast<int64_t>(plan.offset_bytes[item]), rounded_size(item));
        }
    }
    plan.total_bytes = static_cast<size_t>(allocator.end());
    return plan;
}

}  // namespace quantface
