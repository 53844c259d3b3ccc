#include "eval/identification.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "base/error.h"

namespace quantface {

namespace {

// The largest numbers seen, at most `size` of them.
class Largest {
  public:
    explicit Largest(size_t size) : size_(size) {}

    void add(double x) {
        if (heap_.size() == size_ && x <= heap_.front()) return;
        if (heap_.size() == size_) {
            std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
            heap_.back() = x;
        } else {
            heap_.push_back(x);
        }
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }
    const std::vector<double>& numbers() const { return heap_; }

  private:
    size_t size_;
    std::vector<double> heap_;
};

double dot(const float* a, const float* b, int64_t dimension) {
    double sum = 0;
    for (int64_t k = 0; k < dimension; ++k) sum += static_cast<double>(a[k]) * b[k];
    return sum;
}

void check(std::span<const float> probes, std::span<const float> gallery, int64_t dimension,
           std::span<const int64_t> mates) {
    const auto width = static_cast<size_t>(dimension);
    if (dimension < 1 || mates.empty() || gallery.empty() || probes.size() != mates.size() * width ||
        gallery.size() % width != 0) {
        fail_usage("identification needs probes and a gallery of one embedding size");
    }
    const auto rows = static_cast<int64_t>(gallery.size() / width);
    for (const int64_t mate : mates) {
        if (mate < 0 || mate >= rows) fail_usage("a probe's mate is not in the gallery");
    }
}

}  // namespace

Identification identify(std::span<const float> probes, std::span<const float> gallery, int64_t dimension,
                        std::span<const int64_t> mates, std::span<const double> fpirs, ThreadPool& pool) {
    check(probes, gallery, dimension, mates);
    Identification result;
    result.probes = static_cast<int64_t>(mates.size());
    result.gallery = static_cast<int64_t>(gallery.size()) / dimension;
    std::vector<size_t> positions;
    for (const double fpir : fpirs) {
        if (!(fpir > 0 && fpir <= 1)) fail_usage("a FPIR of " + std::to_string(fpir));
        positions.push_back(static_cast<size_t>(std::ceil(static_cast<double>(result.probes) * fpir)));
    }
    const size_t most = positions.empty() ? 0 : *std::max_element(positions.begin(), positions.end());
    std::vector<Largest> strangers(static_cast<size_t>(pool.size()), Largest(std::max<size_t>(most, 1)));
    std::vector<double> mate_scores(mates.size());
    std::vector<int64_t> ranks(mates.size());
    pool.parallel_for(result.probes, [&](int64_t probe, int thread) {
        const auto p = static_cast<size_t>(probe);
        const float* row = probes.data() + probe * dimension;
        const double mate = dot(row, gallery.data() + mates[p] * dimension, dimension);
        int64_t before = 0;
        for (int64_t g = 0; g < result.gallery; ++g) {
            if (g == mates[p]) continue;
            const double score = dot(row, gallery.data() + g * dimension, dimension);
            before += score > mate || (score == mate && g < mates[p]) ? 1 : 0;
            strangers[static_cast<size_t>(thread)].add(score);
        }
        mate_scores[p] = mate;
        ranks[p] = before + 1;
    });
    const auto share_within = [&](int64_t rank) {
        return static_cast<double>(
                   std::count_if(ranks.begin(), ranks.end(), [&](int64_t r) { return r <= rank; })) /
               static_cast<double>(ranks.size());
    };
    result.rank_1 = share_within(1);
    result.rank_5 = share_within(5);
    result.rank_10 = share_within(10);
    std::vector<double> largest;
    for (const Largest& part : strangers)
        largest.insert(largest.end(), part.numbers().begin(), part.numbers().end());
    std::sort(largest.begin(), largest.end(), std::greater<>());
    for (size_t i = 0; i < positions.size(); ++i) {
        OpenSetRate rate{fpirs[i], 0, -1};
        if (positions[i] <= largest.size()) rate.threshold = largest[positions[i] - 1];
        rate.tpir = static_cast<double>(std::count_if(mate_scores.begin(), mate_scores.end(),
                                                      [&](double score) { return score > rate.threshold; })) /
                    static_cast<double>(mate_scores.size());
        result.open_set.push_back(rate);
    }
    return result;
}

}  // namespace quantface
