// IJB-B, IJB-C and what is laid out like them: templates, 1:1 pairs of templates, 1:N where its files are
// there.
#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "eval/benchmarks/benchmark.h"
#include "eval/benchmarks/image_pairs.h"
#include "eval/people.h"
#include "faces/ijb_layout.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

// Rows of templates in the order of a list.
std::vector<float> rows_of(const Templates& templates, std::span<const IjbTemplateSubject> list) {
    std::vector<float> rows;
    for (const IjbTemplateSubject& entry : list) {
        const float* row = templates.rows.data() + templates.find(entry.template_id) * templates.dimension;
        rows.insert(rows.end(), row, row + templates.dimension);
    }
    return rows;
}

class IjbBenchmark final : public Benchmark {
  public:
    IjbBenchmark(const fs::path& folder, const BenchmarkOptions& options)
        : folder_(folder), options_(options), layout_(read_ijb_layout(folder)) {
        for (const IjbTemplatePair& pair : layout_.pairs) same_.push_back(pair.same);
        check_judgeable(same_, folder.string());
        find_mates();
        for (const IjbImage& image : layout_.images) {
            images_.push_back({image.template_id, image.medium});
            scores_.push_back(image.score);
        }
        number_templates();
    }

    std::string name() const override {
        const std::string file = layout_.meta_files[0].filename().string();
        return file.substr(0, file.find("_face_tid_mid"));
    }
    std::string kind() const override { return "ijb"; }
    std::string path() const override { return folder_.string(); }
    int64_t image_count() const override { return static_cast<int64_t>(images_.size()); }
    std::string image_name(int64_t index) const override {
        return layout_.images[static_cast<size_t>(index)].name;
    }
    Image face(int64_t index, int side) const override {
        const IjbImage& image = layout_.images[static_cast<size_t>(index)];
        const fs::path path = layout_.photos / image.name;
        const Image photo = read_image(path);
        return options_.detect ? options_.align(photo, path.string(), side)
                               : aligned_face(photo, image.landmarks, side);
    }
    bool needs_mirrored() const override { return options_.ijb.flip > 0; }
    bool aligns_photos() const override { return options_.detect; }
    std::vector<DataFile> data_files() const override {
        std::vector<DataFile> files;
        for (const fs::path& meta : layout_.meta_files)
            files.push_back({"meta/" + meta.filename().string(), meta});
        for (const IjbImage& image : layout_.images)
            files.push_back({image.name, layout_.photos / image.name});
        return files;
    }
    int64_t image_of_side(int64_t side) const override { return first_image_[static_cast<size_t>(side)]; }

    Judgement judge(const BenchmarkEmbeddings& embeddings, const JudgeOptions& options, ThreadPool& pool,
                    Progress& progress) const override {
        const ImageFeatures features = image_features(embeddings.plain, embeddings.mirrored,
                                                      embeddings.dimension, scores_, options_.ijb);
        const Templates templates = fuse_templates(features, images_);
        Judgement judgement = judge_pairs(pair_scores(templates), options, pool, progress);
        judgement.invalid_embeddings =
            features.invalid - std::count(embeddings.failed.begin(), embeddings.failed.end(), true);
        if (!mates_.empty()) {
            const std::vector<double> fpirs = {0.01, 0.1};
            judgement.identification =
                identify(rows_of(templates, layout_.probes), rows_of(templates, layout_.gallery),
                         templates.dimension, mates_, fpirs, pool);
        }
        judgement.notes.push_back("templates made by " + options_.ijb.name());
        return judgement;
    }

  private:
    void find_mates() {
        std::unordered_map<int64_t, int64_t> rows;
        for (size_t i = 0; i < layout_.gallery.size(); ++i) {
            if (!rows.emplace(layout_.gallery[i].subject, static_cast<int64_t>(i)).second) {
                fail_bad_input(folder_.string() + ": subject " + std::to_string(layout_.gallery[i].subject) +
                               " has two templates in the gallery");
            }
        }
        for (const IjbTemplateSubject& probe : layout_.probes) {
            const auto found = rows.find(probe.subject);
            if (found == rows.end()) {
                fail_bad_input(folder_.string() + ": subject " + std::to_string(probe.subject) +
                               " of a probe is not in the gallery");
            }
            mates_.push_back(found->second);
        }
    }

    // Templates are numbered by their ids, ascending, as fuse_templates orders them.
    void number_templates() {
        for (const TemplateImage& image : images_) ids_.push_back(image.template_id);
        std::sort(ids_.begin(), ids_.end());
        ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
        first_image_.assign(ids_.size(), -1);
        for (size_t i = 0; i < images_.size(); ++i) {
            int64_t& first = first_image_[static_cast<size_t>(number_of(images_[i].template_id))];
            if (first < 0) first = static_cast<int64_t>(i);
        }
        PeopleByPairs people(static_cast<int64_t>(ids_.size()));
        for (const IjbTemplatePair& pair : layout_.pairs) {
            if (pair.same) people.join(number_of(pair.a), number_of(pair.b));
        }
        people_ = people.people();
    }

    int64_t number_of(int64_t id) const {
        return std::lower_bound(ids_.begin(), ids_.end(), id) - ids_.begin();
    }

    PairScores pair_scores(const Templates& templates) const {
        PairScores scores;
        scores.same = same_;
        scores.people_count = *std::max_element(people_.begin(), people_.end()) + 1;
        for (const IjbTemplatePair& pair : layout_.pairs) {
            const int64_t a = number_of(pair.a), b = number_of(pair.b);
            const float* x = templates.rows.data() + a * templates.dimension;
            const float* y = templates.rows.data() + b * templates.dimension;
            double dot = 0;
            for (int64_t k = 0; k < templates.dimension; ++k) dot += static_cast<double>(x[k]) * y[k];
            scores.distances.push_back(2 - 2 * dot);
            scores.sides.push_back({a, b});
            scores.people.push_back({people_[static_cast<size_t>(a)], people_[static_cast<size_t>(b)]});
        }
        return scores;
    }

    fs::path folder_;
    BenchmarkOptions options_;
    IjbLayout layout_;
    std::vector<bool> same_;
    std::vector<TemplateImage> images_;
    std::vector<float> scores_;
    std::vector<int64_t> ids_, first_image_, mates_;
    std::vector<int32_t> people_;
};

}  // namespace

std::unique_ptr<Benchmark> open_ijb_benchmark(const fs::path& folder, const BenchmarkOptions& options) {
    return std::make_unique<IjbBenchmark>(folder, options);
}

}  // namespace quantface
