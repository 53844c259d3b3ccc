#include "eval/pair_scan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "eval/embeddings.h"

namespace quantface::test {
namespace {

constexpr size_t kSize = 5;

std::vector<float> random_rows(size_t count, uint64_t seed) {
    Rng rng(seed);
    std::vector<float> rows(count * kSize);
    for (float& number : rows) number = static_cast<float>(rng.normal());
    normalize_embeddings(rows, kSize);
    return rows;
}

double dot(const std::vector<float>& a, size_t i, const std::vector<float>& b, size_t j) {
    double sum = 0;
    for (size_t k = 0; k < kSize; ++k) sum += double{a[i * kSize + k]} * b[j * kSize + k];
    return sum;
}

PairScan scan(const std::vector<float>& rows, const PairScanOptions& options, int threads = 2) {
    ThreadPool pool(threads);
    SilentProgress progress;
    return scan_pairs(rows, kSize, options, pool, progress);
}

TEST(PairScan, ByHand) {
    // At 0, 90, 180 and about 37 degrees; the first and the last are one person, the third is not known.
    const std::vector<float> rows = {1, 0, 0, 1, -1, 0, 0.8f, 0.6f};
    const std::vector<int64_t> identities = {7, 8, kUnknownIdentity, 7};
    ThreadPool pool(1);
    SilentProgress progress;
    PairScanOptions options;
    options.identities = identities;
    const PairScan result = scan_pairs(rows, 2, options, pool, progress);
    EXPECT_EQ(result.same.count(), 1);
    EXPECT_NEAR(result.same.describe().mean, 0.8, 1e-7);
    EXPECT_EQ(result.other.count(), 2);
    EXPECT_NEAR(result.other.describe().mean, 0.3, 1e-7);
    EXPECT_EQ(result.unlabelled.count(), 3);
    EXPECT_NEAR(result.unlabelled.describe().mean, -0.6, 1e-7);
    EXPECT_EQ(result.nearest[0].index, 3);
    EXPECT_NEAR(result.nearest[0].cosine, 0.8, 1e-7);
    EXPECT_EQ(result.nearest[1].index, 3);
    EXPECT_EQ(result.nearest[2].index, 1);
    EXPECT_EQ(result.nearest_stranger[0].index, 1);
    EXPECT_EQ(result.nearest_stranger[1].index, 3);
    EXPECT_EQ(result.nearest_stranger[2].index, -1);
}

// Several blocks of queries and of the gallery, their last ones not full.
TEST(PairScan, AgreesWithPlainLoops) {
    constexpr size_t kRows = 1100;
    std::vector<float> rows = random_rows(kRows, 3);
    std::fill_n(rows.begin() + 40 * kSize, kSize, 0.0f);
    std::vector<int64_t> identities;
    for (size_t i = 0; i < kRows; ++i)
        identities.push_back(i % 11 == 0 ? kUnknownIdentity : static_cast<int64_t>(i / 3));
    PairScanOptions options;
    options.identities = identities;
    const PairScan result = scan(rows, options);
    int64_t same = 0, other = 0, unlabelled = 0;
    double same_sum = 0, other_sum = 0;
    for (size_t i = 0; i < kRows; ++i) {
        Neighbour best, stranger;
        for (size_t j = 0; j < kRows; ++j) {
            if (j == i || i == 40 || j == 40) continue;
            const double cosine = dot(rows, i, rows, j);
            if (cosine > best.cosine) best = {static_cast<int64_t>(j), cosine};
            const bool known = identities[i] != kUnknownIdentity && identities[j] != kUnknownIdentity;
            if (known && identities[i] != identities[j] && cosine > stranger.cosine)
                stranger = {static_cast<int64_t>(j), cosine};
            if (j > i) continue;
            unlabelled += !known;
            same += known && identities[i] == identities[j];
            other += known && identities[i] != identities[j];
            if (known) (identities[i] == identities[j] ? same_sum : other_sum) += cosine;
        }
        EXPECT_NEAR(result.nearest[i].cosine, best.cosine, 1e-6) << i;
        EXPECT_EQ(result.nearest[i].index < 0, i == 40);
        EXPECT_NEAR(result.nearest_stranger[i].cosine, stranger.cosine, 1e-6) << i;
    }
    EXPECT_EQ(result.same.count(), same);
    EXPECT_EQ(result.other.count(), other);
    EXPECT_EQ(result.unlabelled.count(), unlabelled);
    EXPECT_NEAR(result.same.describe().mean, same_sum / static_cast<double>(same), 1e-6);
    EXPECT_NEAR(result.other.describe().mean, other_sum / static_cast<double>(other), 1e-6);

    const PairScan alone = scan(rows, options, 1);
    EXPECT_EQ(alone.other.counts_from(), result.other.counts_from());
    EXPECT_EQ(alone.other.describe().mean, result.other.describe().mean);
    for (size_t i = 0; i < kRows; ++i) EXPECT_EQ(alone.nearest[i].index, result.nearest[i].index);
}

TEST(PairScan, ListsTheFirstClosePairsOfEachImage) {
    std::vector<float> rows;
    for (int i = 0; i < 10; ++i) rows.insert(rows.end(), {1, 0, 0, 0, 0});
    rows.insert(rows.end(), {0, 1, 0, 0, 0});
    PairScanOptions options;
    options.close_cosine = 0.99;
    options.is_candidate = [](int64_t, int64_t earlier) { return earlier != 1; };
    const PairScan result = scan(rows, options);
    // Of images 1 to 9: 1, 1, 2, 3 and then four each.
    EXPECT_EQ(result.close.size(), 1u + 1 + 2 + 3 + 5 * kCloseKept);
    EXPECT_EQ(result.close.back().image, 9);
    EXPECT_EQ(result.close.back().earlier, 4);
    EXPECT_EQ(result.unlabelled.count(), 55);
}

TEST(PairScan, NearestInGallery) {
    const std::vector<float> queries = random_rows(150, 4), gallery = random_rows(1500, 5);
    ThreadPool pool(2);
    SilentProgress progress;
    const std::vector<Neighbour> nearest = nearest_in_gallery(queries, gallery, kSize, pool, progress);
    ASSERT_EQ(nearest.size(), 150u);
    for (size_t i = 0; i < nearest.size(); ++i) {
        double best = -2;
        for (size_t j = 0; j < 1500; ++j) best = std::max(best, dot(queries, i, gallery, j));
        EXPECT_NEAR(nearest[i].cosine, best, 1e-6);
        EXPECT_NEAR(dot(queries, i, gallery, static_cast<size_t>(nearest[i].index)), best, 1e-6);
    }
}

class Stopped final : public Progress {
  public:
    void start(const std::string&, int64_t) override {}
    void advance(int64_t) override {}
    void finish() override {}
    bool stop_requested() const override { return true; }
};

TEST(PairScan, StopsWhenAskedToAndRefusesSizesThatDisagree) {
    const std::vector<float> rows = random_rows(10, 6);
    ThreadPool pool(1);
    Stopped stopped;
    try {
        scan_pairs(rows, kSize, {}, pool, stopped);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    }
    const std::vector<int64_t> few = {1, 2};
    PairScanOptions options;
    options.identities = few;
    EXPECT_THROW(scan(rows, options), Error);
}

}  // namespace
}  // namespace quantface::test
