// How well a network's embeddings agree with its teacher's: the judge of every choice the quantizer makes.
#pragma once

#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "graph/integer_model.h"
#include "quantize/calibration_images.h"

namespace quantface {

// images x dimension numbers, not normalised.
std::vector<float> float_embeddings(const Graph& graph, const CalibrationImages& images, ThreadPool& pool);
std::vector<float> integer_embeddings(const IntegerModel& model, const CalibrationImages& images,
                                      ThreadPool& pool);

// Mean over the rows of the cosine between a's and b's row; a row of zeros counts as 0.
double mean_cosine(std::span<const float> a, std::span<const float> b, size_t dimension);

}  // namespace quantface
