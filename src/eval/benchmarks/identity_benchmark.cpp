// A folder of identities: one subfolder a person; all pairs of all images.
#include <algorithm>

#include "base/error.h"
#include "eval/all_pairs.h"
#include "eval/benchmarks/benchmark.h"
#include "eval/embeddings.h"
#include "faces/sources.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

// Up to so many pairs are kept one by one, so that thresholds move with the people drawn, too.
constexpr int64_t kMostListedPairs = 20'000'000;

PairScores listed(const AllPairs& pairs, std::span<const int32_t> people) {
    PairScores scores;
    const auto add = [&](const ScoredPair& pair, bool same) {
        scores.distances.push_back(2 - 2 * static_cast<double>(pair.cosine));
        scores.same.push_back(same);
        scores.sides.push_back({pair.b, pair.a});
        scores.people.push_back({people[static_cast<size_t>(pair.b)], people[static_cast<size_t>(pair.a)]});
    };
    for (const ScoredPair& pair : pairs.genuine_pairs) add(pair, true);
    for (const ScoredPair& pair : pairs.impostor_pairs) add(pair, false);
    scores.people_count = *std::max_element(people.begin(), people.end()) + 1;
    return scores;
}

class IdentityBenchmark final : public Benchmark {
  public:
    IdentityBenchmark(const fs::path& folder, const BenchmarkOptions& options)
        : folder_(folder), options_(options) {
        const std::vector<std::string> images = list_images(folder);
        std::string person;
        for (const std::string& image : images) {
            const size_t slash = image.find('/');
            if (slash == std::string::npos) continue;  // of nobody
            if (people_.empty() || image.compare(0, slash + 1, person) != 0) {
                person = image.substr(0, slash + 1);
                ++people_count_;
            }
            images_.push_back(image);
            people_.push_back(people_count_ - 1);
        }
        bool genuine = false;
        for (size_t i = 1; i < people_.size(); ++i) genuine = genuine || people_[i] == people_[i - 1];
        if (people_count_ < 2 || !genuine) {
            fail_bad_input(
                folder.string() +
                ": no folder of identities: one subfolder a person, two people at least, and two images of "
                "one of them are needed");
        }
    }

    std::string name() const override {
        std::error_code error;
        const fs::path whole = fs::canonical(folder_, error);
        return (error ? folder_ : whole).filename().string();
    }
    std::string kind() const override { return "identities"; }
    std::string path() const override { return folder_.string(); }
    int64_t image_count() const override { return static_cast<int64_t>(images_.size()); }
    std::string image_name(int64_t index) const override { return images_[static_cast<size_t>(index)]; }
    Image face(int64_t index, int side) const override {
        const fs::path path = folder_ / images_[static_cast<size_t>(index)];
        return options_.align(read_image(path), path.string(), side);
    }
    bool needs_mirrored() const override { return options_.flip; }
    bool aligns_photos() const override { return true; }
    std::vector<DataFile> data_files() const override {
        std::vector<DataFile> files;
        for (const std::string& image : images_) files.push_back({image, folder_ / image});
        return files;
    }

    Judgement judge(const BenchmarkEmbeddings& embeddings, const JudgeOptions& options, ThreadPool& pool,
                    Progress& progress) const override {
        std::vector<float> rows = options_.flip
                                      ? sum_of_flips(embeddings.plain, embeddings.mirrored)
                                      : std::vector<float>(embeddings.plain.begin(), embeddings.plain.end());
        const auto failed = std::count(embeddings.failed.begin(), embeddings.failed.end(), true);
        const int64_t invalid = normalize_embeddings(rows, embeddings.dimension) - failed;
        const auto count = static_cast<int64_t>(images_.size());
        const bool keep = count * (count - 1) / 2 <= kMostListedPairs;
        const AllPairs pairs = score_all_pairs(rows, embeddings.dimension, people_, keep, pool, progress);
        if (pairs.genuine.count() == 0 || pairs.impostors.count() == 0) {
            fail_bad_input(folder_.string() + ": too few images with a usable embedding to judge by (" +
                           std::to_string(count - pairs.excluded_rows) + " of " + std::to_string(count) +
                           ")");
        }
        Judgement judgement = keep ? judge_pairs(listed(pairs, people_), options, pool, progress)
                                   : judge_all_pairs(pairs, people_, options);
        judgement.invalid_embeddings = invalid;
        if (pairs.excluded_rows > 0)
            judgement.notes.push_back(std::to_string(pairs.excluded_rows) +
                                      " images are left out of all pairs");
        return judgement;
    }

  private:
    fs::path folder_;
    BenchmarkOptions options_;
    std::vector<std::string> images_;
    std::vector<int32_t> people_;
    int32_t people_count_ = 0;
};

}  // namespace

std::unique_ptr<Benchmark> open_identity_benchmark(const fs::path& folder, const BenchmarkOptions& options) {
    return std::make_unique<IdentityBenchmark>(folder, options);
}

}  // namespace quantface
