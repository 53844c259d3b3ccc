#include "quantize/layer_report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "graph/passes/rewrite.h"
#include "quantize/embedding_agreement.h"
#include "runtime/float_executor.h"

namespace quantface {

namespace {

// The convolution with the numbers it will run with. What reads pixels has the input's scale in its weights,
// which the float graph applies before.
void set_quantized_weights(const Graph& graph, const QuantizedConv& quantized, bool reads_pixels,
                           ConvOp& conv) {
    conv.weight.data = dequantized_weights(quantized);
    conv.bias = quantized.bias;
    if (!reads_pixels) return;
    const int64_t inputs = conv.weight.dims[1], taps = conv.weight.dims[2] * conv.weight.dims[3];
    const int64_t outputs_per_group = conv.weight.dims[0] / conv.groups;
    for (size_t index = 0; index < conv.weight.data.size(); ++index) {
        const int64_t output = static_cast<int64_t>(index) / (inputs * taps);
        const int64_t input = static_cast<int64_t>(index) / taps % inputs;
        conv.weight.data[index] *= graph.input_spec.std[output / outputs_per_group * inputs + input];
    }
}

struct ErrorSums {
    double signal = 0, noise = 0;
};

}  // namespace

Graph fake_quantized_graph(const Graph& graph, const std::vector<FusedNode>& plan,
                           const QuantizedGraph& quantized, const std::vector<size_t>& layers) {
    std::vector<size_t> wanted = layers;
    if (wanted.empty()) {
        wanted.resize(plan.size());
        std::iota(wanted.begin(), wanted.end(), size_t{0});
    }
    Graph result = graph;
    std::vector<ValueId> to_quantize;
    for (const size_t layer : wanted) {
        const FusedNode& fused = plan[layer];
        Node& node = result.nodes[fused.node];
        if (auto* conv = std::get_if<ConvOp>(&node.op)) {
            set_quantized_weights(graph, quantized.convs.at(fused.node), node.inputs[0] == graph.input,
                                  *conv);
        }
        for (const FusedOutput& output : fused.outputs) {
            if (output.value != graph.output) to_quantize.push_back(output.value);
        }
    }
    for (const ValueId value : to_quantize) {
        const int producer = result.producer_of(value);
        const ValueId quantized_value =
            result.add_value(result.values[value].name + "/levels", result.values[value].shape);
        replace_uses(result, value, quantized_value);
        Node fake{result.nodes[producer].name + "/levels",
                  FakeQuantOp{quantized.values[value]},
                  {value},
                  quantized_value};
        result.nodes.insert(result.nodes.begin() + producer + 1, std::move(fake));
    }
    // A scale and shift within the operation reads its unrounded result.
    for (const size_t layer : wanted) {
        for (const FusedOutput& output : plan[layer].outputs) {
            if (output.affine_node < 0) continue;
            result.nodes[result.producer_of(output.value)].inputs = graph.nodes[output.affine_node].inputs;
        }
    }
    validate(result);
    return result;
}

std::vector<LayerReport> report_layers(const Graph& graph, const std::vector<FusedNode>& plan,
                                       const QuantizedGraph& quantized, const CalibrationImages& images,
                                       ThreadPool& pool, Progress& progress) {
    const auto image_count = static_cast<int64_t>(images.network_input.size());
    const std::vector<float> teacher = float_embeddings(graph, images, pool);
    std::vector<LayerReport> reports(plan.size());
    progress.start("reporting layers", static_cast<int64_t>(plan.size()));
    for (size_t layer = 0; layer < plan.size(); ++layer) {
        if (progress.stop_requested()) fail_work("interrupted");
        const FusedNode& fused = plan[layer];
        const ValueId value = fused.outputs[0].value;
        const Graph alone = fake_quantized_graph(graph, plan, quantized, {layer});
        // The value after its FakeQuant; the embedding has none.
        ValueId student_value = value;
        for (const int consumer : alone.consumers_of(value)) {
            if (std::holds_alternative<FakeQuantOp>(alone.nodes[consumer].op)) {
                student_value = alone.nodes[consumer].output;
            }
        }
        const FloatExecutor teacher_executor(graph), student_executor(alone);
        std::vector<float> student(teacher.size());
        std::vector<ErrorSums> sums(pool.size());
        const size_t dimension = static_cast<size_t>(graph.embedding_size());
        pool.parallel_for(image_count, [&](int64_t image, int thread) {
            std::vector<float> wanted, embedding(dimension);
            const auto teacher_workspace = teacher_executor.make_workspace();
            const auto student_workspace = student_executor.make_workspace();
            teacher_executor.run(images.network_input[image], embedding, *teacher_workspace,
                                 [&](ValueId id, std::span<const float> data) {
                                     if (id == value) wanted.assign(data.begin(), data.end());
                                 });
            student_executor.run(images.network_input[image],
                                 std::span(student).subspan(image * dimension, dimension), *student_workspace,
                                 [&](ValueId id, std::span<const float> data) {
                                     if (id != student_value) return;
                                     for (size_t index = 0; index < data.size(); ++index) {
                                         const double error = double{data[index]} - wanted[index];
                                         sums[thread].signal += double{wanted[index]} * wanted[index];
                                         sums[thread].noise += error * error;
                                     }
                                 });
        });
        ErrorSums total;
        for (const ErrorSums& part : sums) {
            total.signal += part.signal;
            total.noise += part.noise;
        }
        LayerReport& report = reports[layer];
        report.name = graph.nodes[fused.node].name;
        report.op = op_name(graph.nodes[fused.node].op);
        const auto conv = quantized.convs.find(fused.node);
        if (conv != quantized.convs.end()) report.weight_bits = conv->second.bits;
        if (value != graph.output) report.activation_bits = quantized.values[value].bits;
        report.signal_to_noise_db =
            10 * std::log10(std::max(total.signal, 1e-30) / std::max(total.noise, 1e-30));
        report.embedding_cosine = mean_cosine(teacher, student, dimension);
        progress.advance(1);
    }
    progress.finish();
    return reports;
}

}  // namespace quantface
