#include "train/distillation.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "train/augmentation.h"
#include "train/losses.h"

namespace quantface {

namespace {

// Images on which the teacher's values are measured before training.
constexpr int64_t kPowerImages = 32;

// HWC pixels to a plane for each channel, mirrored where asked.
void put_image(const std::vector<uint8_t>& pixels, const InputSpec& spec, bool mirrored, float* to) {
    const int64_t plane = int64_t{spec.height} * spec.width;
    for (int y = 0; y < spec.height; ++y) {
        for (int x = 0; x < spec.width; ++x) {
            const int from_x = mirrored ? spec.width - 1 - x : x;
            const uint8_t* pixel = pixels.data() + (int64_t{y} * spec.width + from_x) * 3;
            for (int channel = 0; channel < 3; ++channel)
                to[channel * plane + y * spec.width + x] = pixel[channel];
        }
    }
}

}  // namespace

std::vector<ValueId> feature_values(const Graph& graph, const std::vector<FusedNode>& plan) {
    const std::vector<bool> on_stream = residual_stream_values(graph, plan);
    const bool any = std::find(on_stream.begin(), on_stream.end(), true) != on_stream.end();
    std::vector<ValueId> values;
    for (const FusedNode& fused : plan) {
        for (const FusedOutput& output : fused.outputs) {
            if (output.value != graph.output && (!any || on_stream[output.value]))
                values.push_back(output.value);
        }
    }
    const ValueId last = graph.nodes[plan.back().node].inputs[0];
    if (last != graph.input && std::find(values.begin(), values.end(), last) == values.end())
        values.push_back(last);
    return values;
}

bool StepReport::finite() const {
    return std::isfinite(loss) && std::isfinite(gradient_norm);
}

Distillation::Distillation(const Graph& graph, const std::vector<FusedNode>& plan,
                           const QuantizedGraph& start, const PixelStore& images, const Recipe& recipe,
                           int64_t steps, uint64_t seed, const StudentOptions& student_options,
                           ProcessGroup* group)
    : images_(images),
      recipe_(recipe),
      steps_(steps),
      seed_(seed),
      group_(group),
      spec_(graph.input_spec),
      student_(graph, plan, start, student_options),
      teacher_(graph, feature_values(graph, plan), student_options.device),
      memory_(2 * images.size(), graph.embedding_size()),
      device_(student_options.device),
      optimizer_(student_.parameters(), recipe, steps),
      order_(images.size(), seed) {
    const int64_t count = std::min(kPowerImages, images.size());
    at::Tensor pixels = at::empty({count, 3, spec_.height, spec_.width}, at::kFloat);
    for (int64_t i = 0; i < count; ++i)
        put_image(images.pixels(i), spec_, false, pixels[i].data_ptr<float>());
    for (const at::Tensor& value : teacher_(pixels.to(device_), true).values) {
        value_power_.push_back(value.square().mean().item<double>());
    }
}

Distillation::Batch Distillation::batch(int64_t index) {
    // The batch is cut into as many parts as there are processes; what happens to an image depends on its
    // place in the whole batch.
    const int64_t rank = group_ ? group_->rank() : 0, count = group_ ? group_->size() : 1;
    const int64_t first = recipe_.batch * rank / count, last = recipe_.batch * (rank + 1) / count;
    const std::vector<int64_t> indices = order_.at(index * recipe_.batch + first, last - first);
    at::Tensor pixels = at::empty({last - first, 3, spec_.height, spec_.width}, at::kFloat);
    std::vector<int64_t> pictures(indices.size());
    at::parallel_for(0, last - first, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            Rng rng(seed_ + 1, static_cast<uint64_t>(index * recipe_.batch + first + i));
            const bool mirrored = rng.chance(recipe_.flip);
            pictures[static_cast<size_t>(i)] = 2 * indices[static_cast<size_t>(i)] + (mirrored ? 1 : 0);
            float* to = pixels.data_ptr<float>() + i * pixels.stride(0);
            put_image(images_.pixels(indices[static_cast<size_t>(i)]), spec_, mirrored, to);
            if (recipe_.augment > 0) augment_image(pixels[i], recipe_.augment, rng);
        }
    });
    if (recipe_.augment > 0) pictures.clear();
    return {pixels.to(device_), pictures};
}

// All in one tensor: one message for each step.
void Distillation::add_up_gradients(at::Tensor& losses) {
    const at::NoGradGuard no_gradients;
    std::vector<at::Tensor> parts = {losses.to(device_)};
    for (const StudentParameter& parameter : optimizer_.parameters()) {
        if (parameter.kind != ParameterKind::kRange) parts.push_back(parameter.tensor.grad().reshape({-1}));
    }
    const at::Tensor all = at::cat(parts);
    group_->add_up(all);
    losses = all.slice(0, 0, losses.numel()).cpu();
    int64_t at = losses.numel();
    for (const StudentParameter& parameter : optimizer_.parameters()) {
        if (parameter.kind == ParameterKind::kRange) continue;
        at::Tensor gradient = parameter.tensor.grad();
        gradient.copy_(all.slice(0, at, at + gradient.numel()).reshape(gradient.sizes()));
        at += gradient.numel();
    }
}

StepReport Distillation::step(int64_t index) {
    const double part = static_cast<double>(index) / static_cast<double>(steps_);
    const double feature_weight = recipe_.feature_loss * (1 - part * (1 - recipe_.feature_final));
    const bool by_blocks = part < recipe_.block_part;
    const bool features = feature_weight > 0 || by_blocks;
    const auto [pixels, pictures] = batch(index);
    TeacherTargets targets;
    if (features) {
        targets = teacher_(pixels, true);
    } else {
        targets.embedding = memory_.embeddings(teacher_, pixels, pictures);
    }

    student_.set_observing(recipe_.quantizer == QuantizerKind::kObserved && index < recipe_.observe_steps);
    std::vector<at::Tensor> values;
    const at::Tensor embedding =
        student_.forward(pixels, features ? teacher_.values() : std::vector<ValueId>{}, values, by_blocks);
    const at::Tensor embedding_part = embedding_loss(embedding, targets.embedding);
    at::Tensor feature_part = at::zeros({}, embedding.options());
    for (size_t i = 0; i < values.size(); ++i) {
        feature_part = feature_part + value_loss(values[i], targets.values[i], value_power_[i]);
    }
    if (!values.empty()) feature_part = feature_part / static_cast<double>(values.size());
    at::Tensor loss =
        embedding_part * recipe_.embedding_loss + feature_part * (by_blocks ? 1.0 : feature_weight);
    if (recipe_.squared_loss > 0)
        loss = loss + squared_loss(embedding, targets.embedding) * recipe_.squared_loss;
    if (recipe_.norm_loss > 0) loss = loss + norm_loss(embedding, targets.embedding) * recipe_.norm_loss;
    if (recipe_.relation_loss > 0)
        loss = loss + relation_loss(embedding, targets.embedding) * recipe_.relation_loss;

    if (group_ && recipe_.quantizer == QuantizerKind::kObserved && index < recipe_.observe_steps) {
        const at::Tensor ranges = student_.observed_ranges();
        group_->take_greatest(ranges);
        student_.set_observed_ranges(ranges);
    }

    optimizer_.clear_gradients();
    const double weight = static_cast<double>(pixels.size(0)) / recipe_.batch;  // this process's part
    (loss * weight).backward();
    at::Tensor losses = (at::stack({loss, embedding_part, feature_part}).detach() * weight).cpu();
    if (group_) add_up_gradients(losses);
    StepReport report;
    report.loss = losses[0].item<double>();
    report.embedding = losses[1].item<double>();
    report.feature = losses[2].item<double>();
    report.gradient_norm = std::isfinite(report.loss) ? optimizer_.step(index) : NAN;
    return report;
}

}  // namespace quantface
