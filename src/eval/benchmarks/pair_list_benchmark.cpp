// Lists of pairs with a folder of photographs, aligned on the way.
#include "base/error.h"
#include "eval/benchmarks/image_pairs.h"
#include "eval/people.h"
#include "faces/pair_list.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

class PairListBenchmark final : public Benchmark {
  public:
    PairListBenchmark(const fs::path& list, const fs::path& folder, const BenchmarkOptions& options)
        : list_path_(list), folder_(folder), options_(options) {
        PairList list_read = read_pair_list(list, folder);
        check_judgeable(list_read.same, list.string());
        images_ = std::move(list_read.images);
        pairs_.pairs = std::move(list_read.pairs);
        pairs_.same = std::move(list_read.same);
        pairs_.people = std::move(list_read.people);
        pairs_.folds = list_read.folds;
        if (!pairs_.people.empty()) return;
        PeopleByPairs people(image_count());
        for (size_t i = 0; i < pairs_.pairs.size(); ++i) {
            if (pairs_.same[i]) people.join(pairs_.pairs[i][0], pairs_.pairs[i][1]);
        }
        pairs_.people = people.people();
    }

    std::string name() const override { return list_path_.stem().string(); }
    std::string kind() const override { return "pairs"; }
    std::string path() const override { return list_path_.string() + ":" + folder_.string(); }
    int64_t image_count() const override { return static_cast<int64_t>(images_.size()); }
    std::string image_name(int64_t index) const override { return images_[static_cast<size_t>(index)]; }
    Image face(int64_t index, int side) const override {
        const fs::path path = folder_ / images_[static_cast<size_t>(index)];
        return options_.align(read_image(path), path.string(), side);
    }
    bool needs_mirrored() const override { return options_.flip; }
    bool aligns_photos() const override { return true; }
    std::vector<DataFile> data_files() const override {
        std::vector<DataFile> files = {{list_path_.filename().string(), list_path_}};
        for (const std::string& image : images_) files.push_back({image, folder_ / image});
        return files;
    }
    Judgement judge(const BenchmarkEmbeddings& embeddings, const JudgeOptions& options, ThreadPool& pool,
                    Progress& progress) const override {
        return judge_image_pairs(pairs_, embeddings, options_.flip, options, pool, progress);
    }

  private:
    fs::path list_path_, folder_;
    BenchmarkOptions options_;
    std::vector<std::string> images_;
    ImagePairs pairs_;
};

}  // namespace

std::unique_ptr<Benchmark> open_pair_list_benchmark(const fs::path& list, const fs::path& folder,
                                                    const BenchmarkOptions& options) {
    return std::make_unique<PairListBenchmark>(list, folder, options);
}

}  // namespace quantface
