// A TorchScript generator: numbers in, pictures out.
#pragma once

#include <torch/script.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "train/generator_arguments.h"
#include "train/generator_latent.h"
#include "train/generator_options.h"

namespace quantface {

class GeneratorNetwork {
  public:
    // Loads the file, finds the shape of its latents and tries it. Throws Error(kBadInput) where the file is
    // no TorchScript or gives no pictures.
    GeneratorNetwork(const std::filesystem::path& file, const GeneratorOptions& options);

    const LatentShape& latent() const { return latent_; }
    int height() const { return height_; }
    int width() const { return width_; }
    bool on_cpu() const { return device_.is_cpu(); }
    // Whether it draws random numbers of its own, as StyleGAN's noise. They follow from the first index of a
    // batch.
    bool draws() const { return draws_; }
    bool conditional() const { return arguments_.classes() > 0; }

    // Pictures of these indices, 3 x height x width each, float32 on the CPU, the numbers as the generator
    // gives them. Each picture's latent and label depend on (seed, index, attempt) alone. Not thread-safe.
    at::Tensor pictures(std::span<const int64_t> indices, int attempt) const;
    // Two pictures that neither seed nor truncation of latents has a part in.
    at::Tensor samples() const;

  private:
    at::Tensor generate(uint64_t seed, std::optional<double> truncation, std::span<const int64_t> indices,
                        int attempt, const LatentShape& latent) const;
    at::Tensor checked(at::Tensor output, int64_t count) const;
    void find_latent(const std::vector<at::Tensor>& weights);

    std::string name_;
    GeneratorOptions options_;
    at::Device device_;
    torch::jit::Module module_;
    torch::jit::Method method_;
    GeneratorArguments arguments_;
    at::ScalarType type_ = at::kFloat;
    bool draws_ = false;
    LatentShape latent_;
    int height_ = 0, width_ = 0;
};

}  // namespace quantface
