// L2 normalisation of the embedding, in any of the ways that exporters write it.
//
// Embeddings are compared by their cosine, so a normalisation that is the last step is dropped. A length that
// is on its way to one is an OnnxNormValue; every operator that reads one comes here.
#include "formats/onnx_operators.h"

namespace quantface {

namespace {

using Kind = OnnxNormValue::Kind;

// What keeps the division from zero; anything larger would change directions of honest vectors.
constexpr float kMostEpsilon = 1e-3f;

// Drops the normalisation of `value` for now; the end of the import checks that it is the last step.
void finish_normalized(OnnxNode& node, const OnnxImageValue& value) {
    const ValueId id = node.emit(IdentityOp{}, {value.id});
    node.context().normalized_vectors.push_back(id);
    node.set_output(OnnxValue(OnnxImageValue{id, value.dims}));
}

const OnnxImageValue& vector_input(OnnxNode& node, const std::vector<int64_t>& axes) {
    const OnnxImageValue& value = node.image(0);
    bool over_channels = false, over_batch = axes.empty() && node.context().any_batch;
    for (const int64_t axis : axes) {
        over_channels = over_channels || axis == 1;
        over_batch = over_batch || axis == 0;
    }
    if ((!axes.empty() && !over_channels) || over_batch || node.shape_of(value).plane() != 1) {
        node.refuse("is supported only for the length of a whole embedding");
    }
    return value;
}

std::vector<int64_t> reduced_axes(OnnxNode& node) {
    node.expect_inputs(1, 2);
    node.ignore_attributes({"keepdims", "noop_with_empty_axes"});
    return node.axes(static_cast<int64_t>(node.image(0).dims.size()) + 1);
}

void finish_length(OnnxNode& node, ValueId of, Kind kind) {
    node.set_output(OnnxValue(OnnxNormValue{node.context().origin_of(of), kind}));
}

}  // namespace

void import_lp_normalization(OnnxNode& node) {
    node.expect_inputs(1, 1);
    if (node.integer("p", 2) != 2) node.refuse("has another p than 2, which is not supported");
    const auto rank = static_cast<int64_t>(node.image(0).dims.size()) + 1;
    finish_normalized(node, vector_input(node, {node.checked_axis(node.integer("axis", -1), rank)}));
}

void import_reduce_l2(OnnxNode& node) {
    finish_length(node, vector_input(node, reduced_axes(node)).id, Kind::kNorm);
}

void import_reduce_sum_square(OnnxNode& node) {
    finish_length(node, vector_input(node, reduced_axes(node)).id, Kind::kSquared);
}

void import_reduce_sum(OnnxNode& node) {
    const OnnxImageValue& value = vector_input(node, reduced_axes(node));
    const OnnxContext& context = node.context();
    const Node* square = context.producer_of(context.origin_of(value.id));
    const bool is_square = square != nullptr && std::holds_alternative<MulOp>(square->op) &&
                           context.origin_of(square->inputs[0]) == context.origin_of(square->inputs[1]);
    if (!is_square) node.refuse("is supported only as part of an L2 normalisation");
    finish_length(node, square->inputs[0], Kind::kSquared);
}

namespace {

[[noreturn]] void refuse_norm(OnnxNode& node) {
    node.refuse(
        "uses the length of a vector in a way that is not supported; only L2 normalisation as the "
        "network's last step is");
}

// Max, Clip and Add of a tiny constant, and everything that only reshapes.
void pass_norm_through(OnnxNode& node, const OnnxNormValue& norm) {
    const std::string& op = node.op_type();
    float epsilon = 0;
    if (op == "Clip") {
        epsilon = node.has_input(1) ? node.scalar(1, "lower bound") : node.number("min", 0);
        if (node.has_input(2) || node.has_attribute("max")) refuse_norm(node);
    } else if (op == "Max" || op == "Add") {
        node.expect_inputs(2, 2);
        epsilon = node.scalar(node.is_constant(1) ? 1 : 0, "constant");
    }
    if (!(epsilon >= 0 && epsilon <= kMostEpsilon) || norm.kind == Kind::kReciprocal) refuse_norm(node);
    node.set_output(OnnxValue(norm));
}

// The norm's place among the inputs of a node of two.
int norm_input(OnnxNode& node) {
    for (int index = 0; index < node.input_count(); ++index) {
        if (node.has_input(index) && std::holds_alternative<OnnxNormValue>(node.input(index))) return index;
    }
    return 0;
}

void normalize(OnnxNode& node, const OnnxNormValue& norm, int vector_index) {
    const OnnxImageValue& vector = node.image(vector_index);
    if (node.context().origin_of(vector.id) != norm.of) refuse_norm(node);
    finish_normalized(node, vector);
}

}  // namespace

void import_norm_step(OnnxNode& node) {
    node.ignore_all_attributes();
    const int index = norm_input(node);
    const OnnxNormValue norm = std::get<OnnxNormValue>(node.input(index));
    const std::string& op = node.op_type();
    if (op == "Sqrt" && norm.kind == Kind::kSquared) {
        return finish_length(node, norm.of, Kind::kNorm);
    }
    if (op == "Reciprocal" && norm.kind == Kind::kNorm) {
        return finish_length(node, norm.of, Kind::kReciprocal);
    }
    if (op == "Pow" && norm.kind == Kind::kSquared && index == 0 && node.scalar(1, "exponent") == 0.5f) {
        return finish_length(node, norm.of, Kind::kNorm);
    }
    if (op == "Div" && norm.kind == Kind::kNorm && index == 1) return normalize(node, norm, 0);
    if (op == "Mul" && norm.kind == Kind::kReciprocal) return normalize(node, norm, 1 - index);
    for (const char* passing :
         {"Clip", "Max", "Add", "Expand", "Identity", "Cast", "Reshape", "Unsqueeze", "Squeeze"}) {
        if (op == passing) return pass_norm_through(node, norm);
    }
    refuse_norm(node);
}

}  // namespace quantface
