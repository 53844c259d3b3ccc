#include "train/pixel_store.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "runtime/embedder.h"

namespace quantface {

PixelStore::PixelStore(const ImageSource& source, const InputSpec& spec, int64_t first, int64_t count,
                       ThreadPool& pool, Progress& progress) {
    if (const auto size = source.size()) count = std::clamp<int64_t>(*size - first, 0, count);
    if (count < 1) fail_bad_input(source.description() + ": gives no image to train on");
    images_.resize(static_cast<size_t>(count));
    progress.start("preparing images, images", count);
    pool.parallel_for(count, [&](int64_t index, int) {
        if (progress.stop_requested()) fail_work("interrupted");
        const Image image = source.image(first + index);
        auto& pixels = images_[static_cast<size_t>(index)];
        pixels.resize(size_t{3} * static_cast<size_t>(spec.height * spec.width));
        to_network_pixels({image.rgb.data(), image.height, image.width}, spec, pixels);
        progress.advance(1);
    });
    progress.finish();
}

uint64_t PixelStore::bytes() const {
    return images_.empty() ? 0 : images_.size() * images_[0].size();
}

std::vector<int64_t> BatchOrder::at(int64_t first, int64_t count) {
    std::vector<int64_t> indices;
    for (int64_t position = first; position < first + count; ++position) {
        if (position / images_ != round_) {
            round_ = position / images_;
            order_.resize(static_cast<size_t>(images_));
            std::iota(order_.begin(), order_.end(), int64_t{0});
            Rng rng(seed_, static_cast<uint64_t>(round_));
            for (size_t last = order_.size() - 1; last > 0; --last) std::swap(order_[last], order_[rng.below(last + 1)]);
        }
        indices.push_back(order_[static_cast<size_t>(position % images_)]);
    }
    return indices;
}

}  // namespace quantface
