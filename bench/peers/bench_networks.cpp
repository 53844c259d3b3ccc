// Writes networks with random numbers as .qfm files, for measurements: MobileFaceNet and IResNets at several
// bits.
//
//   bench_networks OUT_DIR [NAME...]
//
// NAME is as the file without .qfm, e.g. iresnet50_w6a6; without names all are written. Files that exist
// stay.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "formats/qfm.h"
#include "runtime/random_iresnet.h"
#include "runtime/random_models.h"

namespace quantface::peers {
namespace {

struct Bits {
    int weights, activations;
};

constexpr Bits kBits[] = {{8, 8}, {6, 6}, {4, 4}, {4, 8}};
constexpr int kMobileFaceNet = 0;
constexpr int kNetworks[] = {kMobileFaceNet, 18, 50, 100};  // or layers of an IResNet

std::string name_of(int network, Bits bits) {
    const std::string kind =
        network == kMobileFaceNet ? "mobilefacenet" : "iresnet" + std::to_string(network);
    return fmt::format("{}_w{}a{}", kind, bits.weights, bits.activations);
}

IntegerModel build(int network, Bits bits) {
    RandomModelBuilder::ConvOptions shared;
    shared.weight_bits = bits.weights;
    shared.bits = bits.activations;
    shared.zero_point_padding = true;  // or no other engine could do the same
    IntegerModel model = network == kMobileFaceNet ? random_mobile_face_net(1, shared)
                                                   : random_iresnet(1, network, 112, shared);
    model.name = name_of(network, bits);
    return model;
}

void write_all(const std::filesystem::path& folder, std::vector<std::string> wanted) {
    std::filesystem::create_directories(folder);
    const bool every = wanted.empty();
    for (const int network : kNetworks) {
        for (const Bits bits : kBits) {
            const std::string name = name_of(network, bits);
            if (!every && std::erase(wanted, name) == 0) continue;
            const auto path = folder / (name + ".qfm");
            if (!std::filesystem::exists(path)) write_qfm(path, build(network, bits));
        }
    }
    if (!wanted.empty()) fail_usage(wanted.front() + ": no such network");
}

}  // namespace
}  // namespace quantface::peers

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: bench_networks OUT_DIR [NAME...]\n", stderr);
        return 2;
    }
    try {
        quantface::peers::write_all(argv[1], std::vector<std::string>(argv + 2, argv + argc));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_networks: %s\n", error.what());
        return 1;
    }
    return 0;
}
