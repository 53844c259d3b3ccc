#include "cli/guided_source.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/sha256.h"
#include "cli/training_library.h"
#include "faces/sources.h"
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
    std::string description() const override { return description_; }

  private:
    std::unique_ptr<ImageSource> folder_;
    int64_t count_;
    std::string description_;
};

fs::path user_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    // The XDG base directory specification: a relative path counts as none.
    if (cache != nullptr && fs::path(cache).is_absolute()) return cache;
    const char* home = std::getenv("HOME");
    if (home == nullptr || *home == 0) {
        fail_usage(
            "--data guided: neither XDG_CACHE_HOME nor HOME says where the faces can be kept; make them "
            "with synth --guided and give the folder");
    }
    return fs::path(home) / ".cache";
}

std::string settings_hash(const std::string& settings) {
    return sha256_hex({reinterpret_cast<const uint8_t*>(settings.data()), settings.size()}).substr(0, 8);
}

}  // namespace

std::optional<int64_t> guided_count(const std::string& text) {
    const std::string name = "guided";
    if (text == name) return kGuidedCount;
    if (!text.starts_with(name + ":")) return std::nullopt;
    int64_t count = 0;
    const char* first = text.data() + name.size() + 1;
    const char* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(first, last, count);
    if (error != std::errc() || end != last || count < 2 || count > kMaxFolderImages) {
        fail_usage("--data " + text + ": guided:COUNT wants a number of images from 2 to " +
                   std::to_string(kMaxFolderImages));
    }
    return count;
}

LoadedModel load_guiding_teacher(const std::string& path, const InputOptions& input) {
    LoadedModel teacher = load_model(path, input);
    if (teacher.graph() == nullptr)
        fail_bad_input(path + ": is an integer network; faces are guided by a full-precision .onnx");
    return teacher;
}

std::unique_ptr<ImageSource> open_guided_source(const Graph& teacher, const std::string& teacher_sha256,
                                                int64_t count, uint64_t seed, ThreadPool& pool,
                                                Progress& progress) {
    const TrainingModule& training =
        training_library("--data guided", "; give another source, such as rendered");
    const int side = std::max(teacher.input_spec.height, teacher.input_spec.width);
    const auto rendered = make_rendered_source(seed, side, side);
    GuidedRequest request{teacher, *rendered, teacher_sha256};
    request.count = count;
    request.views = kViewsPerIdentity;
    request.seed = seed;
    const std::string teacher_name = teacher_sha256.substr(0, 16);
    const fs::path folder = user_cache() / "quantface" / "guided" /
                            (teacher_name + "-" + settings_hash(training.guided_settings(request)));
    training.guide(request, folder, pool, progress);
    return std::make_unique<GuidedSource>(make_folder_source(folder, side, side), count,
                                          "faces guided by " + teacher_name + ", " + std::to_string(count) +
                                              " images from " + rendered->description());
}

}  // namespace quantface
