// Templates of IJB-B and IJB-C: one embedding for all images and video frames of a person that a template
// holds, as InsightFace's published scripts make it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantface {

// The scripts' N, D and F.
struct TemplateOptions {
    bool keep_norm =
        true;  // N1: features as they are, whose length tells quality; N0: each scaled to length 1
    bool detector_score = true;  // D1: times the detector's score; D0: not
    int flip = 2;                // F2: plus the mirror image's feature; F1: that appended; F0: without

    std::string name() const;  // "N1D1F2"
};

// "N1D1F2" in any order and case, each letter once or not at all (then as by default). Throws Error(kUsage).
TemplateOptions parse_template_options(const std::string& text);

// Features of images, from the network's outputs for images and mirror images (the latter may be empty with
// F0); scores: the detector's, one an image. images x dimension, with F1 images x 2 dimension. Embeddings
// that are not finite become zero; returned is how many.
struct ImageFeatures {
    std::vector<float> rows;
    int64_t dimension = 0, invalid = 0;
};
ImageFeatures image_features(std::span<const float> plain, std::span<const float> mirrored, int64_t dimension,
                             std::span<const float> scores, const TemplateOptions& options);

// What images belong to a template, and of which medium (a photo, a video) each is.
struct TemplateImage {
    int64_t template_id = 0, medium = 0;
};

struct Templates {
    std::vector<int64_t> ids;  // ascending
    std::vector<float> rows;   // of length 1 (zero where the sum is); the order of ids
    int64_t dimension = 0;

    // The row of a template; -1 where there is none.
    int64_t find(int64_t id) const;
};

// Images of one medium are averaged, media added up, the sum scaled to length 1. images[i] belongs to row i.
Templates fuse_templates(const ImageFeatures& features, std::span<const TemplateImage> images);

}  // namespace quantface
