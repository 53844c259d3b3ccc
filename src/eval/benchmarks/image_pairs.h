// Pairs of images, whatever lists them: packs and pair lists are judged alike.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "eval/benchmarks/benchmark.h"

namespace quantface {

struct ImagePairs {
    std::vector<std::array<int64_t, 2>> pairs;
    std::vector<bool> same;
    std::vector<int32_t> people;  // of each image
    bool folds = false;
};

// Throws Error(kBadInput) with `name` where there are fewer than ten pairs or pairs of one kind only.
void check_judgeable(const std::vector<bool>& same, const std::string& name);

// A pair with an image that failed is refused, whoever is on it. flip: embeddings of image and mirror image
// are added.
Judgement judge_image_pairs(const ImagePairs& pairs, const BenchmarkEmbeddings& embeddings, bool flip,
                            const JudgeOptions& options, ThreadPool& pool, Progress& progress);

}  // namespace quantface
