// Loading lib/quantface/quantface_training.so, the only part of the program that libtorch is linked to.
#pragma once

#include <string>

#include "cli/training_module.h"

namespace quantface {

// Throws Error(kUsage), one line "WHO: ... (FILE is not there); ADVICE", where the library is not installed,
// Error(kFailed) where it cannot be loaded or is of another version.
const TrainingModule& load_training_library(const std::string& who, const std::string& advice);

}  // namespace quantface
