// SCRFD and YuNet in OpenCV's network module.
#include <algorithm>
#include <cmath>
#include <exception>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "faces/detection_outputs.h"
#include "faces/face_detector.h"
#include "faces/shared_network.h"
#include "formats/onnx_fixed_input.h"

namespace quantface {

namespace {

constexpr int kUsualSide = 640, kMostSide = 2048;
constexpr std::array<const char*, 4> kYunetOutputs = {"cls_", "obj_", "bbox_", "kps_"};
constexpr std::array<int, 4> kYunetColumns = {1, 1, 4, 10};
constexpr std::array<int, 3> kScrfdColumns = {1, 4, 10};
constexpr float kLeastScrfdScore = 0.5f, kLeastYunetScore = 0.6f;
constexpr float kMostScrfdOverlap = 0.4f, kMostYunetOverlap = 0.3f;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

// The pixels of a picture in the top left corner of the network's square; the rest is black.
cv::Mat in_square(const cv::Mat& fitted, int side) {
    cv::Mat square = cv::Mat::zeros(side, side, CV_8UC3);
    fitted.copyTo(square(cv::Rect(0, 0, fitted.cols, fitted.rows)));
    return square;
}

std::span<const float> numbers_of(const cv::Mat& output) {
    return {output.ptr<float>(), output.total()};
}

class NetworkFinder : public FaceFinder {
  public:
    NetworkFinder(std::unique_ptr<SharedNetwork> network, int side)
        : network_(std::move(network)), side_(side) {}

    std::vector<DetectedFace> find(const Image& image) const final {
        try {
            return find_unguarded(image);
        } catch (const cv::Exception& error) {
            fail_work(network_->name() + ": face detection failed: " + first_line(error.err));
        }
    }

  protected:
    virtual std::vector<DetectedFace> find_unguarded(const Image& image) const = 0;

    const SharedNetwork& network() const { return *network_; }
    int side() const { return side_; }

  private:
    std::unique_ptr<SharedNetwork> network_;
    int side_;
};

class ScrfdFinder final : public NetworkFinder {
  public:
    using Places = std::array<size_t, 9>;  // outputs by stride, then as kScrfdColumns

    ScrfdFinder(std::unique_ptr<SharedNetwork> network, int side, const Places& places)
        : NetworkFinder(std::move(network), side), places_(places) {}

    static cv::Mat to_input(const cv::Mat& square) {
        return cv::dnn::blobFromImage(square, 1.0 / 128, cv::Size(), cv::Scalar::all(127.5));
    }

  private:
    std::vector<DetectedFace> find_unguarded(const Image& image) const override {
        // InsightFace's sizes: the longer side fills the square, the other one is rounded down.
        const double ratio = static_cast<double>(image.height) / image.width;
        const int height = ratio > 1 ? side() : std::max(1, static_cast<int>(side() * ratio));
        const int width = ratio > 1 ? std::max(1, static_cast<int>(side() / ratio)) : side();
        const double scale = static_cast<double>(height) / image.height;
        const cv::Mat picture(image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.rgb.data()));
        cv::Mat fitted;
        cv::resize(picture, fitted, cv::Size(width, height), 0, 0, cv::INTER_LINEAR);
        const std::vector<cv::Mat> results = network().run(to_input(in_square(fitted, side())));
        std::vector<DetectedFace> faces;
        for (size_t s = 0; s < kDetectionStrides.size(); ++s) {
            const auto numbers = [&](size_t kind) { return numbers_of(results[places_[3 * s + kind]]); };
            add_scrfd_faces({numbers(0), numbers(1), numbers(2)}, kDetectionStrides[s],
                            side() / kDetectionStrides[s], kLeastScrfdScore, faces);
        }
        const auto back = static_cast<float>(1 / scale);
        for (DetectedFace& face : faces) {
            for (auto& point : face.landmarks) point = {point[0] * back, point[1] * back};
            face.left *= back;
            face.top *= back;
            face.width *= back;
            face.height *= back;
        }
        return without_duplicates(std::move(faces), kMostScrfdOverlap, true);
    }

    Places places_;
};

class YunetFinder final : public NetworkFinder {
  public:
    using Places = std::array<size_t, 12>;  // outputs by stride, then as kYunetOutputs

    YunetFinder(std::unique_ptr<SharedNetwork> network, int side, const Places& places)
        : NetworkFinder(std::move(network), side), places_(places) {}

    // Pixels as they are, BGR.
    static cv::Mat to_input(const cv::Mat& square) {
        return cv::dnn::blobFromImage(square, 1.0, cv::Size(), cv::Scalar(), true);
    }

  private:
    std::vector<DetectedFace> find_unguarded(const Image& image) const override {
        const double scale = static_cast<double>(side()) / std::max(image.height, image.width);
        const int height = std::clamp(static_cast<int>(std::lround(image.height * scale)), 1, side());
        const int width = std::clamp(static_cast<int>(std::lround(image.width * scale)), 1, side());
        Image fitted = resized(image, height, width);
        const std::vector<cv::Mat> results =
            network().run(to_input(in_square(cv::Mat(height, width, CV_8UC3, fitted.rgb.data()), side())));
        std::vector<DetectedFace> faces;
        for (size_t s = 0; s < kDetectionStrides.size(); ++s) {
            const auto numbers = [&](size_t kind) { return numbers_of(results[places_[4 * s + kind]]); };
            add_yunet_faces({numbers(0), numbers(1), numbers(2), numbers(3)}, kDetectionStrides[s],
                            side() / kDetectionStrides[s], kLeastYunetScore, faces);
        }
        // Scaling a picture keeps its edges in place, not its pixel centres.
        const auto factor = static_cast<float>(1 / scale);
        const auto back = [&](float coordinate) { return (coordinate + 0.5f) * factor - 0.5f; };
        for (DetectedFace& face : faces) {
            for (auto& point : face.landmarks) point = {back(point[0]), back(point[1])};
            face.left = back(face.left);
            face.top = back(face.top);
            face.width *= factor;
            face.height *= factor;
        }
        return without_duplicates(std::move(faces), kMostYunetOverlap, false);
    }

    Places places_;
};

bool holds(const cv::Mat& output, int rows, int columns) {
    return output.type() == CV_32F && output.dims >= 1 && output.size[output.dims - 1] == columns &&
           output.total() == static_cast<size_t>(rows) * static_cast<size_t>(columns);
}

bool is_yunet(const SharedNetwork& network, YunetFinder::Places& places) {
    for (size_t i = 0; i < places.size(); ++i) {
        const std::string name = kYunetOutputs[i % 4] + std::to_string(kDetectionStrides[i / 4]);
        const auto found = std::find(network.outputs().begin(), network.outputs().end(), name);
        if (found == network.outputs().end()) return false;
        places[i] = static_cast<size_t>(found - network.outputs().begin());
    }
    return true;
}

// Exporters number SCRFD's outputs as they like, so their shapes tell which is which.
bool is_scrfd(const std::vector<cv::Mat>& results, int side, ScrfdFinder::Places& places) {
    if (results.size() != places.size()) return false;
    for (size_t i = 0; i < places.size(); ++i) {
        const int cells = side / kDetectionStrides[i / 3];
        const auto found = std::find_if(results.begin(), results.end(), [&](const cv::Mat& output) {
            return holds(output, cells * cells * kScrfdAnchors, kScrfdColumns[i % 3]);
        });
        if (found == results.end()) return false;
        places[i] = static_cast<size_t>(found - results.begin());
    }
    return true;
}

std::unique_ptr<FaceFinder> recognised(std::unique_ptr<SharedNetwork> network, int side) {
    const std::string name = network->name();
    const cv::Mat black = cv::Mat::zeros(side, side, CV_8UC3);
    YunetFinder::Places yunet{};
    if (is_yunet(*network, yunet)) {
        const std::vector<cv::Mat> results = network->run(YunetFinder::to_input(black));
        for (size_t i = 0; i < yunet.size(); ++i) {
            const int cells = side / kDetectionStrides[i / 4];
            if (!holds(results[yunet[i]], cells * cells, kYunetColumns[i % 4])) {
                fail_bad_input(name + ": is no YuNet face detector: its output " +
                               network->outputs()[yunet[i]] + " has not the shape that it should have");
            }
        }
        return std::make_unique<YunetFinder>(std::move(network), side, yunet);
    }
    ScrfdFinder::Places scrfd{};
    if (network->outputs().size() == scrfd.size() &&
        is_scrfd(network->run(ScrfdFinder::to_input(black)), side, scrfd)) {
        return std::make_unique<ScrfdFinder>(std::move(network), side, scrfd);
    }
    fail_bad_input(name +
                   ": is no face detector with landmarks: neither SCRFD (nine outputs: scores, boxes and "
                   "landmarks at strides 8, 16, 32) nor YuNet as published since 2023");
}

}  // namespace

std::unique_ptr<FaceFinder> open_face_finder(const std::filesystem::path& path) {
    const std::string name = path.string();
    // OpenCV before 5 takes no network whose image may have any size.
    FixedInputModel model = with_fixed_input(read_file(path, uint64_t{256} << 20), name, kUsualSide);
    if (model.height != model.width || model.height % 32 != 0 || model.height > kMostSide) {
        fail_bad_input(name + ": is no face detector: it takes images of " + std::to_string(model.width) +
                       " x " + std::to_string(model.height) + " pixels, no square of a multiple of 32");
    }
    try {
        return recognised(std::make_unique<SharedNetwork>(name, std::move(model.bytes)), model.height);
    } catch (const cv::Exception& error) {
        fail_bad_input(name + ": is no network that OpenCV can run: " + first_line(error.err));
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        fail_bad_input(name + ": is no network that OpenCV can run: " + first_line(error.what()));
    }
}

}  // namespace quantface
