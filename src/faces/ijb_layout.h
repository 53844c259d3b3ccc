// The layout of IJB-B and IJB-C as InsightFace's evaluation scripts use it: loose_crop/ with the photographs,
// meta/ with
// *_face_tid_mid.txt (image, template, medium), *_template_pair_label.txt (two templates, 1 or 0),
// *_name_5pts_score.txt (image, five landmarks, detector's score), and for 1:N *_1N_gallery_{G1,G2} or
// {S1,S2}.csv, *_1N_probe_mixed.csv.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "faces/five_point_alignment.h"

namespace quantface {

struct IjbImage {
    std::string name;  // below loose_crop
    int64_t template_id = 0, medium = 0;
    FivePoints landmarks{};  // pixels of the photograph
    float score = 0;         // the detector's
};

struct IjbTemplatePair {
    int64_t a = 0, b = 0;
    bool same = false;
};

struct IjbTemplateSubject {
    int64_t template_id = 0, subject = 0;
};

struct IjbLayout {
    std::filesystem::path photos;                   // loose_crop
    std::vector<std::filesystem::path> meta_files;  // those read
    std::vector<IjbImage> images;
    std::vector<IjbTemplatePair> pairs;
    // For 1:N; empty where the files are not there. Templates in their order, each once.
    std::vector<IjbTemplateSubject> gallery, probes;
};

// Whether the folder has meta/*_face_tid_mid.txt.
bool is_ijb_layout(const std::filesystem::path& folder);

// Reads meta/ wholly and no photograph. Throws Error(kBadInput) naming file and line where one is missing or
// damaged, the two lists of images differ, or a pair names a template without image.
IjbLayout read_ijb_layout(const std::filesystem::path& folder);

}  // namespace quantface
