#include "train/teacher.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace quantface {

namespace {

// CHW to HWC, which is what channels-last means.
void to_channels_last(std::span<const float> from, int channels, float* to) {
    const size_t plane = from.size() / static_cast<size_t>(channels);
    for (int channel = 0; channel < channels; ++channel) {
        const float* source = from.data() + static_cast<size_t>(channel) * plane;
        for (size_t pixel = 0; pixel < plane; ++pixel)
            to[pixel * static_cast<size_t>(channels) + channel] = source[pixel];
    }
}

}  // namespace

Teacher::Teacher(const Graph& graph, std::vector<ValueId> values, at::Device device)
    : values_(std::move(values)), spec_(graph.input_spec), embedding_size_(graph.embedding_size()) {
    if (device.is_cpu()) {
        executor_ = std::make_unique<FloatExecutor>(graph);
    } else {
        network_ = std::make_unique<FloatNetwork>(graph, FloatNetworkOptions{device, false});
    }
    for (const ValueId value : values_) shapes_.push_back(graph.values[value].shape);
}

TeacherTargets Teacher::operator()(const at::Tensor& pixels, bool with_values) const {
    if (executor_) return on_the_cpu(pixels, with_values);
    const at::NoGradGuard no_gradients;
    TeacherTargets targets;
    targets.embedding = network_->forward(network_->normalized(pixels),
                                          with_values ? values_ : std::vector<ValueId>{}, targets.values);
    return targets;
}

TeacherTargets Teacher::on_the_cpu(const at::Tensor& pixels, bool with_values) const {
    const int64_t count = pixels.size(0);
    const at::Tensor images = pixels.contiguous();
    TeacherTargets targets;
    targets.embedding = at::empty({count, embedding_size_}, at::kFloat);
    for (size_t i = 0; with_values && i < values_.size(); ++i) {
        targets.values.push_back(
            at::empty({count, shapes_[i].channels, shapes_[i].height, shapes_[i].width},
                      at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast)));
    }
    const auto threads = static_cast<size_t>(at::get_num_threads());
    while (workspaces_.size() < threads) workspaces_.push_back(executor_->make_workspace());
    const int64_t plane = int64_t{spec_.height} * spec_.width;
    at::parallel_for(0, count, 1, [&](int64_t first, int64_t last) {
        std::vector<float> input(static_cast<size_t>(3 * plane));
        for (int64_t image = first; image < last; ++image) {
            const float* from = images.data_ptr<float>() + image * 3 * plane;
            for (int64_t i = 0; i < 3 * plane; ++i) {
                const auto channel = static_cast<size_t>(i / plane);
                input[static_cast<size_t>(i)] = (from[i] - spec_.mean[channel]) / spec_.std[channel];
            }
            const std::span<float> embedding(targets.embedding.data_ptr<float>() + image * embedding_size_,
                                             static_cast<size_t>(embedding_size_));
            const auto on_value = [&](ValueId value, std::span<const float> data) {
                for (size_t i = 0; i < targets.values.size(); ++i) {
                    if (values_[i] != value) continue;
                    to_channels_last(data, shapes_[i].channels,
                                     targets.values[i].data_ptr<float>() + image * shapes_[i].size());
                }
            };
            executor_->run(input, embedding, *workspaces_[static_cast<size_t>(at::get_thread_num())],
                           on_value);
        }
    });
    return targets;
}

}  // namespace quantface
