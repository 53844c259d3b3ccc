#include "base/aligned_bytes.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

namespace quantface {

namespace {

constexpr std::align_val_t kAlignment{64};
constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

AlignedBytes::AlignedBytes(size_t size) : size_(size) {
    if (size < kHugePage) {
        data_ = static_cast<std::byte*>(::operator new[](size + 1, kAlignment));
        memset(data_, 0, size + 1);
        return;
    }
    mapping_bytes_ = size + kHugePage;
    if (mapping_bytes_ < size) throw std::bad_alloc();
    mapping_ = mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping_ == MAP_FAILED) {
        mapping_ = nullptr;
        throw std::bad_alloc();
    }
    const auto begin = reinterpret_cast<uintptr_t>(mapping_);
    data_ = reinterpret_cast<std::byte*>((begin + kHugePage - 1) / kHugePage * kHugePage);
#if defined(MADV_HUGEPAGE)
    // Whole pages only: what is left over would take a page that is mostly empty.
    madvise(data_, size / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
}

AlignedBytes::~AlignedBytes() {
    if (mapping_) {
        munmap(mapping_, mapping_bytes_);
    } else if (data_) {
        ::operator delete[](data_, kAlignment);
    }
}

}  // namespace quantface
