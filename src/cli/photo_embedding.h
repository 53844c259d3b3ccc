// Photographs to embeddings for a gallery: read, aligned and embedded many at once; what cannot be is named
// and passed over.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "cli/input_options.h"
#include "cli/model_loading.h"
#include "cli/photos.h"
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
    std::string name;
    Sha256 sha256{};
    // Nothing where it was not wanted (`problem` empty) or cannot be had (`problem` says why, in one line).
    std::optional<std::vector<float>> embedding;
    std::string problem;
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

    std::vector<PhotoEmbedding> embed(std::span<const std::string> photos, const IsWanted& is_wanted,
                                      ThreadPool& pool) const;

  private:
    void embed_images(const std::vector<Image>& images, std::vector<PhotoEmbedding>& photos,
                      ThreadPool& pool) const;

    LoadedModel model_;
    GalleryNetwork network_;
    PhotoAligner aligner_;
    std::unique_ptr<Embedder> embedder_;
};

// The photos that an argument stands for: itself, or of a folder the images below it in the order of their
// paths. Throws Error(kBadInput) where a folder holds none.
std::vector<std::string> photos_of(const std::string& argument);

// A photo without a usable face, and why.
struct SkippedPhoto {
    std::string name, reason;
};
std::vector<std::string> lines_of(const std::vector<SkippedPhoto>& skipped);

}  // namespace quantface
