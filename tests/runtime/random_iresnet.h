// Integer models of IResNet's shape with random numbers: the networks that ArcFace is trained with.
#pragma once

#include "random_models.h"

namespace quantface {

// 18, 34, 50 and 100 layers, as named by InsightFace's arcface_torch. `extent` (pixels, a multiple of 16) is
// the image's height and width; 112 in all trained ones, 2.6 to 12.1 G multiply-accumulates. What all
// convolutions share is taken from `shared`: bits, kind of weights, padding. Batch norms before a block are
// second outputs of what stands before them; the others are taken to be folded. Throws where there is no
// network of that many layers.
IntegerModel random_iresnet(uint64_t seed, int layers, int extent = 112,
                            const RandomModelBuilder::ConvOptions& shared = {});

}  // namespace quantface
