#include "faces/face_detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

// The side of the square that the network sees: what it was exported for.
constexpr int kInputSide = 640;
constexpr std::array<int, 3> kStrides = {8, 16, 32};
constexpr std::array<const char*, 4> kOutputs = {"cls_", "obj_", "bbox_", "kps_"};
constexpr std::array<int, 4> kOutputColumns = {1, 1, 4, 10};
constexpr float kLeastScore = 0.6f;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

// Rows of one stride's grid: a cell's scores, box and landmarks.
struct StrideOutput {
    std::span<const float> cls, obj, box, points;
};

DetectedFace decoded(const StrideOutput& output, size_t cell, int stride, float score) {
    const size_t columns = static_cast<size_t>(kInputSide / stride);
    const auto size = static_cast<float>(stride);
    const auto column = static_cast<float>(cell % columns), row = static_cast<float>(cell / columns);
    DetectedFace face;
    face.score = score;
    face.width = std::exp(output.box[4 * cell + 2]) * size;
    face.height = std::exp(output.box[4 * cell + 3]) * size;
    face.left = (column + output.box[4 * cell]) * size - face.width / 2;
    face.top = (row + output.box[4 * cell + 1]) * size - face.height / 2;
    for (size_t i = 0; i < face.landmarks.size(); ++i) {
        face.landmarks[i] = {(column + output.points[10 * cell + 2 * i]) * size,
                             (row + output.points[10 * cell + 2 * i + 1]) * size};
    }
    return face;
}

float area(const DetectedFace& face) {
    return face.width * face.height;
}

float overlap(const DetectedFace& a, const DetectedFace& b) {
    const float width = std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left);
    const float height = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top);
    if (width <= 0 || height <= 0) return 0;
    return width * height / (area(a) + area(b) - width * height);
}

// Of each heap of overlapping finds the one with the best score, best first.
std::vector<DetectedFace> without_duplicates(std::vector<DetectedFace> faces) {
    std::stable_sort(faces.begin(), faces.end(),
                     [](const DetectedFace& a, const DetectedFace& b) { return a.score > b.score; });
    std::vector<DetectedFace> kept;
    for (const DetectedFace& face : faces) {
        const auto same = [&](const DetectedFace& other) { return overlap(face, other) > 0.3f; };
        if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back(face);
    }
    return kept;
}

// The whole image in the upper left corner of the network's square, as large as it fits; the rest is black.
cv::Mat letterboxed(const Image& image, double& scale) {
    scale = static_cast<double>(kInputSide) / std::max(image.height, image.width);
    const int height = std::clamp(static_cast<int>(std::lround(image.height * scale)), 1, kInputSide);
    const int width = std::clamp(static_cast<int>(std::lround(image.width * scale)), 1, kInputSide);
    Image fitted = resized(image, height, width);
    cv::Mat square = cv::Mat::zeros(kInputSide, kInputSide, CV_8UC3);
    cv::Mat(height, width, CV_8UC3, fitted.rgb.data()).copyTo(square(cv::Rect(0, 0, width, height)));
    return square;
}

}  // namespace

struct FaceDetector::Network {
    std::string name;
    std::vector<cv::String> outputs;  // by stride, then as kOutputs
    cv::dnn::Net net;
    std::mutex mutex;  // a cv::dnn::Net holds its activations

    // Throws cv::Exception where the network does not run.
    std::vector<cv::Mat> run(const cv::Mat& square) {
        // Pixels as they are, BGR.
        const cv::Mat input = cv::dnn::blobFromImage(square, 1.0, cv::Size(), cv::Scalar(), true);
        std::vector<cv::Mat> results;
        const std::lock_guard lock(mutex);
        net.setInput(input);
        net.forward(results, outputs);
        for (cv::Mat& result : results) result = result.clone();  // forward() keeps its memory
        return results;
    }

    void check(const std::vector<cv::Mat>& results) const {
        for (size_t i = 0; i < results.size(); ++i) {
            const int cells = kInputSide / kStrides[i / 4];
            const auto expected = static_cast<size_t>(cells * cells * kOutputColumns[i % 4]);
            if (results[i].total() != expected || results[i].type() != CV_32F) {
                fail_bad_input(name + ": is no YuNet face detector: its output " + outputs[i] +
                               " has not the shape that it should have");
            }
        }
    }
};

FaceDetector::FaceDetector(std::unique_ptr<Network> network) : network_(std::move(network)) {}
FaceDetector::FaceDetector(FaceDetector&&) noexcept = default;
FaceDetector& FaceDetector::operator=(FaceDetector&&) noexcept = default;
FaceDetector::~FaceDetector() = default;

FaceDetector FaceDetector::open(const std::filesystem::path& path) {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    auto network = std::make_unique<Network>();
    network->name = path.string();
    const std::vector<uint8_t> bytes = read_file(path, uint64_t{256} << 20);
    try {
        network->net = cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const std::vector<cv::String> found = network->net.getUnconnectedOutLayersNames();
        for (const int stride : kStrides) {
            for (const char* output : kOutputs) {
                network->outputs.push_back(output + std::to_string(stride));
                if (std::find(found.begin(), found.end(), network->outputs.back()) == found.end()) {
                    fail_bad_input(network->name +
                                   ": is no YuNet face detector of the form published since "
                                   "2023: it has no output " +
                                   network->outputs.back());
                }
            }
        }
        network->check(network->run(cv::Mat::zeros(kInputSide, kInputSide, CV_8UC3)));
    } catch (const cv::Exception& error) {
        fail_bad_input(network->name + ": is no network that OpenCV can run: " + first_line(error.err));
    }
    return FaceDetector(std::move(network));
}

std::optional<DetectedFace> FaceDetector::largest_face(const Image& image) const {
    double scale = 1;
    std::vector<cv::Mat> results;
    try {
        results = network_->run(letterboxed(image, scale));
    } catch (const cv::Exception& error) {
        fail_work(network_->name + ": face detection failed: " + first_line(error.err));
    }
    std::vector<DetectedFace> faces;
    for (size_t s = 0; s < kStrides.size(); ++s) {
        const auto numbers = [&](size_t output) {
            const cv::Mat& result = results[4 * s + output];
            return std::span<const float>(result.ptr<float>(), result.total());
        };
        const StrideOutput output = {numbers(0), numbers(1), numbers(2), numbers(3)};
        for (size_t cell = 0; cell < output.cls.size(); ++cell) {
            const float cls = std::clamp(output.cls[cell], 0.0f, 1.0f);
            const float obj = std::clamp(output.obj[cell], 0.0f, 1.0f);
            const float score = std::sqrt(cls * obj);
            if (score >= kLeastScore) faces.push_back(decoded(output, cell, kStrides[s], score));
        }
    }
    if (faces.empty()) return std::nullopt;
    faces = without_duplicates(std::move(faces));
    DetectedFace largest =
        *std::max_element(faces.begin(), faces.end(),
                          [](const DetectedFace& a, const DetectedFace& b) { return area(a) < area(b); });
    // Scaling a picture keeps its edges in place, not its pixel centres.
    const auto factor = static_cast<float>(1 / scale);
    const auto back = [&](float& coordinate) { coordinate = (coordinate + 0.5f) * factor - 0.5f; };
    for (auto& point : largest.landmarks) {
        for (float& coordinate : point) back(coordinate);
    }
    back(largest.left);
    back(largest.top);
    largest.width *= factor;
    largest.height *= factor;
    return largest;
}

}  // namespace quantface
