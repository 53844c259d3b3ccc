// Which run a checkpoint belongs to.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "train/checkpoint.h"
#include "train/distill.h"

namespace quantface {

// Everything that the numbers of a run depend on: a checkpoint of another run must not be gone on with.
nlohmann::ordered_json run_description(const DistillOptions& options, Precision precision, int threads);

// The run's checkpoint where there is one. Throws Error: kBadInput where it cannot be read, kUsage where it
// is of another run.
std::optional<Checkpoint> matching_checkpoint(const DistillOptions& options,
                                              const nlohmann::ordered_json& description);

}  // namespace quantface
