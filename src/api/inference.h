// What a session handle stands for: the one place of the interface that calls the embedder.
#pragma once

#include <memory>
#include <span>

#include "api/network.h"
#include "base/thread_pool.h"

namespace quantface {

enum class ThreadsWork {
    kThroughput,  // each thread on an image of its own, as long as there are enough of them
    kLatency,     // all threads on the same image
};

class Inference {
  public:
    // threads: ThreadPool's.
    Inference(std::shared_ptr<const Network> network, int threads, ThreadsWork threads_work)
        : network_(std::move(network)), threads_work_(threads_work), pool_(threads) {}

    const Network& network() const { return *network_; }

    // images.size() * embedding_size numbers, not normalised. Each image is at least as large as the
    // network's input. For one thread at a time.
    void embed(std::span<const PixelsView> images, std::span<float> embeddings);  // allocates nothing

  private:
    std::shared_ptr<const Network> network_;
    ThreadsWork threads_work_;
    ThreadPool pool_;
};

}  // namespace quantface
