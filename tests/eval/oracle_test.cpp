// Every figure of an evaluation against NumPy and SciPy (tests/peer/evaluation_oracle.py), on random data
// with ties.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/rng.h"
#include "eval/bootstrap.h"
#include "eval/identification.h"
#include "eval/roc.h"
#include "eval/templates.h"
#include "eval/verification.h"

namespace quantface::test {
namespace {

using Json = nlohmann::json;

// An interpreter that has both libraries; empty where there is none.
std::string python() {
    for (const std::string name : {"python3", "/usr/bin/python3"}) {
        if (std::system((name + " -c 'import numpy, scipy' >/dev/null 2>&1").c_str()) == 0) return name;
    }
    return {};
}

struct RandomData {
    static constexpr int kPairs = 403, kPeople = 40, kTemplates = 30, kDimension = 8;
    std::vector<double> distances;
    std::vector<bool> same;
    std::vector<std::array<int32_t, 2>> people;
    std::vector<float> plain, mirrored, scores;
    std::vector<TemplateImage> images;

    explicit RandomData(uint64_t seed) {
        Rng rng(seed);
        for (int i = 0; i < kPairs; ++i) {
            const auto a = static_cast<int32_t>(rng.below(kPeople));
            const auto b =
                rng.chance(0.4) ? a : static_cast<int32_t>((a + 1 + rng.below(kPeople - 1)) % kPeople);
            people.push_back({a, b});
            same.push_back(a == b);
            // Coarse, so that many are equal.
            const double distance = (a == b ? 1.1 : 1.7) + 0.35 * rng.normal();
            distances.push_back(std::clamp(std::round(distance * 64) / 64, 0.0, 3.984375));
        }
        for (int t = 0; t < kTemplates; ++t) {
            const auto count = 1 + rng.below(6);
            std::vector<double> centre(kDimension);
            for (double& x : centre) x = rng.normal();
            for (uint64_t i = 0; i < count; ++i) {
                images.push_back({7 * t + 3, static_cast<int64_t>(rng.below(3))});
                scores.push_back(static_cast<float>(rng.uniform(0.2, 1)));
                for (int k = 0; k < kDimension; ++k) {
                    plain.push_back(static_cast<float>(centre[static_cast<size_t>(k)] + rng.normal()));
                    mirrored.push_back(static_cast<float>(centre[static_cast<size_t>(k)] + rng.normal()));
                }
            }
        }
    }
};

Json matrix(const std::vector<float>& numbers, size_t width) {
    Json rows = Json::array();
    for (size_t i = 0; i < numbers.size(); i += width)
        rows.push_back(std::vector<float>(numbers.begin() + static_cast<std::ptrdiff_t>(i),
                                          numbers.begin() + static_cast<std::ptrdiff_t>(i + width)));
    return rows;
}

const std::vector<double> kFars = {0.001, 0.004, 0.01, 0.05, 0.1, 0.29, 0.5, 1};
const std::vector<double> kFpirs = {0.01, 0.1, 0.5};
constexpr int kReplicates = 25;
constexpr double kConfidence = 0.9;

// Probes are the last templates, each with a mate among the first.
struct Search {
    std::vector<size_t> probes, gallery;
    std::vector<int64_t> mates;
};

Search search_of(size_t templates) {
    Search search;
    for (size_t i = 0; i < templates; ++i) {
        if (i < templates / 2) {
            search.gallery.push_back(i);
        } else {
            search.probes.push_back(i);
            search.mates.push_back(static_cast<int64_t>((i * 7) % (templates / 2)));
        }
    }
    return search;
}

Json input_of(const RandomData& data, const TemplateOptions& options, uint64_t seed) {
    Json draws = Json::array(), ids = Json::array(), media = Json::array();
    for (uint64_t r = 0; r < kReplicates; ++r) draws.push_back(draw_people(RandomData::kPeople, seed, r));
    for (const TemplateImage& image : data.images) {
        ids.push_back(image.template_id);
        media.push_back(image.medium);
    }
    const Search search = search_of(RandomData::kTemplates);
    return {{"distances", data.distances},
            {"same", std::vector<bool>(data.same)},
            {"people", data.people},
            {"fars", kFars},
            {"draws", draws},
            {"confidence", kConfidence},
            {"images",
             {{"plain", matrix(data.plain, RandomData::kDimension)},
              {"mirrored", matrix(data.mirrored, RandomData::kDimension)},
              {"scores", data.scores},
              {"templates", ids},
              {"media", media},
              {"options",
               {{"keep_norm", options.keep_norm},
                {"detector_score", options.detector_score},
                {"flip", options.flip}}}}},
            {"probes", search.probes},
            {"gallery", search.gallery},
            {"mates", search.mates},
            {"fpirs", kFpirs}};
}

std::vector<float> rows_of(const Templates& templates, const std::vector<size_t>& which) {
    std::vector<float> rows;
    const auto width = static_cast<size_t>(templates.dimension);
    for (const size_t i : which) {
        rows.insert(rows.end(), templates.rows.begin() + static_cast<std::ptrdiff_t>(i * width),
                    templates.rows.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
    }
    return rows;
}

void expect_interval(const std::optional<Interval>& ours, const Json& theirs, const std::string& name) {
    ASSERT_EQ(ours.has_value(), theirs.is_array()) << name;
    if (!ours) return;
    EXPECT_NEAR(ours->low, theirs[0].get<double>(), 1e-12) << name;
    EXPECT_NEAR(ours->high, theirs[1].get<double>(), 1e-12) << name;
}

void check_curve(const RandomData& data, const Json& theirs, uint64_t seed) {
    const RocCurve curve = RocCurve::of_pairs(data.distances, data.same);
    EXPECT_NEAR(roc_auc(curve), theirs["auc"].get<double>(), 1e-12);
    EXPECT_NEAR(equal_error_rate(curve), theirs["equal_error_rate"].get<double>(), 1e-12);
    EXPECT_NEAR(*curve.d_prime(), theirs["d_prime"].get<double>(), 1e-9);
    const TenFoldResult folds = ten_fold_accuracy(data.distances, data.same);
    EXPECT_NEAR(folds.accuracy_mean, theirs["ten_fold"][0].get<double>(), 1e-12);
    EXPECT_NEAR(folds.accuracy_std, theirs["ten_fold"][1].get<double>(), 1e-12);
    ThreadPool pool(2);
    SilentProgress progress;
    const PairsOfPeople pairs{data.distances, data.same, data.people, RandomData::kPeople, {}};
    const BootstrapResult drawn =
        bootstrap_over_people(pairs, kFars, {kReplicates, kConfidence, seed}, pool, progress);
    expect_interval(drawn.auc, theirs["intervals"]["auc"], "auc");
    expect_interval(drawn.equal_error_rate, theirs["intervals"]["equal_error_rate"], "equal error rate");
    for (size_t i = 0; i < kFars.size(); ++i) {
        const TarAtFar strict = tar_at_far(curve, kFars[i]);
        ASSERT_EQ(strict.tar.has_value(), theirs["strict"][i].is_number()) << kFars[i];
        if (!strict.tar) continue;
        EXPECT_NEAR(*strict.tar, theirs["strict"][i].get<double>(), 1e-12) << kFars[i];
        EXPECT_NEAR(tar_at_far_linear(curve, kFars[i]), theirs["linear"][i].get<double>(), 1e-12) << kFars[i];
        EXPECT_NEAR(tar_at_far_nearest(curve, kFars[i]), theirs["nearest"][i].get<double>(), 1e-12)
            << kFars[i];
        expect_interval(drawn.tar[i], theirs["intervals"]["tar" + std::to_string(i)],
                        std::to_string(kFars[i]));
    }
}

void check_templates(const RandomData& data, const TemplateOptions& options, const Json& theirs) {
    const ImageFeatures features =
        image_features(data.plain, data.mirrored, RandomData::kDimension, data.scores, options);
    const Templates templates = fuse_templates(features, data.images);
    ASSERT_EQ(templates.ids.size(), theirs["templates"].size());
    for (size_t i = 0; i < templates.rows.size(); ++i) {
        const auto width = static_cast<size_t>(templates.dimension);
        EXPECT_NEAR(templates.rows[i], theirs["templates"][i / width][i % width].get<double>(), 1e-6);
    }
    const Search search = search_of(templates.ids.size());
    ThreadPool pool(2);
    const Identification found =
        identify(rows_of(templates, search.probes), rows_of(templates, search.gallery), templates.dimension,
                 search.mates, kFpirs, pool);
    EXPECT_EQ(found.rank_1, theirs["identification"][0]);
    EXPECT_EQ(found.rank_5, theirs["identification"][1]);
    EXPECT_EQ(found.rank_10, theirs["identification"][2]);
    for (size_t i = 0; i < kFpirs.size(); ++i)
        EXPECT_EQ(found.open_set[i].tpir, theirs["identification"][3 + i]);
}

class Oracle : public testing::TestWithParam<const char*> {};

TEST_P(Oracle, AgreesOnEveryFigure) {
    const std::string interpreter = python();
    if (interpreter.empty()) GTEST_SKIP() << "no Python with NumPy and SciPy (Debian: python3-scipy)";
    const std::string stem =
        (std::filesystem::temp_directory_path() / ("quantface_oracle_" + std::to_string(::getpid())))
            .string();
    const TemplateOptions options = parse_template_options(GetParam());
    for (const uint64_t seed : {1u, 2u}) {
        const RandomData data(seed);
        std::ofstream(stem + ".in") << input_of(data, options, seed);
        const std::string command =
            interpreter + " tests/peer/evaluation_oracle.py '" + stem + ".in' '" + stem + ".out'";
        ASSERT_EQ(std::system(command.c_str()), 0);
        std::ifstream file(stem + ".out");
        const Json theirs = Json::parse(file);
        check_curve(data, theirs, seed);
        check_templates(data, options, theirs);
    }
    std::filesystem::remove(stem + ".in");
    std::filesystem::remove(stem + ".out");
}

INSTANTIATE_TEST_SUITE_P(Templates, Oracle, testing::Values("N1D1F2", "N0D1F1", "N1D0F0", "N0D0F2"));

}  // namespace
}  // namespace quantface::test
