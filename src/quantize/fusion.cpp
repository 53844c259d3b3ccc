#include "quantize/fusion.h"

#include <algorithm>

#include "base/error.h"

namespace quantface {

namespace {

bool is_activation(const Node& node) {
    return std::holds_alternative<PReluOp>(node.op) || std::holds_alternative<ReluOp>(node.op) ||
           std::holds_alternative<LeakyReluOp>(node.op) || std::holds_alternative<ClipOp>(node.op);
}

// Operations whose integer form has an epilogue.
bool has_epilogue(const Node& node) {
    return std::holds_alternative<ConvOp>(node.op) || std::holds_alternative<AffineOp>(node.op) ||
           std::holds_alternative<AddOp>(node.op) || std::holds_alternative<SubOp>(node.op) ||
           std::holds_alternative<MulOp>(node.op) || std::holds_alternative<AveragePoolOp>(node.op) ||
           std::holds_alternative<GlobalAveragePoolOp>(node.op);
}

class Planner {
  public:
    explicit Planner(const Graph& graph)
        : graph_(graph),
          consumers_(graph.values.size()),
          ready_(graph.values.size()),
          done_(graph.nodes.size()) {
        for (size_t index = 0; index < graph.nodes.size(); ++index) {
            for (const ValueId input : graph.nodes[index].inputs) {
                consumers_[input].push_back(static_cast<int>(index));
            }
        }
        ready_[graph.input] = true;
    }

    std::vector<FusedNode> run() {
        for (size_t index = 0; index < graph_.nodes.size(); ++index) {
            if (!done_[index]) plan_.push_back(fuse_from(static_cast<int>(index)));
        }
        return std::move(plan_);
    }

  private:
    FusedNode fuse_from(int index) {
        const Node& node = graph_.nodes[index];
        refuse_unsupported(node);
        FusedNode fused;
        fused.node = index;
        done_[index] = true;
        ValueId value = node.output;
        if (has_epilogue(node) || is_activation(node)) {
            if (is_activation(node)) fused.activation_node = index;
            value = take_activation(fused, value);
            value = take_residual(fused, value);
            if (fused.residual != kNoValue) {
                const bool had_activation = fused.activation_node >= 0;
                value = take_activation(fused, value);
                fused.activation_after_residual = !had_activation && fused.activation_node >= 0;
            }
        }
        add_outputs(fused, value);
        return fused;
    }

    void refuse_unsupported(const Node& node) const {
        const auto refuse = [&](const char* why) {
            fail_bad_input("node '" + node.name + "' (" + op_name(node.op) +
                           ") cannot run in integers: " + why);
        };
        if (std::holds_alternative<BatchNormOp>(node.op)) refuse("the pass batch-norm-to-affine was skipped");
        if (std::holds_alternative<GemmOp>(node.op)) refuse("the pass gemm-to-convolution was skipped");
        if (std::holds_alternative<IdentityOp>(node.op)) refuse("the pass remove-dead-code was skipped");
        if (std::holds_alternative<FlattenOp>(node.op)) {
            refuse("flattening is supported where a fully connected layer follows it");
        }
        if (!std::holds_alternative<ConvOp>(node.op) && !std::holds_alternative<AffineOp>(node.op) &&
            std::find(node.inputs.begin(), node.inputs.end(), graph_.input) != node.inputs.end()) {
            refuse("only convolutions, scales and shifts may read the image");
        }
    }

    // The only node that reads the value, or -1.
    int only_consumer(ValueId value) const {
        if (value == graph_.output || consumers_[value].size() != 1) return -1;
        return consumers_[value][0];
    }

    ValueId take_activation(FusedNode& fused, ValueId value) {
        const int next = only_consumer(value);
        if (fused.activation_node >= 0 || next < 0 || !is_activation(graph_.nodes[next])) return value;
        fused.activation_node = next;
        done_[next] = true;
        return graph_.nodes[next].output;
    }

    ValueId take_residual(FusedNode& fused, ValueId value) {
        const int next = only_consumer(value);
        if (next < 0) return value;
        const Node& node = graph_.nodes[next];
        const bool adds = std::holds_alternative<AddOp>(node.op),
                   subtracts = std::holds_alternative<SubOp>(node.op);
        if (!adds && !subtracts) return value;
        const ValueId other = node.inputs[0] == value ? node.inputs[1] : node.inputs[0];
        if (other == value || !ready_[other] || (subtracts && node.inputs[0] != value)) return value;
        if (other == graph_.input || graph_.values[other].shape != graph_.values[value].shape) return value;
        fused.residual = other;
        fused.residual_sign = subtracts ? -1.0f : 1.0f;
        done_[next] = true;
        return node.output;
    }

    // Scale-and-shift nodes that read the result become outputs of their own. The epilogue has room for two
    // outputs; the scale-and-shift nodes that find none stay operations of their own, which read the result
    // as it is.
    void add_outputs(FusedNode& fused, ValueId value) {
        std::vector<int> affines;
        bool direct = value == graph_.output;
        for (const int consumer : consumers_[value]) {
            const Node& node = graph_.nodes[consumer];
            if (has_epilogue(graph_.nodes[fused.node]) && std::holds_alternative<AffineOp>(node.op) &&
                node.output != graph_.output) {
                affines.push_back(consumer);
            } else {
                direct = true;
            }
        }
        direct = direct || affines.size() > 2;
        if (direct) fused.outputs.push_back({value, -1});
        for (const int affine : affines) {
            if (fused.outputs.size() == 2) break;
            fused.outputs.push_back({graph_.nodes[affine].output, affine});
            done_[affine] = true;
        }
        for (const FusedOutput& output : fused.outputs) ready_[output.value] = true;
    }

    const Graph& graph_;
    std::vector<std::vector<int>> consumers_;
    std::vector<bool> ready_;  // quantized and written
    std::vector<bool> done_;   // nodes taken into an operation
    std::vector<FusedNode> plan_;
};

}  // namespace

std::vector<FusedNode> plan_fusion(const Graph& graph) {
    return Planner(graph).run();
}

std::vector<bool> residual_stream_values(const Graph& graph, const std::vector<FusedNode>& plan) {
    std::vector<bool> on_stream(graph.values.size(), false);
    for (const FusedNode& fused : plan) {
        const Op& op = graph.nodes[fused.node].op;
        const bool adds = std::holds_alternative<AddOp>(op) || std::holds_alternative<SubOp>(op);
        if (fused.residual == kNoValue && !adds) continue;
        if (fused.residual != kNoValue) on_stream[fused.residual] = true;
        if (adds) {
            for (const ValueId input : graph.nodes[fused.node].inputs) on_stream[input] = true;
        }
        for (const FusedOutput& output : fused.outputs) {
            if (output.affine_node < 0) on_stream[output.value] = true;
        }
    }
    return on_stream;
}

}  // namespace quantface
