#include "cli/training_library.h"

#include "cli/loadable_library.h"

namespace quantface {

const TrainingModule& load_training_library(const std::string& who, const std::string& advice) {
    return *static_cast<const TrainingModule*>(load_library(
        {"quantface_training.so", kTrainingModuleSymbol, "training", "it is built where libtorch is", advice},
        who));
}

}  // namespace quantface
