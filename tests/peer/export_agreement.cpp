// How closely exported networks follow the integer engine: embeddings of a pack's images by the engine and by
// ONNX Runtime on each style of export, and what ONNX Runtime makes of each (operators by count).
//
//   export_agreement MODEL.qfm PACK.bin COUNT
//
// From the source tree's root, with the npm package onnxruntime-node where tests look for it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "base/thread_pool.h"
#include "faces/bin_pack.h"
#include "formats/onnx_export.h"
#include "formats/onnx_parse.h"
#include "formats/qfm.h"
#include "runtime/embedder.h"
#include "support/onnx_peer.h"
#include "support/onnx_runtime_library.h"

namespace {

using namespace quantface;
namespace fs = std::filesystem;

struct Material {
    std::vector<std::vector<float>> images;      // CHW, pixels
    std::vector<std::vector<float>> embeddings;  // the engine's
};

Material embed_pack(const IntegerModel& model, const BinPack& pack, int64_t count) {
    Material material;
    const auto embedder = make_embedder(model);
    const Shape shape = model.values[model.input].shape;
    ThreadPool pool(1);
    for (int64_t index = 0; index < count; ++index) {
        const Image image = pack.image(index);
        const PixelsView view{image.rgb.data(), image.height, image.width};
        std::vector<float>& embedding = material.embeddings.emplace_back(model.embedding_size());
        embedder->embed({&view, 1}, embedding, pool);
        std::vector<uint8_t> pixels(static_cast<size_t>(shape.size()));
        to_network_pixels(view, model.input_spec, pixels);
        std::vector<float>& chw = material.images.emplace_back(pixels.size());
        const auto plane = static_cast<size_t>(shape.plane());
        for (size_t i = 0; i < chw.size(); ++i) chw[i] = pixels[i % plane * 3 + i / plane];
    }
    return material;
}

void print_row(const PeerJob& job, const Material& material, uint64_t file_bytes) {
    double sum = 0, least = 1;
    int same = 0;
    for (size_t image = 0; image < job.outputs.size(); ++image) {
        const double cosine = cosine_of(material.embeddings[image], job.outputs[image]);
        sum += cosine;
        least = std::min(least, cosine);
        same += material.embeddings[image] == job.outputs[image];
    }
    std::printf("%-12s %8llu bytes  mean cosine %.6f  least %.6f  equal to the bit %d of %zu\n",
                job.name.c_str(), static_cast<unsigned long long>(file_bytes),
                sum / static_cast<double>(job.outputs.size()), least, same, job.outputs.size());
    std::map<std::string, int> operators;
    const fs::path path = job.model.string() + ".optimized";
    const std::string obstacle = optimize_with_onnx_runtime(job.model, path);
    if (!obstacle.empty()) return;
    const auto optimized = parse_onnx(read_file(path), job.name);
    for (const auto& node : optimized.graph().node()) ++operators[node.op_type()];
    for (const auto& [name, number] : operators) std::printf("    %d %s", number, name.c_str());
    std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: export_agreement MODEL.qfm PACK.bin COUNT\n");
        return 2;
    }
    const IntegerModel model = read_qfm(argv[1]);
    const BinPack pack = BinPack::open(argv[2]);
    const Material material =
        embed_pack(model, pack, std::min<int64_t>(std::stoll(argv[3]), pack.image_count()));
    const fs::path folder = fs::temp_directory_path() / ("quantface_agreement_" + std::to_string(::getpid()));
    fs::create_directories(folder);
    std::vector<PeerJob> jobs;
    for (const OnnxStyleName& style : kOnnxStyles) {
        PeerJob& job = jobs.emplace_back();
        job.name = style.name;
        job.model = folder / (job.name + ".onnx");
        write_file_atomically(job.model, encode_onnx(model, {style.style, ""}));
        job.input = model.values[model.input].shape;
        job.output_size = static_cast<size_t>(model.embedding_size());
        job.images = material.images;
    }
    const std::string obstacle = run_onnx_peer(folder, jobs);
    if (!obstacle.empty()) std::fprintf(stderr, "%s\n", obstacle.c_str());
    for (const PeerJob& job : jobs) {
        if (!job.outputs.empty()) print_row(job, material, fs::file_size(job.model));
    }
    fs::remove_all(folder);
    return obstacle.empty() ? 0 : 1;
}
