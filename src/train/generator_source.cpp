#include "train/generator_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "faces/face_detector.h"
#include "train/generator_network.h"

namespace quantface {

namespace {

constexpr int kAttempts = 4;
constexpr size_t kBatchesKept = 32;
constexpr int64_t kCpuBatch = 4, kDeviceBatch = 16;
constexpr int kLeastFfhqSide = 256;

struct NamedGeometry {
    FaceGeometry geometry;
    const char* name;
};
constexpr NamedGeometry kGeometryNames[] = {{FaceGeometry::kArcface, "aligned"},
                                            {FaceGeometry::kFfhq, "FFHQ crop"},
                                            {FaceGeometry::kFull, "whole pictures"},
                                            {FaceGeometry::kPoints, "given landmarks"}};

// By what two pictures hold. Generators overshoot their range a little, so a few values say nothing.
PixelRange range_of(const at::Tensor& pictures) {
    const auto share = [](const at::Tensor& which) { return which.to(at::kFloat).mean().item<float>(); };
    if (share(pictures > 4) > 0.01f) return PixelRange::kBytes;
    return share(pictures < -0.05) > 0.01f ? PixelRange::kSigned : PixelRange::kUnit;
}

// 3 x height x width numbers to pixels.
Image to_image(const at::Tensor& picture, PixelRange range) {
    at::Tensor levels = picture;
    if (range == PixelRange::kSigned) levels = (picture + 1) * 127.5;
    if (range == PixelRange::kUnit) levels = picture * 255;
    levels = levels.clamp(0, 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
    Image image{static_cast<int>(levels.size(0)), static_cast<int>(levels.size(1)), {}};
    image.rgb.resize(static_cast<size_t>(levels.numel()));
    std::memcpy(image.rgb.data(), levels.data_ptr<uint8_t>(), image.rgb.size());
    return image;
}

class GeneratorSource final : public ImageSource {
  public:
    GeneratorSource(const std::filesystem::path& file, const GeneratorOptions& options, int side)
        : file_(file),
          checksum_(crc32c(read_file(file, uint64_t{16} << 30))),
          options_(options),
          side_(side),
          network_(file, options),
          range_(options.range == PixelRange::kFound ? range_of(network_.samples()) : options.range) {
        batch_ = options.batch;
        // Drawing numbers of its own, it gives the same picture only in the same batch.
        if (batch_ == 0 && network_.draws()) batch_ = 1;
        if (batch_ == 0) batch_ = network_.on_cpu() ? kCpuBatch : kDeviceBatch;
        if (!options.detector.empty()) detector_ = FaceDetector::open(options.detector);
        find_geometry();
    }

    std::optional<int64_t> size() const override { return std::nullopt; }

    Image image(int64_t index) const override {
        QF_CHECK(index >= 0);
        const int64_t number = index / batch_;
        const auto place = static_cast<size_t>(index % batch_);
        const std::lock_guard lock(mutex_);
        const auto kept = std::find_if(kept_.begin(), kept_.end(),
                                       [&](const Batch& batch) { return batch.number == number; });
        if (kept != kept_.end()) return kept->images[place];
        kept_.push_back({number, generate(number * batch_)});
        if (kept_.size() > kBatchesKept) kept_.pop_front();
        return kept_.back().images[place];
    }

    // Each latent is a person; those that a label names may come again.
    std::optional<int64_t> identity(int64_t index) const override {
        if (network_.conditional()) return std::nullopt;
        return index;
    }

    std::string description() const override {
        std::string text = fmt::format("generator {} (crc32c {:08x}), seed {}", file_.filename().string(),
                                       checksum_, options_.seed);
        if (options_.truncation) text += fmt::format(", truncation {}", *options_.truncation);
        if (detector_) text += ", detected by " + options_.detector.filename().string();
        for (const NamedGeometry& named : kGeometryNames) {
            if (named.geometry == geometry_) text += std::string(", ") + named.name;
        }
        return text;
    }

  private:
    struct Batch {
        int64_t number;
        std::vector<Image> images;
    };

    void find_geometry() {
        const bool square = network_.height() == network_.width();
        geometry_ = options_.geometry;
        if (geometry_ == FaceGeometry::kArcface && !square) {
            fail_usage(fmt::format("{}: geometry=arcface: pictures of {} x {} pixels are no squares",
                                   file_.string(), network_.height(), network_.width()));
        }
        if (geometry_ == FaceGeometry::kBySize && square) {
            if (network_.height() == 112) geometry_ = FaceGeometry::kArcface;
            if (network_.height() >= kLeastFfhqSide) geometry_ = FaceGeometry::kFfhq;
        }
        if (geometry_ == FaceGeometry::kBySize && detector_) geometry_ = FaceGeometry::kFull;
        if (geometry_ == FaceGeometry::kBySize) {
            fail_usage(
                fmt::format("{}: where is the face in its pictures of {} x {} pixels? give "
                            "geometry=arcface, ffhq or full, points=... or detector=FILE.onnx",
                            file_.string(), network_.height(), network_.width()));
        }
    }

    Image by_geometry(const Image& picture) const {
        const bool landmarks_known = geometry_ == FaceGeometry::kFfhq || geometry_ == FaceGeometry::kPoints;
        if (!landmarks_known) return resized(picture, side_, side_);
        const FivePoints fractions = geometry_ == FaceGeometry::kFfhq ? ffhq_landmarks() : options_.points;
        return aligned_face(picture, to_pixels(fractions, picture.height, picture.width), side_,
                            WarpSampling::kShrinkFirst);
    }

    std::vector<Image> generate(int64_t first) const {
        std::vector<std::optional<Image>> done(static_cast<size_t>(batch_));
        std::vector<Image> first_pictures(done.size());
        const int attempts = detector_ ? kAttempts : 1;
        for (int attempt = 0; attempt < attempts; ++attempt) {
            std::vector<int64_t> missing;
            for (int64_t i = 0; i < batch_; ++i) {
                if (!done[static_cast<size_t>(i)]) missing.push_back(first + i);
            }
            if (missing.empty()) break;
            const at::Tensor pictures = network_.pictures(missing, attempt);
            for (size_t i = 0; i < missing.size(); ++i) {
                const auto place = static_cast<size_t>(missing[i] - first);
                Image picture = to_image(pictures[static_cast<int64_t>(i)], range_);
                if (detector_) {
                    const std::vector<DetectedFace> faces = detector_->faces(picture);
                    if (const DetectedFace* face = largest_face(faces)) {
                        done[place] =
                            aligned_face(picture, face->landmarks, side_, WarpSampling::kShrinkFirst);
                    }
                }
                if (attempt == 0) first_pictures[place] = std::move(picture);
            }
        }
        std::vector<Image> images;
        for (size_t i = 0; i < done.size(); ++i) {
            images.push_back(done[i] ? std::move(*done[i]) : by_geometry(first_pictures[i]));
        }
        return images;
    }

    std::filesystem::path file_;
    uint32_t checksum_;
    GeneratorOptions options_;
    int side_;
    GeneratorNetwork network_;
    PixelRange range_;
    FaceGeometry geometry_ = FaceGeometry::kFull;
    std::optional<FaceDetector> detector_;
    int64_t batch_ = 1;
    mutable std::mutex mutex_;  // one batch at a time: libtorch divides it among threads itself
    mutable std::deque<Batch> kept_;
};

}  // namespace

std::unique_ptr<ImageSource> make_generator_source(const std::filesystem::path& file,
                                                   const GeneratorOptions& options, int side) {
    if (side < 16 || side > 1024) fail_usage("generated faces: the sides must be 16 to 1024 pixels");
    return std::make_unique<GeneratorSource>(file, options, side);
}

}  // namespace quantface
