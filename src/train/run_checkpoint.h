// Which run a checkpoint belongs to, and what training starts from.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "quantize/integer_lowering.h"
#include "train/checkpoint.h"
#include "train/distill.h"

namespace quantface {

// Everything that the numbers of a run depend on: a checkpoint of another run must not be gone on with.
nlohmann::ordered_json run_description(const DistillOptions& options, Precision precision, int threads);

// The run's checkpoint where there is one. Throws Error: kBadInput where it cannot be read, kUsage where it
// is of another run.
std::optional<Checkpoint> matching_checkpoint(const DistillOptions& options,
                                              const nlohmann::ordered_json& description);

// A checksum of the calibrated network that training starts from. Parameters count from its scales, so they
// mean nothing beside another start, as another kind of CPU may calibrate it.
uint32_t checksum_of(const QuantizedGraph& start);

}  // namespace quantface
