// Adam and SGD over a student's parameters, with one learning rate for each kind of them, and the moving
// average of what they reach.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "train/recipe.h"
#include "train/student.h"

namespace quantface {

class Optimizer {
  public:
    Optimizer(std::vector<StudentParameter> parameters, const Recipe& recipe, int64_t steps);

    void clear_gradients();
    // One step with the gradients that stand in the parameters. Returns the gradient's norm before clipping;
    // a norm that is not finite changes nothing.
    double step(int64_t index);

    // Exchanges the parameters for their moving averages, or back; nothing where the recipe has none.
    void swap_average();

    // Everything beside the parameters that the next step depends on, by name.
    std::vector<std::pair<std::string, at::Tensor>> state();

    const std::vector<StudentParameter>& parameters() const { return parameters_; }

  private:
    double gradient_norm() const;
    // Of parameter i. decay: of the weights.
    void adam_step(size_t i, double rate, double clip, double decay, int64_t index);
    void sgd_step(size_t i, double rate, double clip, double decay);
    void add_to_average(size_t i);

    std::vector<StudentParameter> parameters_;
    Recipe recipe_;
    int64_t steps_;
    std::vector<at::Tensor> first_, second_, average_;  // by parameter
};

}  // namespace quantface
