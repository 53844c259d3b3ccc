#include "runtime/integer_arena.h"

#include <algorithm>
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

// By node: the values that nothing reads after it.
std::vector<std::vector<ValueId>> values_ending_at(const IntegerModel& model) {
    std::vector<int64_t> last_use(model.values.size(), -1);
    for (size_t index = 0; index < model.nodes.size(); ++index) {
        const IntegerNode& node = model.nodes[index];
        const auto use = [&](ValueId value) { last_use[value] = static_cast<int64_t>(index); };
        for (const ValueId output : outputs_of(node)) use(output);
        for (const ValueId input : node.inputs) use(input);
        const Epilogue* epilogue = epilogue_of(node);
        if (epilogue && epilogue->residual != kNoValue) use(epilogue->residual);
    }
    std::vector<std::vector<ValueId>> ending(model.nodes.size());
    for (size_t value = 0; value < last_use.size(); ++value) {
        if (last_use[value] >= 0) ending[last_use[value]].push_back(static_cast<ValueId>(value));
    }
    return ending;
}

}  // namespace

ArenaLayout plan_arena(const IntegerModel& model) {
    ArenaLayout layout;
    layout.offsets.assign(model.values.size(), -1);
    const auto ending = values_ending_at(model);
    const auto size_of = [&](ValueId value) {
        return (model.values[value].shape.size() + kAlignment - 1) / kAlignment * kAlignment;
    };
    RangeAllocator allocator;
    for (size_t index = 0; index < model.nodes.size(); ++index) {
        for (const ValueId output : outputs_of(model.nodes[index])) {
            if (output != model.output) layout.offsets[output] = allocator.allocate(size_of(output));
        }
        for (const ValueId value : ending[index]) {
            if (layout.offsets[value] >= 0) allocator.release(layout.offsets[value], size_of(value));
        }
    }
    layout.bytes = static_cast<size_t>(allocator.end());
    return layout;
}

}  // namespace quantface
