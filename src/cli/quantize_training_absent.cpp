#include "base/error.h"
#include "cli/quantize_training.h"

namespace quantface {

TrainingOutcome run_training(const Graph&, const ImageSource&, const PostTrainingOptions&, const TrainingOptions&,
                             uint64_t, const std::string&, const std::string&, ThreadPool&, Progress&) {
    fail_usage("quantize: this program was built without training (libtorch); give --ptq to quantize by calibration");
}

void remove_checkpoint(const TrainingOptions&, const std::string&) {}

}  // namespace quantface
