// The training library, loaded when it is needed.
#pragma once

#include <string>

#include "cli/training_module.h"

namespace quantface {

// lib/quantface/quantface_training.so beside the program's folder; loaded once and never unloaded. Throws
// Error: kUsage where it is not installed, a line that begins with `command` and ends with `advice`; kFailed
// where it cannot be loaded or is of another version.
const TrainingModule& training_library(const std::string& command, const std::string& advice);

}  // namespace quantface
