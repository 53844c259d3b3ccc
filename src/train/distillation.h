// One student learning from one teacher: the training step and what it needs. Whoever runs it decides when to
// look at the result, save and stop (distill.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "train/optimizer.h"
#include "train/pixel_store.h"
#include "train/process_group.h"
#include "train/recipe.h"
#include "train/student.h"
#include "train/teacher.h"
#include "train/teacher_memory.h"

namespace quantface {

// The values whose real numbers the student is asked to match: those on residual streams and the last layer's
// input; in a network without residual streams every value that the plan quantizes.
std::vector<ValueId> feature_values(const Graph& graph, const std::vector<FusedNode>& plan);

struct StepReport {
    double loss = 0;       // the sum that was minimised
    double embedding = 0;  // 1 - cosine
    double feature = 0;    // mean over the values
    double gradient_norm = 0;
    bool finite() const;
};

class Distillation {
  public:
    // The images and the group must outlive it. graph, plan, start: as for Student. group: the processes that
    // share each batch and add up their gradients, or null.
    Distillation(const Graph& graph, const std::vector<FusedNode>& plan, const QuantizedGraph& start,
                 const PixelStore& images, const Recipe& recipe, int64_t steps, uint64_t seed,
                 const StudentOptions& student_options, ProcessGroup* group = nullptr);

    // Step `index` of the steps: forward, backward, update. A loss or gradient that is not finite changes
    // nothing and shows in the report.
    StepReport step(int64_t index);

    Student& student() { return student_; }
    Optimizer& optimizer() { return optimizer_; }

  private:
    struct Batch {
        at::Tensor pixels;
        std::vector<int64_t> pictures;  // TeacherMemory's numbers; empty where they will not come again
    };
    Batch batch(int64_t index);
    void add_up_gradients(at::Tensor& losses);

    const PixelStore& images_;
    Recipe recipe_;
    int64_t steps_;
    uint64_t seed_;
    ProcessGroup* group_;
    InputSpec spec_;
    Student student_;
    Teacher teacher_;
    TeacherMemory memory_;
    at::Device device_;
    std::vector<double> value_power_;  // mean square of each of the teacher's values
    Optimizer optimizer_;
    BatchOrder order_;
};

}  // namespace quantface
