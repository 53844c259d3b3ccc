// What a TorchScript generator is fed with: the shape of its latents, and latents.
#pragma once

#include <torch/script.h>

#include <optional>
#include <span>
#include <vector>

#include "base/rng.h"

namespace quantface {

using LatentShape = std::vector<int64_t>;  // of one image, without the batch

// The module's parameters, and behind them the tensors that a frozen module holds in its graph.
std::vector<at::Tensor> generator_weights(const torch::jit::Module& module, const torch::jit::Graph& inlined);

// Shapes to try, the likeliest first. What the module says of itself comes alone: an attribute, buffer or
// method without arguments called latent_shape, z_dim, latent_dim, ..., a number or several. Else what its
// first weights would take.
std::vector<LatentShape> latent_candidates(const torch::jit::Module& module,
                                           const std::vector<at::Tensor>& weights);

// Standard normal. With a truncation, values beyond 2 are drawn again and all are multiplied by it (the
// truncation trick of BigGAN, Brock et al., arXiv 1809.11096, as released).
void draw_latent(Rng& rng, std::optional<double> truncation, std::span<float> latent);

}  // namespace quantface
