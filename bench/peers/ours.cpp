#include "ours.h"

#include "base/rng.h"
#include "formats/qfm.h"

namespace quantface::peers {

OurNetwork::OurNetwork(const std::filesystem::path& model_file) {
    const IntegerModel model = read_qfm(model_file);
    embedder_ = make_embedder(model);
    for (const IntegerNode& node : model.nodes) {
        giga_macs_ += 1e-9 * static_cast<double>(multiply_accumulates(model, node));
    }
    Rng rng(1);
    pixels_.resize(static_cast<size_t>(model.values[model.input].shape.size()));
    for (uint8_t& pixel : pixels_) pixel = static_cast<uint8_t>(rng.below(256));
}

OurNetwork::~OurNetwork() = default;

void OurNetwork::run_ours(int images, int threads) {
    std::unique_ptr<ThreadPool>& pool = pools_[threads];
    if (!pool) pool = std::make_unique<ThreadPool>(threads);
    const InputSpec& spec = input_spec();
    const std::vector<PixelsView> views(static_cast<size_t>(images),
                                        {pixels_.data(), spec.height, spec.width});
    embeddings_.resize(views.size() * static_cast<size_t>(embedder_->embedding_size()));
    embedder_->embed(views, embeddings_, *pool);
}

}  // namespace quantface::peers
