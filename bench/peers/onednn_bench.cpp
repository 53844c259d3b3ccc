// Our convolutions against oneDNN's, layer by layer on one thread, taking turns.
//
//   onednn_bench [--isa NAME] [--weights BITS] [--acts BITS] [--rounds N] [--seconds S] [--json FILE]
//
// For each size of convolution of MobileFaceNet and IResNet-50: microseconds, multiply-accumulates a second,
// their share of what the core can do with the instruction of our kernel, and the median of the rounds'
// ratios. Fewer bits are ours alone: oneDNN knows 8.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "kernels/kernel_set.h"
#include "kernels/peak/peak.h"
#include "kernels/test_conv.h"
#include "measurement.h"
#include "network_layers.h"
#include "numerics/quantization.h"
#include "onednn_conv.h"
#include "runtime/random_iresnet.h"
#include "runtime/random_models.h"

namespace quantface::peers {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    std::string instruction_set, json;  // empty: the best; nowhere
    int weight_bits = 8, activation_bits = 8;
    int rounds = 7;
    double seconds = 0.03;
};

int32_t largest_product(const Options& options) {
    return ((1 << options.activation_bits) - 1) * weight_limit(options.weight_bits);
}

// Our convolution of one size, ready to run. The only place that says how kernels are called.
class OurConv {
  public:
    OurConv(const ConvGeometry& geometry, const KernelSet& kernels, const Options& options)
        : conv_(test_options(geometry, options), rng_) {
        const int32_t product = largest_product(options);
        const DepthwiseKernel* depthwise =
            geometry.is_depthwise() ? kernels.depthwise_for(geometry, product, false) : nullptr;
        packed_ = depthwise ? conv_.pack(*depthwise) : conv_.pack(kernels.conv_for(product));
    }
    void run() { packed_.run(); }

  private:
    static TestConvOptions test_options(const ConvGeometry& geometry, const Options& options) {
        TestConvOptions result;
        result.geometry = geometry;
        result.activation_bits = options.activation_bits;
        result.weight_bits = options.weight_bits;
        result.epilogue.activation = EpilogueActivation::kPRelu;
        return result;
    }

    Rng rng_{1};
    TestConv conv_;
    PackedConv packed_;
};

struct LayerResult {
    NetworkLayer layer;
    double ours = 0, peer = 0;  // seconds
    double ratio = 0;           // the peer's time by ours
    std::string implementation;
};

// The fastest way that oneDNN has.
std::unique_ptr<OnednnConv> best_peer(const ConvGeometry& geometry, double seconds) {
    auto best = std::make_unique<OnednnConv>(geometry);
    if (!OnednnConv::can_be_inner_product(geometry)) return best;
    auto other = std::make_unique<OnednnConv>(geometry, true);
    const auto time = [&](OnednnConv& conv) {
        conv.run();
        return median_seconds([&] { conv.run(); }, seconds);
    };
    return time(*other) < time(*best) ? std::move(other) : std::move(best);
}

LayerResult measure(const NetworkLayer& layer, const KernelSet& kernels, const Options& options) {
    OurConv ours(layer.geometry, kernels, options);
    const auto peer = best_peer(layer.geometry, options.seconds);
    std::vector<double> our_times, peer_times, ratios;
    ours.run();
    peer->run();
    for (int round = 0; round < options.rounds; ++round) {
        our_times.push_back(median_seconds([&] { ours.run(); }, options.seconds));
        peer_times.push_back(median_seconds([&] { peer->run(); }, options.seconds));
        ratios.push_back(peer_times.back() / our_times.back());
    }
    return {layer, median(our_times), median(peer_times), median(ratios), peer->implementation()};
}

void print_row(const LayerResult& row, double peak) {
    const double macs = row.layer.macs();
    fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.1f} | {:.0f}% | {:.1f} | {:.0f}% | {:.2f} | {} |\n",
               row.layer.name, row.layer.times, 1e6 * row.ours, 1e6 * row.peer, 1e-9 * macs / row.ours,
               100 * macs / row.ours / peak, 1e-9 * macs / row.peer, 100 * macs / row.peer / peak, row.ratio,
               row.implementation);
    std::fflush(stdout);
}

Json to_json(const LayerResult& row, double peak) {
    const double macs = row.layer.macs();
    return {{"layer", row.layer.name},
            {"times", row.layer.times},
            {"macs", macs},
            {"our_microseconds", 1e6 * row.ours},
            {"onednn_microseconds", 1e6 * row.peer},
            {"our_share_of_peak", macs / row.ours / peak},
            {"onednn_share_of_peak", macs / row.peer / peak},
            {"ratio", row.ratio},
            {"onednn_implementation", row.implementation}};
}

Json compare_network(const std::string& name, const IntegerModel& model, const KernelSet& kernels,
                     double peak, const Options& options) {
    fmt::print("\n{}\n\n", name);
    fmt::print(
        "| layer | times | our us | oneDNN us | our GMAC/s | of peak | oneDNN GMAC/s | of peak | ratio | "
        "oneDNN's code |\n|---|---|---|---|---|---|---|---|---|---|\n");
    Json rows = Json::array();
    double ours = 0, peer = 0;
    for (const NetworkLayer& layer : distinct_layers(model)) {
        const LayerResult row = measure(layer, kernels, options);
        // Ours leave nothing out, so faster than the peak is another layer than the one that was meant.
        if (layer.macs() / row.ours > 1.2 * peak) fail_work(layer.name + ": faster than the core can be");
        print_row(row, peak);
        rows.push_back(to_json(row, peak));
        ours += layer.times * row.ours;
        peer += layer.times * row.peer;
    }
    fmt::print("\nall convolutions: ours {:.2f} ms, oneDNN {:.2f} ms, ratio {:.2f}\n", 1e3 * ours, 1e3 * peer,
               peer / ours);
    return {{"network", name},
            {"layers", rows},
            {"our_milliseconds", 1e3 * ours},
            {"onednn_milliseconds", 1e3 * peer},
            {"ratio", peer / ours}};
}

KernelSet find_kernels(const std::string& instruction_set) {
    const std::vector<KernelSet> sets = kernel_sets(cpu_features());
    if (instruction_set.empty()) return sets.back();
    for (const KernelSet& kernels : sets) {
        if (kernels.name == instruction_set) return kernels;
    }
    fail_usage(instruction_set + ": no such instruction set here");
}

Json measure_peaks(double clock) {
    Json peaks = Json::array();
    for (const PeakKernel& kernel : peak_kernels()) {
        if (!can_run(kernel.needs, cpu_features())) continue;
        const double peak = measure_integer_peak(kernel, 0.2);
        fmt::print("peak of {} ({}): {:.1f} GMAC/s, {:.1f} in a cycle\n", kernel.name, kernel.instruction,
                   1e-9 * peak, peak / clock);
        peaks.push_back(
            {{"isa", kernel.name}, {"instruction", kernel.instruction}, {"macs_per_second", peak}});
    }
    return peaks;
}

void run(const Options& options) {
    const KernelSet kernels = find_kernels(options.instruction_set);
    if (!OnednnConv::limit(kernels.name)) fail_usage(std::string(kernels.name) + ": not to be had of oneDNN");
    const double clock = measure_clock(0.2);
    fmt::print("clock: {:.2f} GHz\n", 1e-9 * clock);
    const char* dense = kernels.conv_for(largest_product(options)).name;
    fmt::print("our kernels: {}, dense ones {}\n", kernels.name, dense);
    Json document = {{"isa", kernels.name},
                     {"weight_bits", options.weight_bits},
                     {"activation_bits", options.activation_bits},
                     {"onednn", OnednnConv::version()},
                     {"clock_hertz", clock}};
    document["peaks"] = measure_peaks(clock);
    const double peak = measure_integer_peak(dense, 0.2);
    document["networks"] = {
        compare_network("MobileFaceNet", random_mobile_face_net(1), kernels, peak, options),
        compare_network("IResNet-50", random_iresnet(1, 50), kernels, peak, options)};
    if (!options.json.empty()) write_file_atomically(options.json, document.dump(2) + "\n");
}

}  // namespace
}  // namespace quantface::peers

int main(int argc, char** argv) {
    using namespace quantface;
    peers::Options options;
    CLI::App program("Our convolutions against oneDNN's");
    program.add_option("--isa", options.instruction_set,
                       "avx512_vnni, avx512, avx_vnni or avx2, for both (default: the best)");
    program.add_option("--weights", options.weight_bits, "Bits of our weights")->check(CLI::Range(2, 8));
    program.add_option("--acts", options.activation_bits, "Bits of our activations")->check(CLI::Range(2, 8));
    program.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000))->capture_default_str();
    program.add_option("--seconds", options.seconds, "Of each engine in each round")->capture_default_str();
    program.add_option("--json", options.json, "Where the figures go as well");
    CLI11_PARSE(program, argc, argv);
    try {
        peers::run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "onednn_bench: {}\n", error.what());
        return 1;
    }
    return 0;
}
