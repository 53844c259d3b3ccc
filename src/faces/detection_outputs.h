// From the numbers that detection networks give to faces in their pixels.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "faces/face_detector.h"

namespace quantface {

inline constexpr std::array<int, 3> kDetectionStrides = {8, 16, 32};

// One stride of SCRFD: rows are cells from the top left, two anchors each; distances in strides.
struct ScrfdOutput {
    std::span<const float> scores;  // one a row, 0 to 1
    std::span<const float>
        boxes;  // four a row: from the cell's place to the left, top, right and bottom edge
    std::span<const float> points;  // ten a row: x and y from the cell's place
};
inline constexpr int kScrfdAnchors = 2;

// One stride of YuNet: rows are cells; places and logarithms of sizes in strides.
struct YunetOutput {
    std::span<const float> cls, obj;  // one a row, 0 to 1
    std::span<const float> boxes;     // four a row: middle's x and y, logarithms of width and height
    std::span<const float> points;    // ten a row
};

// What scores at least `least_score`, with the heaps of finds that each face gives. `columns`: cells in a
// row, as many as fit whole into the input's width. Rows must be complete.
void add_scrfd_faces(const ScrfdOutput& output, int stride, int columns, float least_score,
                     std::vector<DetectedFace>& faces);
void add_yunet_faces(const YunetOutput& output, int stride, int columns, float least_score,
                     std::vector<DetectedFace>& faces);

// Of finds that overlap by more than this (intersection over union) the one with the best score; best first.
// `pixel_sides`: sides count both their end pixels, as InsightFace counts them.
std::vector<DetectedFace> without_duplicates(std::vector<DetectedFace> faces, float most_overlap,
                                             bool pixel_sides);

}  // namespace quantface
