#include "cli/photos.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "cli/loadable_library.h"
#include "cli/photo_module.h"
#include "cli/sha256.h"

namespace quantface {

namespace {

constexpr uint64_t kMostDetectorBytes = uint64_t{256} << 20;
// Raised whenever the same photograph gives other pixels.
constexpr int kMethodVersion = 1;

FaceDetector opened_detector(const std::string& path) {
    const auto& module = *static_cast<const PhotoModule*>(
        load_library({"quantface_photos.so", kPhotoModuleSymbol, "face detection",
                      "it belongs beside the program", "install it, or give images that are aligned already"},
                     "photographs"));
    return FaceDetector(path.empty() ? module.built_in() : module.open(path));
}

}  // namespace

void add_photo_options(CLI::App& command, PhotoOptions& options) {
    command
        .add_option("--detector", options.detector,
                    "Face detector for photographs: SCRFD or YuNet, as published; else the built-in one")
        ->type_name("FILE.onnx");
    command.add_flag("--centred", options.centred,
                     "Of several faces in a photograph the one that it is centred on, not the largest");
    command.add_flag("--detect", options.detect,
                     "Find the face also in images that have the size of an aligned one");
}

struct PhotoAligner::State {
    PhotoOptions options;
    std::mutex mutex;
    std::optional<FaceDetector> detector;

    const FaceDetector& opened() {
        const std::lock_guard lock(mutex);
        try {
            if (!detector) detector = opened_detector(options.detector);
        } catch (const Error& error) {
            throw DetectorError(error.kind(), error.what());
        }
        return *detector;
    }
};

PhotoAligner::PhotoAligner(const PhotoOptions& options) : state_(std::make_unique<State>()) {
    state_->options = options;
}

PhotoAligner::~PhotoAligner() = default;

Image PhotoAligner::face(const Image& photo, const std::string& name, int side,
                         std::optional<FoundFace>* found) const {
    if (found != nullptr) found->reset();
    const PhotoOptions& options = state_->options;
    if (!options.detect && photo.height == side && photo.width == side) return photo;
    const std::vector<DetectedFace> faces = state_->opened().faces(photo);
    const DetectedFace* chosen =
        options.centred ? centred_face(faces, photo.height, photo.width) : largest_face(faces);
    if (chosen == nullptr) fail_bad_input(name + ": no face found");
    if (found != nullptr) *found = FoundFace{*chosen, static_cast<int>(faces.size())};
    try {
        return aligned_face(photo, chosen->landmarks, side);
    } catch (const Error& error) {
        throw Error(error.kind(), name + ": " + error.what());
    }
}

std::string PhotoAligner::description() const {
    const PhotoOptions& options = state_->options;
    std::string detector = "the built-in detector";
    if (!options.detector.empty()) {
        const std::filesystem::path path = options.detector;
        detector = fmt::format("{} (sha256 {:.16})", path.filename().string(),
                               sha256_hex(read_file(path, kMostDetectorBytes)));
    }
    return fmt::format("faces found by {}, the {} of several, five-point alignment, method {}{}", detector,
                       options.centred ? "centred one" : "largest", kMethodVersion,
                       options.detect ? "; also in aligned images" : "");
}

}  // namespace quantface
