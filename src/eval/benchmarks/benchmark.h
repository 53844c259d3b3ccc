// A benchmark: images of faces, and how embeddings of them are judged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "eval/judgement.h"
#include "eval/templates.h"
#include "faces/image.h"

namespace quantface {

// A photograph to a face of side x side pixels; thread-safe; throws Error(kBadInput) with `name` where there
// is none.
using FaceAligner = std::function<Image(const Image& photo, const std::string& name, int side)>;

struct BenchmarkOptions {
    FaceAligner align;    // for photographs that are not aligned
    bool detect = false;  // find faces anew where the benchmark brings its own landmarks
    bool flip = false;    // add the mirror image's embedding; IJB goes by its own option
    TemplateOptions ijb;
};

// What a network made of a benchmark's images.
struct BenchmarkEmbeddings {
    std::span<const float> plain;     // images x dimension, as the network gave them
    std::span<const float> mirrored;  // the same of the mirror images; empty where needs_mirrored() is false
    int64_t dimension = 0;
    const std::vector<bool>& failed;  // images without a face: their rows are zeros
};

class Benchmark {
  public:
    virtual ~Benchmark() = default;
    virtual std::string name() const = 0;  // the file's or folder's, without ending
    virtual std::string kind() const = 0;  // "pack", "pairs", "ijb" or "identities"
    virtual std::string path() const = 0;  // as given
    virtual int64_t image_count() const = 0;
    virtual std::string image_name(int64_t index) const = 0;
    // The face aligned for a network whose longer side is `side`. Thread-safe. Throws Error(kBadInput) where
    // it cannot be read or no face is in it.
    virtual Image face(int64_t index, int side) const = 0;
    virtual bool needs_mirrored() const = 0;
    // Whether photographs are aligned on the way by BenchmarkOptions::align.
    virtual bool aligns_photos() const = 0;
    // All files that the result depends on, by a name that is the same on every machine.
    struct DataFile {
        std::string name;
        std::filesystem::path path;
    };
    virtual std::vector<DataFile> data_files() const = 0;
    virtual Judgement judge(const BenchmarkEmbeddings& embeddings, const JudgeOptions& options,
                            ThreadPool& pool, Progress& progress) const = 0;
    // The image that stands for a side of a WorstPair.
    virtual int64_t image_of_side(int64_t side) const { return side; }
};

// Each kind's file opens it; all throw Error(kBadInput) before any work where the benchmark cannot be judged.
std::unique_ptr<Benchmark> open_pack_benchmark(const std::filesystem::path& path,
                                               const BenchmarkOptions& options);
std::unique_ptr<Benchmark> open_pair_list_benchmark(const std::filesystem::path& list,
                                                    const std::filesystem::path& folder,
                                                    const BenchmarkOptions& options);
std::unique_ptr<Benchmark> open_ijb_benchmark(const std::filesystem::path& folder,
                                              const BenchmarkOptions& options);
std::unique_ptr<Benchmark> open_identity_benchmark(const std::filesystem::path& folder,
                                                   const BenchmarkOptions& options);

// FILE.bin, LIST:FOLDER, a folder in IJB layout, or a folder of identities.
std::unique_ptr<Benchmark> open_benchmark(const std::string& spec, const BenchmarkOptions& options);

}  // namespace quantface
