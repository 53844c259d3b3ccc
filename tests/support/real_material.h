// Real networks and data that some tests use where they are at hand: a folder `shared` beside the source tree
// (or $QUANTFACE_SHARED), and the demo's network in the user's cache. A machine without them skips those
// tests.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "formats/onnx_import.h"

namespace quantface {

inline std::filesystem::path shared_folder() {
    const char* given = std::getenv("QUANTFACE_SHARED");
    return given != nullptr ? std::filesystem::path(given) : std::filesystem::path("../shared");
}

inline std::filesystem::path cache_folder() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    const bool has_cache = cache != nullptr && *cache != 0;
    return (has_cache ? std::filesystem::path(cache)
                      : std::filesystem::path(home != nullptr ? home : ".") / ".cache") /
           "quantface";
}

struct RealNetwork {
    std::filesystem::path path;
    OnnxImportOptions options;
};

// The three teachers of the shared folder and the demo's network, with the input that each was trained on.
inline std::vector<RealNetwork> real_networks() {
    const std::filesystem::path models = shared_folder() / "models";
    std::vector<RealNetwork> networks(4);
    networks[0].path = models / "mobilefacenet_y1.onnx";
    networks[1].path = models / "mobilefacenet_relu6.onnx";
    networks[1].options.input_mean = {123.675f, 116.28f, 103.53f};
    networks[1].options.input_std = {58.395f, 57.12f, 57.375f};
    networks[2].path = models / "mobilefacenet_112x96.onnx";
    networks[2].options.input_mean = {127.5f, 127.5f, 127.5f};
    networks[2].options.input_std = {128.0f, 128.0f, 128.0f};
    networks[3].path = cache_folder() / "fr_feature.onnx";
    networks[3].options.input_mean = {127.0f, 127.0f, 127.0f};
    networks[3].options.input_std = {128.0f, 128.0f, 128.0f};
    networks[3].options.bgr = true;
    return networks;
}

}  // namespace quantface
