#include "quantize/layer_report.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "quantize/embedding_agreement.h"
#include "quantize/fake_quantized_graph.h"
#include "runtime/float_executor.h"

namespace quantface {

namespace {

struct ErrorSums {
    double signal = 0, noise = 0;
};

}  // namespace

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
