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
    std::vector<StudentParameter> parameters_;
    Recipe recipe_;
    int64_t steps_;
    std::vector<at::Tensor> first_, second_, average_;  // by parameter
};

}  // namespace quantface
