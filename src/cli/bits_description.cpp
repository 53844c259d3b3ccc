#include "cli/bits_description.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace quantface {

namespace {

// How many numbers have each width.
using Census = std::array<int64_t, kMaxBits + 1>;

int most_common(const Census& census) {
    return static_cast<int>(std::max_element(census.begin(), census.end()) - census.begin());
}

std::vector<const IntegerNode*> conv_nodes(const IntegerModel& model) {
    std::vector<const IntegerNode*> convs;
    for (const IntegerNode& node : model.nodes) {
        if (std::holds_alternative<IntegerConv>(node.op)) convs.push_back(&node);
    }
    return convs;
}

// ", asymmetric weights", ", weights asymmetric in part" or nothing.
std::string weight_grid_text(const std::vector<const IntegerNode*>& convs) {
    const auto asymmetric = std::count_if(convs.begin(), convs.end(), [](const IntegerNode* node) {
        return std::get<IntegerConv>(node->op).has_asymmetric_weights();
    });
    if (asymmetric == 0) return {};
    return asymmetric == std::ssize(convs) ? ", asymmetric weights" : ", weights asymmetric in part";
}

// What additions read and make, whether they stand alone or in an epilogue.
std::set<ValueId> residual_values(const IntegerModel& model) {
    std::set<ValueId> values;
    for (const IntegerNode& node : model.nodes) {
        const Epilogue* epilogue = epilogue_of(node);
        const bool alone = std::holds_alternative<IntegerAdd>(node.op);
        const bool joined = epilogue != nullptr && epilogue->residual != kNoValue;
        if (alone) values.insert(node.inputs.begin(), node.inputs.end());
        if (joined) values.insert(epilogue->residual);
        if (alone || joined) {
            for (const ValueId output : outputs_of(node)) values.insert(output);
        }
    }
    return values;
}

// The widths that differ from the common one, each kind apart; 0: none. Of several the largest counts.
struct Exceptions {
    int ends = 0, residuals = 0;
    bool others = false;
};

}  // namespace

std::string describe_bits(const IntegerModel& model) {
    const std::vector<const IntegerNode*> convs = conv_nodes(model);
    Census weights{}, activations{};
    for (const IntegerNode* node : convs) {
        const auto& conv = std::get<IntegerConv>(node->op);
        weights[static_cast<size_t>(conv.weight_bits)] += static_cast<int64_t>(conv.weight.size());
    }
    const auto is_activation = [&](ValueId id) { return id != model.input && !model.values[id].is_float; };
    const auto value_count = static_cast<ValueId>(model.values.size());
    for (ValueId id = 0; id < value_count; ++id) {
        const IntegerValue& value = model.values[id];
        if (is_activation(id)) activations[static_cast<size_t>(value.quant.bits)] += value.shape.size();
    }
    const int weight_bits = most_common(weights), activation_bits = most_common(activations);

    Exceptions found;
    for (const IntegerNode* node : convs) {
        const int bits = std::get<IntegerConv>(node->op).weight_bits;
        if (bits == weight_bits) continue;
        if (node == convs.front() || node == convs.back()) {
            found.ends = std::max(found.ends, bits);
        } else {
            found.others = true;
        }
    }
    const std::set<ValueId> residuals = residual_values(model);
    for (ValueId id = 0; id < value_count; ++id) {
        const int bits = model.values[id].quant.bits;
        if (!is_activation(id) || bits == activation_bits) continue;
        const auto& last_inputs = convs.empty() ? std::vector<ValueId>() : convs.back()->inputs;
        if (std::find(last_inputs.begin(), last_inputs.end(), id) != last_inputs.end()) {
            found.ends = std::max(found.ends, bits);
        } else if (residuals.contains(id)) {
            found.residuals = std::max(found.residuals, bits);
        } else {
            found.others = true;
        }
    }
    std::string text = "w" + std::to_string(weight_bits) + "a" + std::to_string(activation_bits);
    if (found.ends > 0) text += " + " + std::to_string(found.ends) + "-bit ends";
    if (found.residuals > 0) text += " + " + std::to_string(found.residuals) + "-bit residuals";
    if (found.others) text += ", mixed";
    return text + weight_grid_text(convs);
}

}  // namespace quantface
