#include "faces/shared_network.h"

#include <opencv2/core/utils/logger.hpp>
#include <utility>

namespace quantface {

SharedNetwork::SharedNetwork(std::string name, std::vector<uint8_t> onnx)
    : name_(std::move(name)), onnx_(std::move(onnx)) {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    nets_.push_back(read());
    for (const cv::String& output : nets_[0].getUnconnectedOutLayersNames()) outputs_.push_back(output);
}

std::vector<cv::Mat> SharedNetwork::run(const cv::Mat& input) const {
    cv::dnn::Net net = borrow();
    std::vector<cv::Mat> results;
    net.setInput(input);
    net.forward(results, outputs_);
    for (cv::Mat& result : results) result = result.clone();  // forward() keeps its memory
    const std::lock_guard lock(mutex_);
    nets_.push_back(std::move(net));
    return results;
}

cv::dnn::Net SharedNetwork::read() const {
    return cv::dnn::readNetFromONNX(reinterpret_cast<const char*>(onnx_.data()), onnx_.size());
}

cv::dnn::Net SharedNetwork::borrow() const {
    {
        const std::lock_guard lock(mutex_);
        if (!nets_.empty()) {
            cv::dnn::Net net = std::move(nets_.back());
            nets_.pop_back();
            return net;
        }
    }
    return read();
}

}  // namespace quantface
