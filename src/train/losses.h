// What a student is asked to give back of its teacher. Each is a mean over the batch's images, so that parts
// of a batch can be computed apart and added up.
#pragma once

#include <ATen/core/Tensor.h>

namespace quantface {

// Mean of 1 - cosine. Half of the squared distance between the embeddings scaled to length 1, which is the
// loss of Boutros et al. (ICPR 2022), Eq. 4. (N, dimension) each.
at::Tensor embedding_loss(const at::Tensor& student, const at::Tensor& teacher);

// Mean over images and entries of the squared difference between the embeddings scaled to length 1: the loss
// of the settings published with that paper, embedding_loss times 2 / dimension.
at::Tensor squared_loss(const at::Tensor& student, const at::Tensor& teacher);

// Mean of (|student| / |teacher| - 1)^2.
at::Tensor norm_loss(const at::Tensor& student, const at::Tensor& teacher);

// Mean over pairs of images of the squared difference between the student's and the teacher's cosine (Park et
// al., "Relational Knowledge Distillation", CVPR 2019, with cosines in place of distances). 0 for fewer than
// two images.
at::Tensor relation_loss(const at::Tensor& student, const at::Tensor& teacher);

// Mean squared difference over `power`, the teacher's mean square of this value.
at::Tensor value_loss(const at::Tensor& student, const at::Tensor& teacher, double power);

}  // namespace quantface
