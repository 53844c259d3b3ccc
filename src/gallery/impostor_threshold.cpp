#include "gallery/impostor_threshold.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "eval/pair_scan.h"

namespace quantface {

namespace {

constexpr int64_t kBatch = 4096;
constexpr double kMinPairs = 1e6, kMaxPairs = 2e8, kPairsAnError = 100;

struct Sample {
    std::vector<float> embeddings;
    std::vector<int64_t> people;
};

Sample sample_faces(const Gallery& gallery, int64_t wanted) {
    const SqliteTransaction reading = gallery.begin_reading();
    const int64_t step = (gallery.face_count() + wanted - 1) / wanted;
    const auto width = static_cast<size_t>(gallery.dimension());
    const size_t bytes = stored_embedding_bytes(gallery.store(), gallery.dimension());
    Sample sample;
    FaceRows rows;
    int64_t row = 0;
    for (int64_t last = INT64_MIN;; last = rows.faces.back()) {
        rows.clear();
        gallery.read_faces(last, kBatch, rows);
        if (rows.size() == 0) return sample;
        for (size_t i = 0; i < rows.size(); ++i, ++row) {
            if (row % step != 0) continue;
            sample.embeddings.resize(sample.embeddings.size() + width);
            restore_embedding(gallery.store(), std::span(rows.embeddings).subspan(i * bytes, bytes),
                              gallery.name(), std::span(sample.embeddings).last(width));
            sample.people.push_back(rows.people[i]);
        }
    }
}

}  // namespace

int64_t paired_faces(double far) {
    const double pairs = std::clamp(kPairsAnError / far, kMinPairs, kMaxPairs);
    return static_cast<int64_t>(std::ceil(std::sqrt(2 * pairs))) + 1;
}

ImpostorThreshold impostor_threshold(const Gallery& gallery, double far, ThreadPool& pool,
                                     Progress& progress) {
    if (!(far > 0 && far <= 1)) {
        fail_usage("a FAR of " + std::to_string(far) + "; it must be above 0, at most 1");
    }
    ImpostorThreshold result;
    result.needed_pairs = static_cast<int64_t>(std::min(std::ceil(1 / far * (1 - 1e-12)), 9e18));
    const Sample sample = sample_faces(gallery, paired_faces(far));
    if (sample.people.empty()) return result;
    const PairScan scan =
        scan_pairs(sample.embeddings, gallery.dimension(),
                   {.identities = sample.people, .close_cosine = 2, .is_candidate = {}}, pool, progress);
    result.pairs = scan.other.count();
    result.cosine = threshold_at_far(scan.other, far);
    if (result.cosine) {
        const std::vector<int64_t> accepted = scan.other.counts_from();
        const auto bin = static_cast<size_t>(std::lround((*result.cosine + 1) / CosineHistogram::kBinWidth));
        result.reached_far = static_cast<double>(accepted[bin]) / static_cast<double>(result.pairs);
    }
    return result;
}

double false_positive_identification_rate(double far, int64_t comparisons) {
    return -std::expm1(static_cast<double>(comparisons) * std::log1p(-far));
}

double far_of_identification_rate(double rate, int64_t comparisons) {
    return -std::expm1(std::log1p(-rate) / static_cast<double>(comparisons));
}

}  // namespace quantface
