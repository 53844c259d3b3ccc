// Where an integer network departs from its teacher: the noise of each layer's output, of everything before
// it together.
#pragma once

#include <map>
#include <string>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "graph/integer_model.h"
#include "quantize/calibration_images.h"

namespace quantface {

// Decibels by the name of the integer network's node: 10 log10 of the teacher's variance over that part of it
// which the node's output does not explain, channel by channel by the straight line that fits best. Scales
// and shifts of channels, which equalization changes, make no difference. Nodes whose output the teacher does
// not have by name are left out.
std::map<std::string, double> measure_layer_noise(const Graph& teacher, const IntegerModel& student,
                                                  const CalibrationImages& images, ThreadPool& pool,
                                                  Progress& progress);

}  // namespace quantface
