#include "train/pixel_store.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "runtime/embedder.h"

namespace quantface {

PixelStore::PixelStore(const ImageSource& source, const InputSpec& spec, int64_t first, int64_t count,
                       ThreadPool& pool, Progress& progress)
    : source_(source), spec_(spec), first_(first), count_(count) {
    if (const auto size = source.size()) count_ = std::clamp<int64_t>(*size - first, 0, count);
    if (count_ < 1) fail_bad_input(source.description() + ": gives no image to train on");
    if (count_ > kMostHeld) return;
    images_.resize(static_cast<size_t>(count_));
    progress.start("preparing images, images", count_);
    pool.parallel_for(count_, [&](int64_t index, int) {
        if (progress.stop_requested()) fail_work("interrupted");
        images_[static_cast<size_t>(index)] = read(index);
        progress.advance(1);
    });
    progress.finish();
}

std::vector<uint8_t> PixelStore::read(int64_t index) const {
    const Image image = source_.image(first_ + index);
    std::vector<uint8_t> pixels(size_t{3} * static_cast<size_t>(spec_.height * spec_.width));
    to_network_pixels({image.rgb.data(), image.height, image.width}, spec_, pixels);
    return pixels;
}

std::vector<uint8_t> PixelStore::pixels(int64_t index) const {
    return images_.empty() ? read(index) : images_[static_cast<size_t>(index)];
}

std::vector<int64_t> BatchOrder::at(int64_t first, int64_t count) {
    std::vector<int64_t> indices;
    for (int64_t position = first; position < first + count; ++position) {
        if (position / images_ != round_) {
            round_ = position / images_;
            order_.resize(static_cast<size_t>(images_));
            std::iota(order_.begin(), order_.end(), int64_t{0});
            Rng rng(seed_, static_cast<uint64_t>(round_));
            for (size_t last = order_.size() - 1; last > 0; --last)
                std::swap(order_[last], order_[rng.below(last + 1)]);
        }
        indices.push_back(order_[static_cast<size_t>(position % images_)]);
    }
    return indices;
}

}  // namespace quantface
