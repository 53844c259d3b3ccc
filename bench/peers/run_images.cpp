// Runs one network on images of noise, one after the other on one thread, for tools that count what that
// takes.
//
//   run_images MODEL IMAGES
//
// A MODEL that ends in .qfm runs in our engine, an .onnx in ONNX Runtime. Exit code 77 where that is absent.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "onnxruntime_library.h"
#include "ours.h"

int main(int argc, char** argv) {
    using namespace quantface::peers;
    if (argc != 3) {
        std::fputs("usage: run_images MODEL IMAGES\n", stderr);
        return 2;
    }
    const std::string model = argv[1];
    const int images = std::atoi(argv[2]);
    try {
        if (model.ends_with(".qfm")) {
            OurNetwork network(model);
            for (int image = 0; image < images; ++image) network.run_ours(1, 1);
            return 0;
        }
        const auto library = find_onnxruntime_library();
        if (library.empty()) return 77;
        OnnxRuntimeLibrary network(library, model, 1);
        for (int image = 0; image < images; ++image) network.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "run_images: %s\n", error.what());
        return 1;
    }
    return 0;
}
