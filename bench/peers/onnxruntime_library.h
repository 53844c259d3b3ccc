// ONNX Runtime without a language in between, for counting instructions: its library is loaded at run time,
// and the few functions of its C interface that are needed are declared here by their place in its table,
// which never changes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quantface::peers {

class OnnxRuntimeLibrary {
  public:
    // Throws Error(kFailed) where a library or a network is not to be had.
    OnnxRuntimeLibrary(const std::filesystem::path& library, const std::filesystem::path& model, int threads);

    // One image of noise.
    void run();

  private:
    template <typename... Arguments>
    void call(int place, Arguments... arguments);
    template <typename Function>
    Function function(int place) const {
        return reinterpret_cast<Function>(table_[place]);
    }
    void open_session(const std::filesystem::path& model, int threads);
    void make_input();

    void* const* table_ = nullptr;
    void *environment_ = nullptr, *session_ = nullptr, *input_ = nullptr;
    char *input_name_ = nullptr, *output_name_ = nullptr;
    std::vector<float> pixels_;
    std::vector<uint8_t> byte_pixels_;
};

// The library of the npm package onnxruntime-node, or an empty path.
std::filesystem::path find_onnxruntime_library();

}  // namespace quantface::peers
