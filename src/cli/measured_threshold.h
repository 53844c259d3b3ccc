// Thresholds that were measured: read from what `quantface eval --save-json` wrote about the same network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace quantface {

struct MeasuredThreshold {
    double cosine = 0;  // accepted: at or above it
    double far = 0;     // the false accept rate it was asked for at
    double reached_far = 0;
    std::string benchmark;  // measured on
    int64_t impostor_pairs = 0;
    bool flip = false;  // of embeddings that are sums with those of mirror images
};

// The threshold at `far` of the network with this SHA-256, on the benchmark with the most impostor pairs of
// single images (not IJB's templates: those are compared otherwise). Throws Error(kBadInput) where the file
// is no evaluation or knows another network only, Error(kUsage) where no benchmark in it has enough impostor
// pairs for this rate or it was not measured there.
MeasuredThreshold read_measured_threshold(const std::filesystem::path& evaluation,
                                          const std::string& model_sha256, double far);

}  // namespace quantface
