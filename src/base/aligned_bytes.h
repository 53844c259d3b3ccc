// Memory for vector registers.
#pragma once

#include <cstddef>
#include <utility>

namespace quantface {

// Zeroed bytes, aligned to 64. From 2 MB on they come from the operating system in pages of that size where
// it has them (as large networks would otherwise wait for address translation), and take no memory before
// they are touched. Throws std::bad_alloc.
class AlignedBytes {
  public:
    AlignedBytes() = default;
    explicit AlignedBytes(size_t size);
    ~AlignedBytes();
    AlignedBytes(AlignedBytes&& other) noexcept { swap(other); }
    AlignedBytes& operator=(AlignedBytes&& other) noexcept {
        swap(other);
        return *this;
    }

    std::byte* data() const { return data_; }
    size_t size() const { return size_; }

  private:
    void swap(AlignedBytes& other) noexcept {
        std::swap(size_, other.size_);
        std::swap(data_, other.data_);
        std::swap(mapping_, other.mapping_);
        std::swap(mapping_bytes_, other.mapping_bytes_);
    }

    size_t size_ = 0;
    std::byte* data_ = nullptr;
    void* mapping_ = nullptr;  // null: from the heap
    size_t mapping_bytes_ = 0;
};

}  // namespace quantface
