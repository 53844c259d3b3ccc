// Photographs to embeddings for a gallery: read, aligned and embedded many at once; what cannot be is named
// and passed over.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "cli/input_options.h"
#include "cli/json_output.h"
#include "cli/model_loading.h"
#include "cli/photos.h"
#include "cli/skipped_images.h"
#include "gallery/gallery.h"

namespace CLI {
class App;
}

namespace quantface {

struct PhotoModelOptions {
    std::string model;
    InputOptions input;
    PhotoOptions photos;
};

// --model and what goes with it.
void add_photo_model_options(CLI::App& command, PhotoModelOptions& options);

struct PhotoEmbedding {
    Sha256 sha256{};
    // Nothing where it was not wanted, or cannot be had: then the photo is among the skipped ones.
    std::optional<std::vector<float>> embedding;
};

class PhotoEmbedder {
  public:
    // Throws as load_model().
    explicit PhotoEmbedder(const PhotoModelOptions& options);

    const LoadedModel& model() const { return model_; }
    // As a gallery notes it.
    const GalleryNetwork& network() const { return network_; }

    // How many photos are best given together.
    static int64_t batch_size(const ThreadPool& pool) { return 16 * int64_t{pool.size()}; }

    // Asked of each photo that could be read, in order, on the calling thread: whether it is to be embedded.
    using IsWanted = std::function<bool(size_t index, const Sha256& sha256)>;

    // Photos [first, first + count) of `photos`.
    std::vector<PhotoEmbedding> embed(const std::vector<std::string>& photos, size_t first, size_t count,
                                      const IsWanted& is_wanted, SkippedImages& skipped,
                                      ThreadPool& pool) const;

  private:
    Image face_of(const std::vector<uint8_t>& bytes, const std::string& name) const;

    LoadedModel model_;
    GalleryNetwork network_;
    PhotoAligner aligner_;
    std::unique_ptr<Embedder> embedder_;
};

// The photos that an argument stands for: itself, or of a folder the images below it in the order of their
// paths. Throws Error(kBadInput) where a folder holds none.
std::vector<std::string> photos_of(const std::string& argument);

// [{"image": NAME, "reason": LINE}]
Json skipped_json(const SkippedImages& skipped, const std::vector<std::string>& photos);

}  // namespace quantface
