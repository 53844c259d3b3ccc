// The training images as pixels, and the batches drawn from them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "graph/input_spec.h"

namespace quantface {

class PixelStore {
  public:
    // Images [first, first + count) of the source, fewer where it ends before, cropped as embedding crops
    // them. Up to kMostHeld are held in memory; of more than that each is read when it is asked for, and the
    // source must outlive the store. Throws Error: kBadInput where the source gives none or cannot be read,
    // kFailed when the progress asks to stop.
    PixelStore(const ImageSource& source, const InputSpec& spec, int64_t first, int64_t count,
               ThreadPool& pool, Progress& progress);

    int64_t size() const { return count_; }
    // HWC; thread-safe. Throws Error(kBadInput) where an image that is not held cannot be read.
    std::vector<uint8_t> pixels(int64_t index) const;

    static constexpr int64_t kMostHeld = 65536;

  private:
    std::vector<uint8_t> read(int64_t index) const;

    const ImageSource& source_;
    InputSpec spec_;
    int64_t first_, count_;
    std::vector<std::vector<uint8_t>> images_;
};

// Which images a step sees: the store's in a new random order each time round. Depends on the seed and the
// position only, so training goes on where it stopped and several processes can share one order.
class BatchOrder {
  public:
    BatchOrder(int64_t images, uint64_t seed) : images_(images), seed_(seed) {}
    // Indices of positions [first, first + count) of the endless sequence.
    std::vector<int64_t> at(int64_t first, int64_t count);

  private:
    int64_t images_;
    uint64_t seed_;
    int64_t round_ = -1;
    std::vector<int64_t> order_;  // of the round
};

}  // namespace quantface
