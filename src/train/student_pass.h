// One forward pass of a student: from pixels to the embedding, on levels, operation by operation.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "train/student.h"

namespace quantface {

// pixels, keep, kept, cut: as for Student::forward.
at::Tensor run_student(const StudentParts& student, const at::Tensor& pixels,
                       const std::vector<ValueId>& keep, std::vector<at::Tensor>& kept, bool cut);

}  // namespace quantface
