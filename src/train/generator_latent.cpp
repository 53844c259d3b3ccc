#include "train/generator_latent.h"

#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace quantface {

namespace {

constexpr std::array<const char*, 10> kNames = {"latent_shape", "input_shape", "z_shape",    "z_dim",
                                                "latent_dim",   "latent_size", "input_size", "nz",
                                                "noise_dim",    "z_size"};
constexpr size_t kMostDims = 4;
constexpr size_t kMostCandidates = 16;

bool is_shape(const LatentShape& shape) {
    return !shape.empty() && shape.size() <= kMostDims &&
           std::all_of(shape.begin(), shape.end(),
                       [](int64_t side) { return side > 0 && side <= (1 << 24); });
}

// A number, several in a list, tuple or tensor; empty where the value is nothing of the kind.
LatentShape shape_from(const c10::IValue& value) {
    LatentShape shape;
    if (value.isInt()) {
        shape = {value.toInt()};
    } else if (value.isIntList()) {
        shape = value.toIntVector();
    } else if (value.isTuple()) {
        for (const c10::IValue& element : value.toTupleRef().elements()) {
            if (!element.isInt()) return {};
            shape.push_back(element.toInt());
        }
    } else if (value.isTensor()) {
        const at::Tensor tensor = value.toTensor();
        if (!tensor.defined() || !at::isIntegralType(tensor.scalar_type(), false)) return {};
        if (tensor.numel() < 1 || tensor.numel() > static_cast<int64_t>(kMostDims)) return {};
        const at::Tensor numbers = tensor.to(at::kCPU, at::kLong).contiguous();
        shape.assign(numbers.data_ptr<int64_t>(), numbers.data_ptr<int64_t>() + numbers.numel());
    }
    return is_shape(shape) ? shape : LatentShape();
}

LatentShape declared_shape(const torch::jit::Module& module) {
    for (const char* name : kNames) {
        LatentShape shape;
        if (module.hasattr(name)) {
            shape = shape_from(module.attr(name));
        } else if (const auto method = module.find_method(name)) {
            if (method->function().getSchema().arguments().size() == 1) shape = shape_from((*method)({}));
        }
        if (!shape.empty()) return shape;
    }
    return {};
}

}  // namespace

std::vector<at::Tensor> generator_weights(const torch::jit::Module& module,
                                          const torch::jit::Graph& inlined) {
    std::vector<at::Tensor> weights;
    for (const at::Tensor& parameter : module.parameters(/*recurse=*/true)) weights.push_back(parameter);
    for (const torch::jit::Node* node : inlined.nodes()) {
        if (node->kind() != c10::prim::Constant) continue;
        const auto value = torch::jit::toIValue(node->output());
        if (value && value->isTensor() && value->toTensor().defined()) weights.push_back(value->toTensor());
    }
    return weights;
}

std::vector<LatentShape> latent_candidates(const torch::jit::Module& module,
                                           const std::vector<at::Tensor>& weights) {
    const LatentShape declared = declared_shape(module);
    // Of networks that begin with a transposed convolution people say "100" and mean 100 x 1 x 1.
    if (declared.size() == 1) return {declared, {declared[0], 1, 1}};
    if (!declared.empty()) return {declared};
    std::vector<LatentShape> candidates;
    const auto add = [&](const LatentShape& shape) {
        const bool known = std::find(candidates.begin(), candidates.end(), shape) != candidates.end();
        if (is_shape(shape) && !known && candidates.size() < kMostCandidates) candidates.push_back(shape);
    };
    for (const at::Tensor& weight : weights) {
        if (weight.dim() == 2) {
            add({weight.size(1)});  // fully connected: outputs x inputs
        } else if (weight.dim() == 4) {
            add({weight.size(0), 1, 1});  // transposed convolution: inputs x outputs x kernel
            add({weight.size(1)});        // a learned constant, modulated
        }
    }
    return candidates;
}

void draw_latent(Rng& rng, std::optional<double> truncation, std::span<float> latent) {
    for (float& value : latent) {
        double drawn = rng.normal();
        while (truncation && std::abs(drawn) > 2) drawn = rng.normal();
        value = static_cast<float>(drawn * truncation.value_or(1));
    }
}

}  // namespace quantface
