#include "synth/rendered_source.h"

#include <algorithm>

#include "base/error.h"
#include "synth/face_renderer.h"
#include "synth/head/head_model.h"

namespace quantface {

namespace {

Image centre_cut(const Image& image, int height, int width) {
    const int top = (image.height - height) / 2, left = (image.width - width) / 2;
    Image cut{height, width, {}};
    cut.rgb.reserve(static_cast<size_t>(height) * static_cast<size_t>(width) * 3);
    for (int y = 0; y < height; ++y) {
        const auto row = image.rgb.begin() + 3 * (static_cast<ptrdiff_t>(top + y) * image.width + left);
        cut.rgb.insert(cut.rgb.end(), row, row + 3 * width);
    }
    return cut;
}

class RenderedSource final : public ImageSource {
  public:
    RenderedSource(uint64_t seed, int height, int width) : seed_(seed), height_(height), width_(width) {
        options_.size = std::max(height, width);
        options_.head = installed_head_model();
    }

    std::optional<int64_t> size() const override { return std::nullopt; }

    Image image(int64_t index) const override {
        QF_CHECK(index >= 0);
        const auto identity = static_cast<uint64_t>(index / kViewsPerIdentity);
        const auto view = static_cast<uint64_t>(index % kViewsPerIdentity);
        Image square = render_face(seed_, identity, view, options_);
        return height_ == width_ ? square : centre_cut(square, height_, width_);
    }

    std::optional<int64_t> identity(int64_t index) const override {
        QF_CHECK(index >= 0);
        return index / kViewsPerIdentity;
    }

    std::string description() const override {
        return std::string("rendered faces") +
               (options_.head == nullptr ? std::string(" ") + kBuiltInHead : "") + ", seed " +
               std::to_string(seed_);
    }

  private:
    uint64_t seed_;
    int height_, width_;
    FaceRenderOptions options_;
};

}  // namespace

std::unique_ptr<ImageSource> make_rendered_source(uint64_t seed, int height, int width) {
    if (std::min(height, width) < 16 || std::max(height, width) > 1024) {
        fail_usage("rendered faces: the sides must be 16 to 1024 pixels");
    }
    return std::make_unique<RenderedSource>(seed, height, width);
}

}  // namespace quantface
