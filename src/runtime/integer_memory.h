// Where the values of one running image are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_bytes.h"
#include "graph/integer_model.h"

namespace quantface {

// One run's memory, as the steps see it.
struct RunMemory {
    const uint8_t* pixels = nullptr;  // the model's input
    float* embedding = nullptr;       // the model's output
    std::byte* arena = nullptr;       // all other values
    std::byte* scratch = nullptr;     // one step's own
};

// A value's place, fixed when the plan is made.
class ValuePlace {
  public:
    ValuePlace() = default;
    ValuePlace(const IntegerModel& model, const std::vector<int64_t>& offsets, ValueId value)
        : kind_(value == model.input    ? Kind::kPixels
                : value == model.output ? Kind::kEmbedding
                                        : Kind::kArena),
          offset_(offsets[value]) {}

    const uint8_t* levels(const RunMemory& memory) const {
        return kind_ == Kind::kPixels ? memory.pixels
                                      : reinterpret_cast<const uint8_t*>(memory.arena) + offset_;
    }
    uint8_t* writable_levels(const RunMemory& memory) const {
        return reinterpret_cast<uint8_t*>(memory.arena) + offset_;
    }
    // Levels or numbers: what an epilogue writes.
    void* writable(const RunMemory& memory) const {
        return kind_ == Kind::kEmbedding ? static_cast<void*>(memory.embedding) : writable_levels(memory);
    }

  private:
    enum class Kind { kPixels, kEmbedding, kArena };
    Kind kind_ = Kind::kArena;
    int64_t offset_ = 0;
};

}  // namespace quantface
