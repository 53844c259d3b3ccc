#include "eval/all_pairs.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"
#include "eval/embeddings.h"
#include "eval/judgement.h"
#include "eval/people.h"

namespace quantface::test {
namespace {

constexpr int kDimension = 19;

struct Crowd {
    std::vector<float> rows;
    std::vector<int32_t> people;

    Crowd(int count, int per_person, double spread, uint64_t seed) {
        Rng rng(seed);
        std::vector<double> centre(kDimension);
        for (int i = 0; i < count; ++i) {
            if (i % per_person == 0) {
                for (double& x : centre) x = rng.normal();
            }
            for (const double x : centre) rows.push_back(static_cast<float>(x + spread * rng.normal()));
            people.push_back(i / per_person);
        }
        normalize_embeddings(rows, kDimension);
    }
};

AllPairs score(const Crowd& crowd, bool keep, int threads) {
    ThreadPool pool(threads);
    SilentProgress progress;
    return score_all_pairs(crowd.rows, kDimension, crowd.people, keep, pool, progress);
}

TEST(AllPairs, EqualsTheNaiveLoops) {
    Crowd crowd(1500, 4, 0.8, 1);  // more than one block of rows
    std::fill_n(crowd.rows.begin() + 7 * kDimension, kDimension, 0.0f);
    const AllPairs pairs = score(crowd, true, 2);
    EXPECT_EQ(pairs.excluded_rows, 1);
    size_t g = 0, i = 0;
    for (int32_t a = 0; a < 1500; ++a) {
        for (int32_t b = 0; b < a; ++b) {
            if (a == 7 || b == 7) continue;
            const auto row = [&](int32_t index) {
                return std::span(crowd.rows).subspan(static_cast<size_t>(index) * kDimension, kDimension);
            };
            const bool same = crowd.people[static_cast<size_t>(a)] == crowd.people[static_cast<size_t>(b)];
            const ScoredPair& pair = same ? pairs.genuine_pairs.at(g++) : pairs.impostor_pairs.at(i++);
            ASSERT_EQ(pair.a, a);
            ASSERT_EQ(pair.b, b);
            ASSERT_NEAR(pair.cosine, cosine_similarity(row(a), row(b)), 1e-5);
        }
    }
    EXPECT_EQ(g, pairs.genuine_pairs.size());
    EXPECT_EQ(i, pairs.impostor_pairs.size());
    EXPECT_EQ(pairs.genuine.count(), static_cast<int64_t>(g));
    EXPECT_EQ(pairs.impostors.count(), static_cast<int64_t>(i));
    std::vector<float> impostors;
    for (const ScoredPair& pair : pairs.impostor_pairs) impostors.push_back(pair.cosine);
    std::sort(impostors.rbegin(), impostors.rend());
    ASSERT_EQ(pairs.closest_impostors.size(), kClosestKept);
    for (size_t k = 0; k < kClosestKept; ++k) EXPECT_EQ(pairs.closest_impostors[k].cosine, impostors[k]);
}

TEST(AllPairs, DoesNotDependOnThreads) {
    const Crowd crowd(600, 3, 0.5, 2);
    const AllPairs one = score(crowd, false, 1), four = score(crowd, false, 4);
    ASSERT_EQ(one.genuine_pairs.size(), four.genuine_pairs.size());
    for (size_t i = 0; i < one.genuine_pairs.size(); ++i)
        ASSERT_EQ(one.genuine_pairs[i].cosine, four.genuine_pairs[i].cosine);
    EXPECT_EQ(one.impostors.counts_from(), four.impostors.counts_from());
    EXPECT_TRUE(four.impostor_pairs.empty());
}

// The way of very large sets and the way of small ones, on the same pairs.
TEST(AllPairs, HistogramAndListAreJudgedAlike) {
    const Crowd crowd(900, 3, 0.7, 3);
    const AllPairs pairs = score(crowd, true, 2);
    PairScores scores;
    const auto add = [&](const ScoredPair& pair, bool same) {
        scores.distances.push_back(2 - 2 * static_cast<double>(pair.cosine));
        scores.same.push_back(same);
        scores.sides.push_back({pair.a, pair.b});
        scores.people.push_back(
            {crowd.people[static_cast<size_t>(pair.a)], crowd.people[static_cast<size_t>(pair.b)]});
    };
    for (const ScoredPair& pair : pairs.genuine_pairs) add(pair, true);
    for (const ScoredPair& pair : pairs.impostor_pairs) add(pair, false);
    scores.people_count = 300;
    ThreadPool pool(2);
    SilentProgress progress;
    JudgeOptions options;
    options.bootstrap.replicates = 200;
    const Judgement listed = judge_pairs(scores, options, pool, progress);
    const Judgement counted = judge_all_pairs(pairs, crowd.people, options);
    EXPECT_EQ(listed.genuine_pairs, counted.genuine_pairs);
    EXPECT_NEAR(listed.auc, counted.auc, 1e-5);
    EXPECT_NEAR(listed.equal_error_rate, counted.equal_error_rate, 2e-3);
    EXPECT_EQ(listed.histogram.genuine, counted.histogram.genuine);
    ASSERT_EQ(listed.rates.size(), counted.rates.size());
    for (size_t i = 0; i < listed.rates.size(); ++i) {
        ASSERT_EQ(listed.rates[i].strict.tar.has_value(), counted.rates[i].strict.tar.has_value());
        if (!listed.rates[i].strict.tar) continue;
        EXPECT_NEAR(*listed.rates[i].strict.tar, *counted.rates[i].strict.tar, 5e-3);
        // With thresholds that move, intervals are at least about as wide.
        const double wide = listed.rates[i].interval->high - listed.rates[i].interval->low;
        const double narrow = counted.rates[i].interval->high - counted.rates[i].interval->low;
        EXPECT_GT(wide, 0.5 * narrow);
        EXPECT_LE(counted.rates[i].interval->low, *counted.rates[i].strict.tar);
        EXPECT_GE(counted.rates[i].interval->high, *counted.rates[i].strict.tar);
    }
    EXPECT_FALSE(listed.false_matches.empty());
    EXPECT_EQ(listed.false_matches[0].cosine, counted.false_matches[0].cosine);
    EXPECT_EQ(listed.false_non_matches[0].cosine, counted.false_non_matches[0].cosine);
}

TEST(AllPairs, WrongSizesAreRefused) {
    ThreadPool pool(1);
    SilentProgress progress;
    const std::vector<float> rows(10);
    const std::vector<int32_t> people(3);
    EXPECT_THROW(score_all_pairs(rows, 4, people, true, pool, progress), Error);
    EXPECT_THROW(score_all_pairs(rows, 0, people, true, pool, progress), Error);
}

TEST(PeopleByPairs, JoinsAcrossPairs) {
    PeopleByPairs people(6);
    people.join(4, 2);
    people.join(0, 5);
    people.join(2, 5);
    EXPECT_EQ(people.people(), (std::vector<int32_t>{0, 1, 0, 2, 0, 0}));
}

}  // namespace
}  // namespace quantface::test
