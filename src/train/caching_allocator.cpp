#include "train/caching_allocator.h"

#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

namespace quantface {

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kLarge = size_t{1} << 18;     // smaller blocks are malloc's business
constexpr size_t kHugePage = size_t{2} << 20;  // of x86-64 and AArch64

// A kept block may serve a request this much smaller than it.
constexpr size_t kLargestWaste = 8;

class CachingAllocator final : public at::Allocator {
  public:
    at::DataPtr allocate(size_t bytes) const override {
        void* block = bytes == 0 ? nullptr : take(bytes);
        return {block, block, &CachingAllocator::release, at::Device(at::kCPU)};
    }
    at::DeleterFnPtr raw_deleter() const override { return &CachingAllocator::release; }

    static CachingAllocator& instance() {
        static CachingAllocator* allocator = new CachingAllocator;  // outlives every tensor
        return *allocator;
    }

  private:
    void* take(size_t bytes) const {
        if (bytes < kLarge) {
            void* block = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
            if (block == nullptr) throw std::bad_alloc();
            return block;
        }
        const size_t size = (bytes + kLarge - 1) / kLarge * kLarge;
        const std::lock_guard lock(mutex_);
        const auto kept = kept_.lower_bound(size);
        if (kept != kept_.end() && kept->first - size <= size / kLargestWaste) {
            void* block = kept->second;
            kept_.erase(kept);
            return block;
        }
        void* block = fresh(size);
        if (block == nullptr) {
            drop_kept();
            block = fresh(size);
        }
        if (block == nullptr) throw std::bad_alloc();
        sizes_[block] = size;
        return block;
    }

    static void* fresh(size_t size) {
        void* block = std::aligned_alloc(size >= kHugePage ? kHugePage : size_t{4096},
                                         (size + kHugePage - 1) / kHugePage * kHugePage);
        if (block != nullptr) madvise(block, size, MADV_HUGEPAGE);  // a wish: its refusal changes nothing
        return block;
    }

    void drop_kept() const {
        for (const auto& [size, block] : kept_) {
            sizes_.erase(block);
            std::free(block);
        }
        kept_.clear();
    }

    static void release(void* block) {
        if (block == nullptr) return;
        const CachingAllocator& self = instance();
        {
            const std::lock_guard lock(self.mutex_);
            if (const auto found = self.sizes_.find(block); found != self.sizes_.end()) {
                self.kept_.emplace(found->second, block);
                return;
            }
        }
        std::free(block);
    }

    mutable std::mutex mutex_;
    mutable std::multimap<size_t, void*> kept_;
    mutable std::unordered_map<void*, size_t> sizes_;  // of every large block
};

}  // namespace

void install_caching_allocator() {
    c10::SetCPUAllocator(&CachingAllocator::instance(), /*priority=*/1);
}

}  // namespace quantface
