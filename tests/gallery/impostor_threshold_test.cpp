#include "gallery/impostor_threshold.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "made_faces.h"

namespace quantface::test {
namespace {

constexpr int kSize = 48;

class ImpostorPairs : public testing::Test {
  protected:
    ImpostorThreshold threshold(const Gallery& gallery, double far) {
        ThreadPool pool(2);
        SilentProgress progress;
        return impostor_threshold(gallery, far, pool, progress);
    }
    MadeFolder folder_;
    MadeFaces made_{kSize, 0.6};
};

TEST_F(ImpostorPairs, IsThatOfAllPairsOfDifferentPeople) {
    Gallery gallery =
        Gallery::open_or_create(folder_.file("faces.db"), made_network(kSize), FaceStore::kFloat);
    constexpr int64_t kPeople = 40, kFaces = 3;
    enroll_made(gallery, made_, kPeople, kFaces);
    std::vector<double> cosines;
    for (int64_t a = 0; a < kPeople * kFaces; ++a) {
        for (int64_t b = 0; b < a; ++b) {
            if (a / kFaces == b / kFaces) continue;
            cosines.push_back(
                cosine_similarity(made_.face(a / kFaces, a % kFaces), made_.face(b / kFaces, b % kFaces)));
        }
    }
    std::sort(cosines.rbegin(), cosines.rend());
    for (const double far : {0.1, 0.01, 0.001}) {
        const ImpostorThreshold result = threshold(gallery, far);
        EXPECT_EQ(result.pairs, static_cast<int64_t>(cosines.size()));
        ASSERT_TRUE(result.cosine);
        // The first pair that must be refused, to a bin of the histogram.
        const auto allowed = static_cast<size_t>(far * static_cast<double>(cosines.size()));
        EXPECT_NEAR(*result.cosine, cosines[allowed], 1e-4);
        EXPECT_GT(*result.cosine, cosines[allowed] - 1e-9);
        const auto accepted = std::count_if(cosines.begin(), cosines.end(),
                                            [&](double cosine) { return cosine >= *result.cosine; });
        EXPECT_NEAR(result.reached_far, static_cast<double>(accepted) / static_cast<double>(cosines.size()),
                    1.5 / static_cast<double>(cosines.size()));
        EXPECT_LE(result.reached_far, far);
    }
}

TEST_F(ImpostorPairs, TooFewPairsGiveNoThreshold) {
    Gallery gallery =
        Gallery::open_or_create(folder_.file("faces.db"), made_network(kSize), FaceStore::kInt8);
    EXPECT_FALSE(threshold(gallery, 0.5).cosine);
    enroll_made(gallery, made_, 5, 2);  // 10 * 8 / 2 pairs of different people
    ImpostorThreshold result = threshold(gallery, 0.01);
    EXPECT_EQ(result.pairs, 40);
    EXPECT_EQ(result.needed_pairs, 100);
    EXPECT_FALSE(result.cosine);
    result = threshold(gallery, 1.0 / 40);
    EXPECT_EQ(result.needed_pairs, 40);
    EXPECT_TRUE(result.cosine);
    EXPECT_THROW(threshold(gallery, 0), Error);
    EXPECT_THROW(threshold(gallery, 1.5), Error);
}

TEST(IdentificationRate, ByHand) {
    EXPECT_NEAR(false_positive_identification_rate(0.1, 2), 1 - 0.9 * 0.9, 1e-15);
    EXPECT_NEAR(false_positive_identification_rate(1e-12, 1000), 1e-9, 1e-18);
    EXPECT_EQ(false_positive_identification_rate(0, 1000), 0);
    EXPECT_EQ(false_positive_identification_rate(1, 3), 1);
    for (const int64_t people : {int64_t{1}, int64_t{100}, int64_t{1000000}}) {
        EXPECT_NEAR(false_positive_identification_rate(far_of_identification_rate(0.01, people), people),
                    0.01, 1e-12);
    }
}

}  // namespace
}  // namespace quantface::test
