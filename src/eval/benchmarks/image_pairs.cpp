#include "eval/benchmarks/image_pairs.h"

#include <algorithm>

#include "base/error.h"
#include "eval/embeddings.h"
#include "eval/verification.h"

namespace quantface {

void check_judgeable(const std::vector<bool>& same, const std::string& name) {
    const auto genuine = std::count(same.begin(), same.end(), true);
    const auto pairs = static_cast<std::ptrdiff_t>(same.size());
    if (pairs < 10 || genuine == 0 || genuine == pairs) {
        fail_bad_input(name + ": " + std::to_string(pairs) + " pairs, " + std::to_string(genuine) +
                       " of the same person; ten pairs and both kinds are needed");
    }
}

Judgement judge_image_pairs(const ImagePairs& list, const BenchmarkEmbeddings& embeddings, bool flip,
                            const JudgeOptions& options, ThreadPool& pool, Progress& progress) {
    constexpr double kRefused = 4;
    const std::vector<float> sums =
        flip ? sum_of_flips(embeddings.plain, embeddings.mirrored) : std::vector<float>();
    const std::span<const float> rows = flip ? std::span<const float>(sums) : embeddings.plain;
    const auto width = static_cast<size_t>(embeddings.dimension);
    PairScores scores;
    int64_t invalid = 0;
    for (size_t i = 0; i < list.pairs.size(); ++i) {
        const auto a = static_cast<size_t>(list.pairs[i][0]), b = static_cast<size_t>(list.pairs[i][1]);
        const bool refused = embeddings.failed[a] || embeddings.failed[b];
        scores.distances.push_back(refused ? kRefused
                                           : pair_distance(rows.subspan(a * width, width),
                                                           rows.subspan(b * width, width), list.same[i],
                                                           invalid));
        scores.people.push_back({list.people[a], list.people[b]});
    }
    scores.same = list.same;
    scores.sides = list.pairs;
    scores.people_count =
        list.people.empty() ? 0 : *std::max_element(list.people.begin(), list.people.end()) + 1;
    scores.ten_fold = list.folds;
    Judgement judgement = judge_pairs(scores, options, pool, progress);
    judgement.invalid_embeddings = invalid;
    return judgement;
}

}  // namespace quantface
