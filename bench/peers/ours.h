// Our engine on a model file.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "graph/integer_model.h"
#include "runtime/embedder.h"

namespace quantface::peers {

class OurNetwork {
  public:
    explicit OurNetwork(const std::filesystem::path& model_file);
    ~OurNetwork();

    // Embeds `images` images of noise with `threads` threads. The only place that says how the engine is
    // called.
    void run_ours(int images, int threads);

    const InputSpec& input_spec() const { return embedder_->input_spec(); }
    double giga_macs() const { return giga_macs_; }  // of one image

  private:
    std::unique_ptr<Embedder> embedder_;
    std::map<int, std::unique_ptr<ThreadPool>> pools_;  // by their threads
    std::vector<uint8_t> pixels_;
    std::vector<float> embeddings_;
    double giga_macs_ = 0;
};

}  // namespace quantface::peers
