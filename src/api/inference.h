// What a session handle stands for: the one place of the interface that calls the executor.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "api/network.h"
#include "base/thread_pool.h"
#include "runtime/embedder.h"

namespace quantface {

enum class ThreadsWork {
    kThroughput,  // each thread on an image of its own
    kLatency,     // all threads on the same image
};

class Inference {
  public:
    // threads: ThreadPool's.
    Inference(std::shared_ptr<const Network> network, int threads, ThreadsWork threads_work);

    const Network& network() const { return *network_; }

    // images.size() * embedding_size numbers, not normalised. Each image is at least as large as the
    // network's input. For one thread at a time.
    void embed(std::span<const PixelsView> images, std::span<float> embeddings);  // allocates nothing

  private:
    // What one running image needs.
    struct Desk {
        std::shared_ptr<IntegerExecutor::Workspace> workspace;
        std::vector<uint8_t> pixels;
    };

    std::shared_ptr<const Network> network_;
    ThreadsWork threads_work_;
    ThreadPool pool_;
    std::vector<Desk> desks_;  // kThroughput: one for each thread; kLatency: one for all together
};

}  // namespace quantface
