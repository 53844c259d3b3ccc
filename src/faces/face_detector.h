// Finding a face and its five landmarks in a photograph.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "faces/five_point_alignment.h"
#include "faces/image.h"

namespace quantface {

struct DetectedFace {
    FivePoints landmarks{};                          // pixels of the image, centres at whole numbers
    float left = 0, top = 0, width = 0, height = 0;  // its box, pixels
    float score = 0;                                 // 0 to 1
};

// YuNet (Wu, Peng, Yu, Machine Intelligence Research 2023) as its authors and OpenCV's model zoo publish it
// since 2023: outputs cls, obj, bbox and kps at strides 8, 16 and 32. Thread-safe: one image at a time.
class FaceDetector {
  public:
    // Throws Error(kBadInput) where the file is no such network.
    static FaceDetector open(const std::filesystem::path& path);
    FaceDetector(FaceDetector&&) noexcept;
    FaceDetector& operator=(FaceDetector&&) noexcept;
    ~FaceDetector();

    // The face with the greatest area among those found with a score of at least 0.6; nothing where there is
    // none.
    std::optional<DetectedFace> largest_face(const Image& image) const;

  private:
    struct Network;
    explicit FaceDetector(std::unique_ptr<Network> network);
    std::unique_ptr<Network> network_;
};

}  // namespace quantface
