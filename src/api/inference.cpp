#include "api/inference.h"

namespace quantface {

Inference::Inference(std::shared_ptr<const Network> network, int threads, ThreadsWork threads_work)
    : network_(std::move(network)),
      threads_work_(threads_work),
      pool_(threads),
      desks_(threads_work == ThreadsWork::kThroughput ? pool_.size() : 1) {
    for (Desk& desk : desks_) {
        desk.workspace = network_->executor.make_workspace();
        desk.pixels.resize(size_t{3} * network_->input_spec.height * network_->input_spec.width);
    }
}

void Inference::embed(std::span<const PixelsView> images, std::span<float> embeddings) {
    const auto size = static_cast<size_t>(network_->embedding_size);
    const auto embed_at = [&](size_t index, Desk& desk) {
        embed_one(images[index], embeddings.subspan(index * size, size), desk);
    };
    // A single image, the frequent case, needs nobody woken.
    if (threads_work_ == ThreadsWork::kLatency || pool_.size() == 1 || images.size() == 1) {
        for (size_t index = 0; index < images.size(); ++index) embed_at(index, desks_.front());
        return;
    }
    pool_.parallel_for(static_cast<int64_t>(images.size()), [&](int64_t index, int thread) {
        embed_at(static_cast<size_t>(index), desks_[thread]);
    });
}

// The executor runs an image on the calling thread alone: for kLatency, too, until it can split one over a
// pool.
void Inference::embed_one(const PixelsView& image, std::span<float> embedding, Desk& desk) const {
    to_network_pixels(image, network_->input_spec, desk.pixels);
    network_->executor.run(desk.pixels, embedding, *desk.workspace);
}

}  // namespace quantface
