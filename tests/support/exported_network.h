// An integer network, what the engine makes of images, and what ONNX Runtime shall make of its export.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/onnx_export.h"
#include "runtime/integer_executor.h"
#include "support/onnx_peer.h"

namespace quantface {

struct ExportedNetwork {
    std::string name;
    IntegerModel model;
    OnnxStyle style = OnnxStyle::kQdq;
    std::vector<std::vector<uint8_t>> pixels;  // HWC, the model's colour order
    std::vector<std::vector<float>> expected;  // the engine's embeddings
    PeerJob peer;
};

inline std::vector<float> engine_embedding(const IntegerModel& model, const std::vector<uint8_t>& pixels) {
    const IntegerExecutor executor(model);
    std::vector<float> embedding(static_cast<size_t>(model.embedding_size()));
    executor.run(pixels, embedding, *executor.make_workspace());
    return embedding;
}

inline std::vector<float> as_planes(const std::vector<uint8_t>& pixels) {
    constexpr size_t kChannels = 3;
    const size_t plane = pixels.size() / kChannels;
    std::vector<float> planes(pixels.size());
    for (size_t i = 0; i < planes.size(); ++i) planes[i] = pixels[i % plane * kChannels + i / plane];
    return planes;
}

// Writes the file and runs the engine; run_exported() does the rest.
inline ExportedNetwork export_network(const std::filesystem::path& folder, const std::string& name,
                                      IntegerModel model, OnnxStyle style,
                                      const std::vector<std::vector<uint8_t>>& pixels) {
    ExportedNetwork network{name + "." + onnx_style_name(style), std::move(model), style, pixels, {}, {}};
    network.peer.name = network.name;
    network.peer.model = folder / (network.name + ".onnx");
    write_file_atomically(network.peer.model, encode_onnx(network.model, {style, "test"}));
    network.peer.input = network.model.values[network.model.input].shape;
    network.peer.output_size = static_cast<size_t>(network.model.embedding_size());
    for (const auto& image : pixels) {
        network.expected.push_back(engine_embedding(network.model, image));
        network.peer.images.push_back(as_planes(image));
    }
    return network;
}

// What stands in the way of the comparison, or nothing.
inline std::string run_exported(const std::filesystem::path& folder, std::vector<ExportedNetwork>& networks) {
    std::vector<PeerJob> jobs;
    for (const ExportedNetwork& network : networks) jobs.push_back(network.peer);
    const std::string obstacle = run_onnx_peer(folder, jobs);
    for (size_t index = 0; index < jobs.size(); ++index) networks[index].peer = std::move(jobs[index]);
    return obstacle;
}

// The least of the cosines between the engine's embeddings and the peer's.
inline double least_cosine(const ExportedNetwork& network) {
    double least = network.peer.outputs.size() == network.expected.size() ? 1 : -1;
    for (size_t image = 0; image < network.peer.outputs.size(); ++image) {
        least = std::min(least, cosine_of(network.peer.outputs[image], network.expected[image]));
    }
    return least;
}

}  // namespace quantface
