#include "eval/pair_scan.h"

#include <algorithm>
#include <memory>
#include <string>

#include "base/error.h"
#include "eval/embeddings.h"
#include "eval/row_products.h"

namespace quantface {

namespace {

struct Rows {
    Rows(std::span<const float> rows, int64_t row_size) : numbers(rows), dimension(row_size) {
        if (dimension < 1 || rows.size() % static_cast<size_t>(dimension) != 0) {
            fail_usage(std::to_string(rows.size()) + " numbers do not make embeddings of " +
                       std::to_string(dimension));
        }
        count = static_cast<int64_t>(rows.size()) / dimension;
        const auto width = static_cast<size_t>(dimension);
        for (size_t start = 0; start < rows.size(); start += width) {
            valid.push_back(is_valid_embedding(rows.subspan(start, width)) ? 1 : 0);
        }
    }

    std::span<const float> numbers;
    int64_t dimension, count = 0;
    std::vector<uint8_t> valid;
};

// Calls use(query, index in gallery, cosine, thread) for every valid pair: the pairs of a query on one
// thread, its gallery in ascending order.
template <typename Use>
void for_each_pair(const Rows& queries, const Rows& gallery, ThreadPool& pool, Progress& progress,
                   const Use& use) {
    for_each_product(queries.numbers, gallery.numbers, queries.dimension, false, pool, progress,
                     [&](const ProductBlock& block, int thread) {
                         for (int64_t row = 0; row < block.rows; ++row) {
                             if (!gallery.valid[block.first_row + row]) continue;
                             for (int64_t query = 0; query < block.queries; ++query) {
                                 if (!queries.valid[block.first_query + query]) continue;
                                 use(block.first_query + query, block.first_row + row, block.at(row, query),
                                     thread);
                             }
                         }
                     });
}

void keep_nearer(Neighbour& best, int64_t index, float cosine) {
    if (best.index < 0 || cosine > best.cosine) best = {index, cosine};
}

// Of one thread; all of it whole numbers, so that who counts a pair makes no difference.
struct Counts {
    CosineHistogram same, other, unlabelled;
};

CosineHistogram& kind_of_pair(Counts& counts, int64_t identity, int64_t other_identity) {
    if (identity == kUnknownIdentity || other_identity == kUnknownIdentity) return counts.unlabelled;
    return identity == other_identity ? counts.same : counts.other;
}

}  // namespace

PairScan scan_pairs(std::span<const float> numbers, int64_t dimension, const PairScanOptions& options,
                    ThreadPool& pool, Progress& progress) {
    const Rows rows(numbers, dimension);
    std::vector<int64_t> identities(options.identities.begin(), options.identities.end());
    if (identities.empty()) identities.assign(static_cast<size_t>(rows.count), kUnknownIdentity);
    if (static_cast<int64_t>(identities.size()) != rows.count) {
        fail_usage(std::to_string(identities.size()) + " identities for " + std::to_string(rows.count) +
                   " embeddings");
    }
    PairScan scan;
    scan.nearest.resize(static_cast<size_t>(rows.count));
    scan.nearest_stranger.resize(static_cast<size_t>(rows.count));
    std::vector<std::vector<ClosePair>> close(static_cast<size_t>(rows.count));
    std::vector<std::unique_ptr<Counts>> counts(static_cast<size_t>(pool.size()));
    for (auto& part : counts) part = std::make_unique<Counts>();
    for_each_pair(rows, rows, pool, progress, [&](int64_t row, int64_t other, float cosine, int thread) {
        if (other == row) return;
        keep_nearer(scan.nearest[row], other, cosine);
        const int64_t identity = identities[row], other_identity = identities[other];
        if (identity != other_identity && identity != kUnknownIdentity &&
            other_identity != kUnknownIdentity) {
            keep_nearer(scan.nearest_stranger[row], other, cosine);
        }
        if (other > row) return;  // each pair once
        kind_of_pair(*counts[thread], identity, other_identity).add(cosine);
        if (cosine >= options.close_cosine && close[row].size() < kCloseKept && options.is_candidate &&
            options.is_candidate(row, other)) {
            close[row].push_back({row, other, cosine});
        }
    });
    for (const auto& part : counts) {
        scan.same.merge(part->same);
        scan.other.merge(part->other);
        scan.unlabelled.merge(part->unlabelled);
    }
    for (const auto& pairs : close) scan.close.insert(scan.close.end(), pairs.begin(), pairs.end());
    return scan;
}

std::vector<Neighbour> nearest_in_gallery(std::span<const float> queries, std::span<const float> gallery,
                                          int64_t dimension, ThreadPool& pool, Progress& progress) {
    const Rows query_rows(queries, dimension), gallery_rows(gallery, dimension);
    std::vector<Neighbour> nearest(static_cast<size_t>(query_rows.count));
    for_each_pair(
        query_rows, gallery_rows, pool, progress,
        [&](int64_t row, int64_t other, float cosine, int) { keep_nearer(nearest[row], other, cosine); });
    return nearest;
}

}  // namespace quantface
