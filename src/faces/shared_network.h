// A network in OpenCV's network module that several threads run at once.
#pragma once

#include <cstdint>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

namespace quantface {

// OpenCV's networks keep their activations, so each thread borrows one of its own, read from the bytes when
// there is none to borrow.
class SharedNetwork {
  public:
    // Throws cv::Exception, or what else OpenCV lets pass, where the bytes are no ONNX model that it can run.
    SharedNetwork(std::string name, std::vector<uint8_t> onnx);

    const std::vector<cv::String>& outputs() const { return outputs_; }
    const std::string& name() const { return name_; }

    // The outputs in the order of their names. Throws cv::Exception. Thread-safe.
    std::vector<cv::Mat> run(const cv::Mat& input) const;

  private:
    cv::dnn::Net read() const;
    cv::dnn::Net borrow() const;

    std::string name_;
    std::vector<uint8_t> onnx_;
    std::vector<cv::String> outputs_;
    mutable std::mutex mutex_;
    mutable std::vector<cv::dnn::Net> nets_;
};

}  // namespace quantface
