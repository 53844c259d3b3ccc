// Where images come from when labels do not matter: calibration, distillation, embedding.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "faces/image.h"

namespace quantface {

// A sequence of images, each given on request. Thread-safe: image(i) is the same whoever asks and in whatever
// order.
class ImageSource {
  public:
    virtual ~ImageSource() = default;
    // Images in it; nothing where it is endless (renderer, noise).
    virtual std::optional<int64_t> size() const = 0;
    // index in [0, size()). Throws Error(kBadInput) where the image cannot be read.
    virtual Image image(int64_t index) const = 0;
    // One line for the quantization record, no absolute paths: "rendered faces, seed 1".
    virtual std::string description() const = 0;
    // The person on the image, as a number of this source's own, where that is known.
    virtual std::optional<int64_t> identity(int64_t /*index*/) const { return std::nullopt; }
};

}  // namespace quantface
