// InsightFace's .bin packs.
#include <functional>
#include <string_view>
#include <unordered_map>

#include "eval/benchmarks/image_pairs.h"
#include "eval/people.h"
#include "faces/bin_pack.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

// A pack names nobody: images of a pair of one person, and equal images, show one person.
std::vector<int32_t> people_of(const BinPack& pack) {
    PeopleByPairs people(pack.image_count());
    for (int64_t pair = 0; pair < pack.pair_count(); ++pair) {
        if (pack.same(pair)) people.join(2 * pair, 2 * pair + 1);
    }
    std::unordered_multimap<size_t, int64_t> seen;
    for (int64_t image = 0; image < pack.image_count(); ++image) {
        const std::vector<uint8_t> bytes = pack.encoded_image(image);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const size_t hash = std::hash<std::string_view>()(text);
        const auto [begin, end] = seen.equal_range(hash);
        bool known = false;
        for (auto earlier = begin; earlier != end && !known; ++earlier) {
            known = pack.encoded_image(earlier->second) == bytes;
            if (known) people.join(earlier->second, image);
        }
        if (!known) seen.emplace(hash, image);
    }
    return people.people();
}

class PackBenchmark final : public Benchmark {
  public:
    PackBenchmark(const fs::path& path, const BenchmarkOptions& options)
        : path_(path), flip_(options.flip), pack_(BinPack::open(path)) {
        check_judgeable(pack_.same_flags(), path.string());
        for (int64_t pair = 0; pair < pack_.pair_count(); ++pair)
            pairs_.pairs.push_back({2 * pair, 2 * pair + 1});
        pairs_.same = pack_.same_flags();
        pairs_.people = people_of(pack_);
        pairs_.folds = true;
    }

    std::string name() const override { return path_.stem().string(); }
    std::string kind() const override { return "pack"; }
    std::string path() const override { return path_.string(); }
    int64_t image_count() const override { return pack_.image_count(); }
    std::string image_name(int64_t index) const override {
        return pack_.file_name() + "#" + std::to_string(index);
    }
    Image face(int64_t index, int) const override { return pack_.image(index); }
    bool needs_mirrored() const override { return flip_; }
    bool aligns_photos() const override { return false; }
    std::vector<DataFile> data_files() const override { return {{path_.filename().string(), path_}}; }
    Judgement judge(const BenchmarkEmbeddings& embeddings, const JudgeOptions& options, ThreadPool& pool,
                    Progress& progress) const override {
        return judge_image_pairs(pairs_, embeddings, flip_, options, pool, progress);
    }

  private:
    fs::path path_;
    bool flip_;
    BinPack pack_;
    ImagePairs pairs_;
};

}  // namespace

std::unique_ptr<Benchmark> open_pack_benchmark(const fs::path& path, const BenchmarkOptions& options) {
    return std::make_unique<PackBenchmark>(path, options);
}

}  // namespace quantface
