// ONNX Runtime beside ours: runs networks through tests/peer/onnxruntime_embed.mjs. A machine without it
// skips those tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace quantface {

// One network and what goes through it.
struct PeerJob {
    std::string name;  // fit for a file's name
    std::filesystem::path model;
    Shape input;
    size_t output_size = 0;
    std::vector<std::vector<float>> images;  // CHW, as the file's network takes them

    std::vector<std::vector<float>> outputs;  // one row an image
};

// What stands in the way of the comparison, or nothing. Files of its own go into the folder. Fails the test
// where a network does not run; its outputs stay empty.
std::string run_onnx_peer(const std::filesystem::path& folder, std::vector<PeerJob>& jobs);

double vector_norm(const std::vector<float>& vector);
double cosine_of(const std::vector<float>& a, const std::vector<float>& b);
// |a - b| / |b|
double relative_error(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace quantface
