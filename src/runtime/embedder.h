// Images to embeddings, whatever the network is made of.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "graph/graph.h"
#include "graph/integer_model.h"
#include "runtime/integer_executor.h"

namespace quantface {

// An 8-bit RGB image, rows from the top.
struct PixelsView {
    const uint8_t* rgb = nullptr;  // the top row
    int height = 0, width = 0;     // pixels
    int64_t row_stride_bytes = 0;  // to the row below; 0: 3 * width
};

class Embedder {
  public:
    virtual ~Embedder() = default;
    virtual int embedding_size() const = 0;
    virtual const InputSpec& input_spec() const = 0;
    // count images to count * embedding_size() numbers, not normalised; images are spread over the pool's
    // threads, and where there are fewer than threads an integer network divides each over all of them. An
    // image larger than the network's input is cropped around its centre (the 112x96 networks of the field
    // use the 112x112 template shifted by 8 pixels); a smaller one throws Error(kBadInput).
    virtual void embed(std::span<const PixelsView> images, std::span<float> embeddings,
                       ThreadPool& pool) const = 0;
};

std::unique_ptr<Embedder> make_embedder(const Graph& graph);
std::unique_ptr<Embedder> make_embedder(const IntegerModel& model, KernelChoice choice = KernelChoice::kBest);

// The centre crop of an image as the network's normalised float input, CHW in the network's colour order.
void to_network_input(const PixelsView& image, const InputSpec& spec, std::span<float> chw);
// The same crop as pixels, HWC in the network's colour order.
void to_network_pixels(const PixelsView& image, const InputSpec& spec, std::span<uint8_t> hwc);

}  // namespace quantface
