#include "train/guided_faces.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "synth/face_folder.h"
#include "train/caching_allocator.h"
#include "train/training_device.h"

namespace quantface {

namespace {

using Json = nlohmann::ordered_json;
using Settings = std::vector<std::pair<std::string, std::string>>;

// Raised whenever the same settings would give other images.
constexpr int kGuideVersion = 1;

Settings settings_of(const Graph& teacher, const std::string& source, const GuidedOptions& options) {
    const InputSpec& spec = teacher.input_spec;
    Json recipe;
    for (const auto& [name, value] : guided_values(options.recipe)) recipe[name] = Json::parse(value);
    return {{"guided_version", std::to_string(kGuideVersion)},
            {"teacher_sha256", Json(options.teacher_sha256).dump()},
            {"input_size", Json({spec.height, spec.width}).dump()},
            {"input_mean", Json(spec.mean).dump()},
            {"input_std", Json(spec.std).dump()},
            {"input_colors", spec.color_order == ColorOrder::kBgr ? "\"bgr\"" : "\"rgb\""},
            {"source", Json(source).dump()},
            {"seed", std::to_string(options.seed)},
            {"recipe", recipe.dump()}};
}

void check(const ImageSource& source, const GuidedOptions& options) {
    if (options.views < 1 || options.recipe.batch % options.views != 0) {
        fail_usage(
            fmt::format("guided faces: a batch of {} images does not hold {} views of each identity; "
                        "give --set batch=N with a multiple of {}",
                        options.recipe.batch, options.views, options.views));
    }
    const std::optional<int64_t> size = source.size();
    if (size && *size < options.count) {
        fail_usage(
            fmt::format("guided faces: {} has {} images, and {} are to be guided; give a smaller "
                        "count or another source",
                        source.description(), *size, options.count));
    }
}

class Run {
  public:
    Run(const Graph& teacher, const ImageSource& source, const GuidedOptions& options, ThreadPool& pool,
        Progress& progress)
        : source_(source),
          options_(options),
          pool_(pool),
          progress_(progress),
          spec_(teacher.input_spec),
          folder_({options.folder,
                   options.count,
                   options.views,
                   "teacher-guided faces",
                   settings_of(teacher, source.description(), options),
                   {}}),
          guide_(teacher, options.recipe, options.views, options.seed, chosen_device(options.device)) {}

    GuidedResult run() {
        const int64_t batch = options_.recipe.batch, batches = (options_.count + batch - 1) / batch;
        std::vector<int64_t> missing;
        for (int64_t index = 0; index < batches; ++index) {
            if (!is_whole(index)) missing.push_back(index);
        }
        result_.bfloat16 = guide_.bfloat16();
        if (!missing.empty()) {
            // At least the batch norms' batch, so that statistics of a folded network mean something.
            guide_.set_crowd(load(0, std::max(options_.recipe.crowd, batch)));
            progress_.start("guiding faces, steps", std::ssize(missing) * (options_.recipe.steps + 1));
            for (const int64_t index : missing) make(index);
            progress_.finish();
        }
        result_.kept = options_.count - result_.made;
        return result_;
    }

  private:
    int64_t end_of(int64_t index) const {
        return std::min(options_.count, (index + 1) * options_.recipe.batch);
    }

    bool is_whole(int64_t index) const {
        for (int64_t image = index * options_.recipe.batch; image < end_of(index); ++image) {
            if (!folder_.is_whole(image)) return false;
        }
        return true;
    }

    void stop_where_asked() const {
        if (progress_.stop_requested()) fail_work("interrupted: run again with the same options to go on");
    }

    // Images [first, first + count) of the source, fewer where it ends: (N, 3, H, W), 0..255, red first.
    at::Tensor load(int64_t first, int64_t count) const {
        if (const auto size = source_.size()) count = std::min(count, *size - first);
        std::vector<Image> images(static_cast<size_t>(count));
        pool_.parallel_for(count, [&](int64_t index, int) {
            stop_where_asked();
            images[static_cast<size_t>(index)] = source_.image(first + index);
        });
        const int height = images[0].height, width = images[0].width;
        std::vector<at::Tensor> rows;
        for (Image& image : images) {
            if (image.height != height || image.width != width || height < spec_.height ||
                width < spec_.width) {
                fail_bad_input(fmt::format("{}: images of one size, at least {}x{}, are needed",
                                           source_.description(), spec_.height, spec_.width));
            }
            rows.push_back(at::from_blob(image.rgb.data(), {height, width, 3}, at::kByte).permute({2, 0, 1}));
        }
        return at::stack(rows).to(at::kFloat).contiguous();
    }

    void make(int64_t index) {
        const auto started = std::chrono::steady_clock::now();
        const int64_t first = index * options_.recipe.batch;
        // Whole, also where fewer are wanted: images must not depend on the count.
        const at::Tensor start = load(first, options_.recipe.batch);
        const GuidedBatch batch = guide_.move(index, start, [&] {
            progress_.advance(1);
            stop_where_asked();
        });
        const at::Tensor pixels = batch.images.permute({0, 2, 3, 1}).to(at::kByte).contiguous();
        const int64_t wanted = end_of(index) - first, bytes = pixels[0].numel();
        pool_.parallel_for(wanted, [&](int64_t image, int) {
            const uint8_t* from = pixels.data_ptr<uint8_t>() + image * bytes;
            folder_.write(first + image,
                          {static_cast<int>(pixels.size(1)), static_cast<int>(pixels.size(2)),
                           std::vector<uint8_t>(from, from + bytes)},
                          {});
        });
        folder_.save_manifest();
        seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        count(batch, wanted, start.size(0));
        progress_.advance(1);
    }

    void count(const GuidedBatch& batch, int64_t wanted, int64_t guided) {
        const auto take_in = [&](GuidedMeasures& mean, const GuidedMeasures& one) {
            const double part = 1 / static_cast<double>(batches_ + 1);
            mean.statistics += (one.statistics - mean.statistics) * part;
            mean.embedding_length += (one.embedding_length - mean.embedding_length) * part;
            mean.direction += (one.direction - mean.direction) * part;
            mean.same_cosine += (one.same_cosine - mean.same_cosine) * part;
            mean.other_cosine += (one.other_cosine - mean.other_cosine) * part;
        };
        take_in(result_.before, batch.before);
        take_in(result_.after, batch.after);
        ++batches_;
        guided_ += guided;
        result_.made += wanted;
        result_.images_per_second = static_cast<double>(guided_) / seconds_;
        progress_.describe(
            fmt::format("{:.1f} images/s, statistics {:.3f} to {:.3f}, other cosine {:.3f} to {:.3f}",
                        result_.images_per_second, result_.before.statistics, result_.after.statistics,
                        result_.before.other_cosine, result_.after.other_cosine));
    }

    const ImageSource& source_;
    const GuidedOptions& options_;
    ThreadPool& pool_;
    Progress& progress_;
    InputSpec spec_;
    FaceFolder folder_;
    ImageGuide guide_;
    GuidedResult result_;
    int64_t batches_ = 0, guided_ = 0;
    double seconds_ = 0;
};

}  // namespace

GuidedResult guide_to_folder(const Graph& teacher, const ImageSource& source, const GuidedOptions& options,
                             ThreadPool& pool, Progress& progress) {
    check(source, options);
    at::set_num_threads(pool.size());
    install_caching_allocator();
    return Run(teacher, source, options, pool, progress).run();
}

std::string guided_settings(const Graph& teacher, const std::string& source, const GuidedOptions& options) {
    std::string text;
    for (const auto& [name, value] : settings_of(teacher, source, options)) text += name + "=" + value + " ";
    return text + "views=" + std::to_string(options.views);
}

}  // namespace quantface
