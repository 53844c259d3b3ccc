#include "quantize/layerwise.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "quantize/epilogue.h"
#include "quantize/layer_samples.h"
#include "quantize/single_node.h"
#include "quantize/weight_rounding.h"

namespace quantface {

namespace {

using ImageNumbers = std::vector<std::vector<float>>;  // [image][NCHW of one value]

// Per-channel sums, kept apart for each image: added up in one order, they do not depend on which thread did
// what.
class ChannelMeans {
  public:
    ChannelMeans(int64_t images, int channels) : sums_(images, std::vector<double>(channels)) {}
    void add(std::span<const float> data, int64_t image) {
        auto& sums = sums_[image];
        const size_t plane = data.size() / sums.size();
        for (size_t channel = 0; channel < sums.size(); ++channel) {
            for (const float number : data.subspan(channel * plane, plane)) sums[channel] += number;
        }
    }
    // plane: numbers of one channel in one image.
    std::vector<double> mean(int64_t plane) const {
        std::vector<double> total(sums_[0].size());
        const auto count = static_cast<double>(plane) * static_cast<double>(sums_.size());
        for (const auto& sums : sums_) {
            for (size_t channel = 0; channel < total.size(); ++channel)
                total[channel] += sums[channel] / count;
        }
        return total;
    }

  private:
    std::vector<std::vector<double>> sums_;
};

class Layerwise {
  public:
    Layerwise(const Graph& graph, const std::vector<FusedNode>& plan, const BitPlan& bits,
              const CalibrationImages& images, const LayerwiseOptions& options, ThreadPool& pool,
              Progress& progress)
        : graph_(graph),
          plan_(plan),
          bits_(bits),
          options_(options),
          pool_(pool),
          progress_(progress),
          image_count_(static_cast<int64_t>(images.network_input.size())),
          values_(graph.values.size()) {
        quantized_.values.resize(graph.values.size());
        for (const FusedNode& fused : plan) {
            for (const ValueId input : inputs_of(fused)) ++values_[input].readers_left;
        }
        values_[graph.input].teacher = images.network_input;
    }

    QuantizedGraph run(const char* what) {
        progress_.start(what, static_cast<int64_t>(plan_.size()));
        for (const FusedNode& fused : plan_) {
            if (progress_.stop_requested()) fail_work("interrupted");
            quantize_node(fused);
            for (const ValueId input : inputs_of(fused)) release(input);
            progress_.advance(1);
        }
        progress_.finish();
        return std::move(quantized_);
    }

    // Filled by run().
    void also_round_at_every_width(std::map<int, ConvAtWidths>& widths) { widths_ = &widths; }

  private:
    struct Activations {
        ImageNumbers teacher;
        std::vector<std::vector<uint8_t>> student;  // levels; empty for the image, which both see alike
        int readers_left = 0;
    };

    std::vector<ValueId> inputs_of(const FusedNode& fused) const {
        std::vector<ValueId> inputs = graph_.nodes[fused.node].inputs;
        if (fused.residual != kNoValue) inputs.push_back(fused.residual);
        return inputs;
    }

    void release(ValueId value) {
        if (--values_[value].readers_left == 0) values_[value] = Activations{};
    }

    void for_each_image(const std::function<void(int64_t, int)>& body) {
        pool_.parallel_for(image_count_, body);
    }

    std::vector<float> student_numbers(ValueId value, int64_t image) const {
        const Activations& activations = values_[value];
        if (activations.student.empty()) return activations.teacher[image];
        const auto& levels = activations.student[image];
        const QuantParams& params = quantized_.values[value];
        std::vector<float> numbers(levels.size());
        for (size_t index = 0; index < levels.size(); ++index)
            numbers[index] = dequantize(levels[index], params);
        return numbers;
    }

    void quantize_node(const FusedNode& fused) {
        const Node& node = graph_.nodes[fused.node];
        const Shape shape = graph_.values[node.output].shape;
        ImageNumbers results;
        if (const auto* conv = std::get_if<ConvOp>(&node.op)) {
            results = quantize_conv(fused, *conv, shape);
        } else {
            results = run_other(fused, node, shape);
        }
        finish_outputs(fused, results);
    }

    // The teacher's layer on the teacher's inputs: fills the teacher's side of the outputs; returns the
    // channel means before the epilogue.
    std::vector<double> run_teacher(const FusedNode& fused, const Op& op, const Shape& shape) {
        const Node& node = graph_.nodes[fused.node];
        std::vector<Shape> input_shapes;
        for (const ValueId input : node.inputs) input_shapes.push_back(graph_.values[input].shape);
        const SingleNode runner(op, input_shapes, pool_.size());
        ChannelMeans means(image_count_, shape.channels);
        for (const FusedOutput& output : fused.outputs) values_[output.value].teacher.resize(image_count_);
        for_each_image([&](int64_t image, int thread) {
            std::vector<std::span<const float>> inputs;
            for (const ValueId input : node.inputs) inputs.emplace_back(values_[input].teacher[image]);
            std::vector<float> result(shape.size());
            runner.run(inputs, result, thread);
            means.add(result, image);
            std::span<const float> residual;
            if (fused.residual != kNoValue) residual = values_[fused.residual].teacher[image];
            apply_activation_and_residual(graph_, fused, residual, result);
            for (const FusedOutput& output : fused.outputs) {
                auto& numbers = values_[output.value].teacher[image];
                numbers.resize(result.size());
                write_output(graph_, output, result, numbers);
            }
        });
        return means.mean(shape.plane());
    }

    // Weights, then bias. Returns the student's numbers before the epilogue.
    ImageNumbers quantize_conv(const FusedNode& fused, const ConvOp& op, const Shape& shape) {
        const ValueId input = graph_.nodes[fused.node].inputs[0];
        const std::vector<double> teacher_mean = run_teacher(fused, op, shape);
        const bool reads_pixels = input == graph_.input;
        QuantizedConv& quantized = quantized_.convs[fused.node];
        quantized.bits = bits_.weight_bits[fused.node];
        quantized.bias.assign(shape.channels, 0.0f);
        if (!op.bias.empty()) quantized.bias = op.bias;
        round_weights(fused.node, op, input, reads_pixels, quantized);

        ConvOp student_op = op;
        student_op.bias.clear();
        student_op.weight.data = dequantized_weights(quantized);
        const SingleNode runner(student_op, {graph_.values[input].shape}, pool_.size());
        ImageNumbers results(image_count_);
        ChannelMeans means(image_count_, shape.channels);
        for_each_image([&](int64_t image, int thread) {
            std::vector<float> numbers = student_numbers(input, image);
            if (reads_pixels) scale_channels(numbers, graph_.input_spec.std);
            results[image].resize(shape.size());
            runner.run({numbers}, results[image], thread);
            means.add(results[image], image);
        });
        if (options_.bias_correction) {
            const auto student_mean = means.mean(shape.plane());
            for (int channel = 0; channel < shape.channels; ++channel) {
                quantized.bias[channel] = static_cast<float>(teacher_mean[channel] - student_mean[channel]);
            }
        }
        for_each_image([&](int64_t image, int) {
            for (int channel = 0; channel < shape.channels; ++channel) {
                float* plane = results[image].data() + channel * shape.plane();
                for (int64_t index = 0; index < shape.plane(); ++index)
                    plane[index] += quantized.bias[channel];
            }
        });
        return results;
    }

    // Pixels less the mean, in levels: what the integer network's first convolution multiplies.
    static void scale_channels(std::vector<float>& numbers, const std::array<float, 3>& factors) {
        const size_t plane = numbers.size() / 3;
        for (size_t index = 0; index < numbers.size(); ++index) numbers[index] *= factors[index / plane];
    }

    void round_weights(int node, const ConvOp& op, ValueId input, bool reads_pixels,
                       QuantizedConv& quantized) {
        const Eigen::Index outputs = op.weight.dims[0];
        const Eigen::Index taps = op.weight.dims[2] * op.weight.dims[3];
        const Eigen::Index columns = op.weight.dims[1] * taps;
        const Eigen::Index rows = outputs / op.groups;
        Matrix weight = Eigen::Map<const Matrix>(op.weight.data.data(), outputs, columns);
        if (reads_pixels) {
            for (Eigen::Index row = 0; row < outputs; ++row) {
                for (Eigen::Index column = 0; column < columns; ++column) {
                    const Eigen::Index channel = row / rows * op.weight.dims[1] + column / taps;
                    weight(row, column) /= graph_.input_spec.std[channel];
                }
            }
        }
        std::vector<QuantizedConv*> results = {&quantized};
        if (widths_ != nullptr) {
            for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
                QuantizedConv& at_width = (*widths_)[node][bits];
                at_width.bits = bits;
                at_width.bias = quantized.bias;
                results.push_back(&at_width);
            }
        }
        for (QuantizedConv* result : results) {
            result->scale.resize(outputs);
            result->level.resize(static_cast<size_t>(weight.size()));
            if (options_.weight_grid == WeightGrid::kAsymmetric) result->zero_point.resize(outputs);
        }
        const SampledPositions positions(op, graph_.values[input].shape, image_count_);
        pool_.parallel_for(op.groups, [&](int64_t group, int) {
            const Matrix part = weight.middleRows(group * rows, rows);
            const Eigen::Index first = group * rows;
            LayerSamples samples;
            if (options_.weight_compensation || widths_ != nullptr) {
                samples = gather(positions, input, static_cast<int>(group), reads_pixels);
            }
            std::optional<CompensatedRounding> compensated;
            if (options_.weight_compensation) compensated.emplace(part, samples);
            for (QuantizedConv* result : results) {
                const RoundedWeights rounded =
                    compensated ? compensated->at(result->bits, options_.weight_grid)
                                : round_to_nearest(part, result->bits, options_.weight_grid);
                std::copy(rounded.scale.begin(), rounded.scale.end(), result->scale.begin() + first);
                std::copy(rounded.zero_point.begin(), rounded.zero_point.end(),
                          result->zero_point.begin() + first);
                std::copy(rounded.level.begin(), rounded.level.end(),
                          result->level.begin() + first * columns);
                if (result != &quantized && options_.bias_correction)
                    correct_bias_on(samples, part, rounded, std::span(result->bias).subspan(first, rows));
            }
        });
    }

    // The mean difference over sampled positions.
    static void correct_bias_on(const LayerSamples& samples, const Matrix& weight,
                                const RoundedWeights& rounded, std::span<float> bias) {
        const Eigen::VectorXf teacher = samples.teacher.colwise().mean();
        const Eigen::VectorXf student = samples.student.colwise().mean();
        for (Eigen::Index row = 0; row < weight.rows(); ++row) {
            const int32_t zero_point = rounded.zero_point.empty() ? 0 : rounded.zero_point[row];
            double difference = 0;
            for (Eigen::Index column = 0; column < weight.cols(); ++column) {
                const int32_t level = rounded.level[row * weight.cols() + column] - zero_point;
                difference += double{weight(row, column)} * teacher[column] -
                              double{rounded.scale[row]} * level * student[column];
            }
            bias[row] += static_cast<float>(difference);
        }
    }

    LayerSamples gather(const SampledPositions& positions, ValueId input, int group,
                        bool reads_pixels) const {
        const Activations& activations = values_[input];
        const QuantParams& params = quantized_.values[input];
        LayerSamples samples;
        samples.teacher = positions.gather(
            group, [&](int64_t image, size_t index) { return activations.teacher[image][index]; });
        if (activations.student.empty()) {
            samples.student = samples.teacher;
        } else {
            samples.student = positions.gather(group, [&](int64_t image, size_t index) {
                return dequantize(activations.student[image][index], params);
            });
        }
        if (reads_pixels) {
            const Eigen::Index taps = samples.teacher.cols() / (3 / positions.groups());
            for (Eigen::Index column = 0; column < samples.teacher.cols(); ++column) {
                const float factor = graph_.input_spec.std[group * (3 / positions.groups()) + column / taps];
                samples.teacher.col(column) *= factor;
                samples.student.col(column) *= factor;
            }
        }
        return samples;
    }

    ImageNumbers run_other(const FusedNode& fused, const Node& node, const Shape& shape) {
        run_teacher(fused, node.op, shape);
        std::vector<Shape> input_shapes;
        for (const ValueId input : node.inputs) input_shapes.push_back(graph_.values[input].shape);
        const bool lone_activation = fused.activation_node == fused.node;
        const SingleNode runner(lone_activation ? Op{IdentityOp{}} : node.op, input_shapes, pool_.size());
        ImageNumbers results(image_count_);
        for_each_image([&](int64_t image, int thread) {
            ImageNumbers numbers;
            for (const ValueId input : node.inputs) numbers.push_back(student_numbers(input, image));
            std::vector<std::span<const float>> inputs(numbers.begin(), numbers.end());
            results[image].resize(shape.size());
            runner.run(inputs, results[image], thread);
        });
        return results;
    }

    // Epilogue, ranges and levels of the student's outputs.
    void finish_outputs(const FusedNode& fused, ImageNumbers& results) {
        for_each_image([&](int64_t image, int) {
            std::vector<float> residual;
            if (fused.residual != kNoValue) residual = student_numbers(fused.residual, image);
            apply_activation_and_residual(graph_, fused, residual, results[image]);
        });
        for (const FusedOutput& output : fused.outputs) {
            if (output.value == graph_.output) continue;
            ImageNumbers affine_results;
            if (output.affine_node >= 0) {
                affine_results.resize(image_count_);
                for_each_image([&](int64_t image, int) {
                    affine_results[image].resize(results[image].size());
                    write_output(graph_, output, results[image], affine_results[image]);
                });
            }
            const ImageNumbers& numbers = output.affine_node >= 0 ? affine_results : results;
            const QuantParams params = choose_params(fused, output.value, numbers);
            quantized_.values[output.value] = params;
            auto& levels = values_[output.value].student;
            levels.resize(image_count_);
            for_each_image([&](int64_t image, int) {
                levels[image].resize(numbers[image].size());
                const float inverse = 1.0f / params.scale;
                for (size_t index = 0; index < numbers[image].size(); ++index) {
                    levels[image][index] = quantize_level(numbers[image][index] * inverse, params.zero_point,
                                                          params.max_level());
                }
            });
        }
    }

    QuantParams choose_params(const FusedNode& fused, ValueId value, const ImageNumbers& numbers) const {
        const Node& node = graph_.nodes[fused.node];
        // A maximum needs no levels of its own.
        if (std::holds_alternative<MaxPoolOp>(node.op)) return quantized_.values[node.inputs[0]];
        const int bits = bits_.activation_bits[value];
        const std::vector<std::span<const float>> spans(numbers.begin(), numbers.end());
        return params_for_range(observe(options_.observer, spans, bits), bits, options_.range_margin);
    }

    const Graph& graph_;
    const std::vector<FusedNode>& plan_;
    const BitPlan& bits_;
    const LayerwiseOptions& options_;
    ThreadPool& pool_;
    Progress& progress_;
    const int64_t image_count_;
    std::vector<Activations> values_;
    QuantizedGraph quantized_;
    std::map<int, ConvAtWidths>* widths_ = nullptr;
};

}  // namespace

QuantizedGraph quantize_layerwise(const Graph& graph, const std::vector<FusedNode>& plan, const BitPlan& bits,
                                  const CalibrationImages& images, const LayerwiseOptions& options,
                                  ThreadPool& pool, Progress& progress) {
    return Layerwise(graph, plan, bits, images, options, pool, progress).run("quantizing, layers");
}

std::map<int, ConvAtWidths> round_at_every_width(const Graph& graph, const std::vector<FusedNode>& plan,
                                                 const CalibrationImages& images,
                                                 const LayerwiseOptions& options, ThreadPool& pool,
                                                 Progress& progress) {
    const BitPlan eight{std::vector<int>(graph.nodes.size(), kMaxBits),
                        std::vector<int>(graph.values.size(), kMaxBits)};
    std::map<int, ConvAtWidths> widths;
    Layerwise layerwise(graph, plan, eight, images, options, pool, progress);
    layerwise.also_round_at_every_width(widths);
    layerwise.run("rounding at every width, layers");
    return widths;
}

}  // namespace quantface
