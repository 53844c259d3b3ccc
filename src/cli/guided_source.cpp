#include "cli/guided_source.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/sha256.h"
#include "cli/training_library.h"
#include "faces/sources.h"
#include "synth/assets/asset_cache.h"
#include "synth/face_folder.h"
#include "synth/rendered_source.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

// A folder of guided faces, of which a number is looked at: it may hold more.
class GuidedSource final : public ImageSource {
  public:
    GuidedSource(std::unique_ptr<ImageSource> folder, int64_t count, std::string description)
        : folder_(std::move(folder)), count_(count), description_(std::move(description)) {}

    std::optional<int64_t> size() const override { return count_; }
    Image image(int64_t index) const override {
        QF_CHECK(index >= 0 && index < count_);
        return folder_->image(index);
    }
    std::optional<int64_t> identity(int64_t index) const override { return folder_->identity(index); }
    std::string description() const override { return description_; }

  private:
    std::unique_ptr<ImageSource> folder_;
    int64_t count_;
    std::string description_;
};

fs::path guided_cache() {
    const fs::path cache = user_cache_folder();
    if (cache.empty()) {
        fail_usage(
            "--data guided: neither XDG_CACHE_HOME nor HOME says where the faces can be kept; make them "
            "with synth --guided and give the folder");
    }
    return cache / "guided";
}

std::string settings_hash(const std::string& settings) {
    return sha256_hex_of_text(settings).substr(0, 8);
}

}  // namespace

LoadedModel load_guiding_teacher(const std::string& path, const InputOptions& input) {
    LoadedModel teacher = load_model(path, input);
    if (teacher.graph() == nullptr)
        fail_bad_input(path + ": is an integer network; faces are guided by a full-precision .onnx");
    return teacher;
}

std::unique_ptr<ImageSource> open_guided_source(const Graph& teacher, const std::string& teacher_sha256,
                                                int64_t count, uint64_t seed, ThreadPool& pool,
                                                Progress& progress) {
    if (count < 2 || count > kMaxFolderImages) {
        fail_usage("--data guided:COUNT: a number of images from 2 to " + std::to_string(kMaxFolderImages));
    }
    const TrainingModule& training =
        load_training_library("--data guided", "give another source, such as render");
    const int side = std::max(teacher.input_spec.height, teacher.input_spec.width);
    const auto rendered = make_rendered_source(seed, side, side);
    GuidedRequest request{teacher, *rendered, teacher_sha256};
    request.count = count;
    request.views = kViewsPerIdentity;
    request.seed = seed;
    const std::string teacher_name = teacher_sha256.substr(0, 16);
    const fs::path folder =
        guided_cache() / (teacher_name + "-" + settings_hash(training.guided_settings(request)));
    training.guide(request, folder, pool, progress);
    return std::make_unique<GuidedSource>(make_folder_source(folder, side, side), count,
                                          "faces guided by " + teacher_name + ", " + std::to_string(count) +
                                              " images from " + rendered->description());
}

}  // namespace quantface
