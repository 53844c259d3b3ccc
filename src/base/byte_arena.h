// Many pieces of memory that live as long as the whole, side by side.
#pragma once

#include <vector>

#include "base/aligned_bytes.h"

namespace quantface {

class ByteArena {
  public:
    // `size` bytes, zero, aligned to 64.
    std::byte* take(size_t size) {
        const size_t rounded = (size + 63) / 64 * 64;
        if (chunks_.empty() || rounded > chunks_.back().size() - used_) {
            chunks_.emplace_back(rounded > kChunkBytes ? rounded : kChunkBytes);
            used_ = 0;
        }
        std::byte* piece = chunks_.back().data() + used_;
        used_ += rounded;
        return piece;
    }

  private:
    // What is not taken of a chunk is never touched, so it takes no memory.
    static constexpr size_t kChunkBytes = size_t{64} << 20;
    std::vector<AlignedBytes> chunks_;
    size_t used_ = 0;
};

}  // namespace quantface
