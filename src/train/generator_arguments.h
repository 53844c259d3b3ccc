// What a generator's method takes beside the latents: truncation, labels, and what has defaults.
#pragma once

#include <torch/script.h>

#include <string>
#include <vector>

#include "train/generator_options.h"

namespace quantface {

class GeneratorArguments {
  public:
    // Throws Error(kBadInput) with `name` in it where the method's first argument is no tensor, or another
    // has neither a default nor a meaning that is known here.
    GeneratorArguments(const torch::jit::Module& module, const c10::FunctionSchema& schema,
                       const GeneratorOptions& options, const std::string& name);

    // Labels go from 0 to this less one; 0: there are none.
    int64_t classes() const { return classes_; }
    // Whether the generator truncates its latents itself.
    bool truncates() const { return truncates_; }
    // The method's arguments: the latents and all others, for a batch with these labels.
    std::vector<c10::IValue> values(const at::Tensor& latents, const std::vector<int64_t>& labels) const;

  private:
    enum class Kind { kValue, kLabels, kOneHotLabels };
    struct Argument {
        Kind kind = Kind::kValue;
        c10::IValue value;  // of kValue
    };
    Argument labels_argument(const torch::jit::Module& module, const c10::Argument& argument,
                             const GeneratorOptions& options, const std::string& name);

    std::vector<Argument> others_;
    int64_t classes_ = 0;
    bool truncates_ = false;
};

}  // namespace quantface
