#include "eval/all_pairs.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "eval/embeddings.h"
#include "eval/row_products.h"

namespace quantface {

namespace {

// Most alike first; of equals the first pair.
bool more_alike(const ScoredPair& x, const ScoredPair& y) {
    if (x.cosine != y.cosine) return x.cosine > y.cosine;
    return x.a != y.a ? x.a < y.a : x.b < y.b;
}

bool earlier(const ScoredPair& x, const ScoredPair& y) {
    return x.a != y.a ? x.a < y.a : x.b < y.b;
}

// One thread's.
struct Part {
    CosineHistogram genuine, impostors;
    std::vector<ScoredPair> genuine_pairs, impostor_pairs;
    std::vector<ScoredPair> closest;  // a heap, the least alike in front

    void keep_if_close(const ScoredPair& pair) {
        if (closest.size() == kClosestKept) {
            if (!more_alike(pair, closest.front())) return;
            std::pop_heap(closest.begin(), closest.end(), more_alike);
            closest.back() = pair;
        } else {
            closest.push_back(pair);
        }
        std::push_heap(closest.begin(), closest.end(), more_alike);
    }
};

void check_genuine_pairs(std::span<const int32_t> people) {
    std::map<int32_t, int64_t> images;
    for (const int32_t person : people) ++images[person];
    int64_t pairs = 0;
    for (const auto& [person, count] : images) pairs += count * (count - 1) / 2;
    if (pairs > kMostGenuinePairs) {
        fail_usage(std::to_string(pairs) + " pairs of one person; at most " +
                   std::to_string(kMostGenuinePairs) + " can be judged");
    }
}

template <typename Better>
void append_sorted(std::vector<ScoredPair>& target, std::vector<ScoredPair>& source, Better before) {
    target.insert(target.end(), source.begin(), source.end());
    source = {};
    std::sort(target.begin(), target.end(), before);
}

}  // namespace

AllPairs score_all_pairs(std::span<const float> rows, int64_t dimension, std::span<const int32_t> people,
                         bool keep_impostors, ThreadPool& pool, Progress& progress) {
    if (dimension < 1 || rows.size() != people.size() * static_cast<size_t>(dimension)) {
        fail_usage(std::to_string(people.size()) + " people for " + std::to_string(rows.size()) +
                   " numbers of embeddings of " + std::to_string(dimension));
    }
    check_genuine_pairs(people);
    AllPairs result;
    std::vector<uint8_t> valid;
    for (size_t i = 0; i < people.size(); ++i) {
        const auto width = static_cast<size_t>(dimension);
        valid.push_back(is_valid_embedding(rows.subspan(i * width, width)) ? 1 : 0);
        if (!valid.back()) ++result.excluded_rows;
    }
    std::vector<std::unique_ptr<Part>> parts(static_cast<size_t>(pool.size()));
    for (auto& part : parts) part = std::make_unique<Part>();
    for_each_product(rows, rows, dimension, true, pool, progress, [&](const ProductBlock& block, int thread) {
        Part& part = *parts[static_cast<size_t>(thread)];
        for (int64_t r = 0; r < block.rows; ++r) {
            const int64_t b = block.first_row + r;
            if (!valid[static_cast<size_t>(b)]) continue;
            // Rows before the query only.
            for (int64_t q = std::max<int64_t>(0, b + 1 - block.first_query); q < block.queries; ++q) {
                const int64_t a = block.first_query + q;
                if (!valid[static_cast<size_t>(a)]) continue;
                const float cosine = block.at(r, q);
                const ScoredPair pair{static_cast<int32_t>(a), static_cast<int32_t>(b), cosine};
                if (people[static_cast<size_t>(a)] == people[static_cast<size_t>(b)]) {
                    part.genuine.add(cosine);
                    part.genuine_pairs.push_back(pair);
                    continue;
                }
                part.impostors.add(cosine);
                if (keep_impostors) part.impostor_pairs.push_back(pair);
                part.keep_if_close(pair);
            }
        }
    });
    for (const auto& part : parts) {
        result.genuine.merge(part->genuine);
        result.impostors.merge(part->impostors);
        append_sorted(result.genuine_pairs, part->genuine_pairs, earlier);
        append_sorted(result.impostor_pairs, part->impostor_pairs, earlier);
        append_sorted(result.closest_impostors, part->closest, more_alike);
    }
    if (result.closest_impostors.size() > kClosestKept) result.closest_impostors.resize(kClosestKept);
    return result;
}

}  // namespace quantface
