// Finding faces and their five landmarks in a photograph: one interface over several detectors.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "faces/five_point_alignment.h"
#include "faces/image.h"

namespace quantface {

struct DetectedFace {
    FivePoints landmarks{};                          // pixels of the image, centres at whole numbers
    float left = 0, top = 0, width = 0, height = 0;  // its box, pixels
    float score = 0;                                 // 0 to 1
};

// What a kind of detector implements. Thread-safe.
class FaceFinder {
  public:
    virtual ~FaceFinder() = default;
    // All faces in the picture, each once, in any order.
    virtual std::vector<DetectedFace> find(const Image& image) const = 0;
};

// A detector's network from an .onnx. Told apart by their outputs:
// - SCRFD (Guo et al., arXiv 2105.04714) as InsightFace publishes it with landmarks: nine outputs, score, box
//   and landmarks at strides 8, 16 and 32, two anchors a cell. Run and read as InsightFace's Python does:
//   picture resized bilinearly into the top left corner of a square of 640 (or of the file's fixed size),
//   rest black; score at least 0.5, overlap (intersection over union) at most 0.4; coordinates are divided by
//   the scale alone.
// - YuNet (Wu, Peng, Yu, Machine Intelligence Research 2023) as its authors and OpenCV's model zoo publish it
//   since 2023: outputs cls, obj, bbox and kps at the same strides. Score at least 0.6, overlap at most 0.3.
// Throws Error(kBadInput), one line, where the file is neither.
std::unique_ptr<FaceFinder> open_face_finder(const std::filesystem::path& path);

// The detector that needs no file (faces/built_in_finder.cpp says how it works and what it reaches).
std::unique_ptr<FaceFinder> make_built_in_finder();

class FaceDetector {
  public:
    explicit FaceDetector(std::unique_ptr<FaceFinder> finder);
    static FaceDetector open(const std::filesystem::path& path) {
        return FaceDetector(open_face_finder(path));
    }
    static FaceDetector built_in() { return FaceDetector(make_built_in_finder()); }

    // The faces found, best score first; equal scores from the left. Detectors know faces with room around
    // them, so where nothing is found the picture is looked at once more with black of half its size on every
    // side. Faces with landmarks or boxes that are not finite are left out. Thread-safe.
    std::vector<DetectedFace> faces(const Image& image) const;

  private:
    std::unique_ptr<FaceFinder> finder_;
};

// The face with the greatest box; null where there is none.
const DetectedFace* largest_face(const std::vector<DetectedFace>& faces);

// The face that the picture of height x width is about: greatest area of its box less twice the squared
// distance of its middle from the picture's, as InsightFace chooses one face (so a speck in the middle does
// not win over a portrait beside it). Null where there is none.
const DetectedFace* centred_face(const std::vector<DetectedFace>& faces, int height, int width);

}  // namespace quantface
