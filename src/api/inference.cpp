#include "api/inference.h"

namespace quantface {

Inference::Inference(std::shared_ptr<const Network> network, int threads, ThreadsWork threads_work)
    : network_(std::move(network)),
      threads_work_(threads_work),
      pool_(threads),
      desks_(threads_work == ThreadsWork::kThroughput ? static_cast<size_t>(pool_.size()) : 1) {
    for (Desk& desk : desks_) {
        desk.workspace =
            network_->executor.make_workspace(threads_work == ThreadsWork::kLatency ? pool_.size() : 1);
        desk.pixels.resize(size_t{3} * network_->input_spec.height * network_->input_spec.width);
    }
}

void Inference::embed(std::span<const PixelsView> images, std::span<float> embeddings) {
    const auto size = static_cast<size_t>(network_->embedding_size);
    const auto embedding = [&](size_t index) { return embeddings.subspan(index * size, size); };
    if (threads_work_ == ThreadsWork::kLatency) {
        Desk& desk = desks_.front();
        for (size_t index = 0; index < images.size(); ++index) {
            to_network_pixels(images[index], network_->input_spec, desk.pixels);
            network_->executor.run(desk.pixels, embedding(index), *desk.workspace, pool_);
        }
        return;
    }
    const auto embed_at = [&](int64_t index, int thread) {
        Desk& desk = desks_[static_cast<size_t>(thread)];
        to_network_pixels(images[static_cast<size_t>(index)], network_->input_spec, desk.pixels);
        network_->executor.run(desk.pixels, embedding(static_cast<size_t>(index)), *desk.workspace);
    };
    // A single image needs nobody woken.
    if (images.size() == 1) return embed_at(0, 0);
    pool_.parallel_for(static_cast<int64_t>(images.size()), embed_at);
}

}  // namespace quantface
