// Memory for vector registers.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace quantface {

// Zeroed bytes, aligned to 64.
class AlignedBytes {
  public:
    AlignedBytes() = default;
    explicit AlignedBytes(size_t size) : size_(size), data_(new (kAlignment) std::byte[size + 1]()) {}
    std::byte* data() const { return data_.get(); }
    size_t size() const { return size_; }

  private:
    static constexpr std::align_val_t kAlignment{64};
    struct Delete {
        void operator()(std::byte* bytes) const { ::operator delete[](bytes, kAlignment); }
    };
    size_t size_ = 0;
    std::unique_ptr<std::byte[], Delete> data_;
};

}  // namespace quantface
