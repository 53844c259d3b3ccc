// Real face networks, where they are at hand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "formats/onnx_import.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

fs::path shared_models() {
    const char* given = std::getenv("QUANTFACE_SHARED");
    return (given ? fs::path(given) : fs::path("../shared")) / "models";
}

fs::path cached_network() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    const fs::path base = cache && *cache ? fs::path(cache) : fs::path(home ? home : ".") / ".cache";
    return base / "quantface" / "fr_feature.onnx";
}

struct Expected {
    std::map<std::string, int> ops;
    int height, width, embedding;
    float std;
    size_t notes;
};

void check(const fs::path& path, const Expected& expected) {
    SCOPED_TRACE(path);
    const OnnxImport imported = import_onnx(path, {});
    const Graph& graph = imported.graph;
    std::map<std::string, int> ops;
    for (const Node& node : graph.nodes) ++ops[op_name(node.op)];
    EXPECT_EQ(ops, expected.ops);
    EXPECT_EQ(graph.values.size(), graph.nodes.size() + 1);
    EXPECT_EQ(graph.values[graph.input].shape, (Shape{3, expected.height, expected.width}));
    EXPECT_EQ(graph.embedding_size(), expected.embedding);
    for (int channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(graph.input_spec.mean[channel], 127.5f);
        EXPECT_EQ(graph.input_spec.std[channel], expected.std);
    }
    EXPECT_EQ(imported.notes.size(), expected.notes);
}

TEST(OnnxNetworks, MobileFaceNetWithOwnInputArithmetic) {
    const fs::path path = shared_models() / "mobilefacenet_y1.onnx";
    if (!fs::exists(path)) GTEST_SKIP() << path << " is absent";
    check(path, {{{"Conv", 49}, {"BatchNorm", 50}, {"PRelu", 33}, {"Add", 12}, {"Identity", 1}, {"Gemm", 1}},
                 112,
                 112,
                 128,
                 128,
                 0});
}

TEST(OnnxNetworks, MobileFaceNetWithRelu6) {
    const fs::path path = shared_models() / "mobilefacenet_relu6.onnx";
    if (!fs::exists(path)) GTEST_SKIP() << path << " is absent";
    check(
        path,
        {{{"Conv", 51}, {"Clip", 32}, {"Add", 12}, {"Relu", 2}, {"Identity", 1}}, 112, 112, 128, 127.5f, 1});
}

TEST(OnnxNetworks, MobileFaceNetOfOddSizeWithDynamicReshape) {
    const fs::path path = shared_models() / "mobilefacenet_112x96.onnx";
    if (!fs::exists(path)) GTEST_SKIP() << path << " is absent";
    check(path, {{{"Conv", 50}, {"BatchNorm", 50}, {"PRelu", 33}, {"Add", 12}, {"Identity", 1}},
                 112,
                 96,
                 128,
                 127.5f,
                 1});
}

TEST(OnnxNetworks, NetworkOfTheDemo) {
    const fs::path path = cached_network();
    if (!fs::exists(path)) GTEST_SKIP() << path << " is absent; scripts/fetch_demo_model fetches it";
    check(path, {{{"Conv", 50}, {"PRelu", 33}, {"Add", 12}, {"Identity", 1}}, 112, 112, 512, 127.5f, 1});
}

TEST(OnnxNetworks, DetectorsAreRefusedByTheirOutputs) {
    const fs::path path = shared_models() / "scrfd_det_500m.onnx";
    if (!fs::exists(path)) GTEST_SKIP() << path << " is absent";
    try {
        import_onnx(path, {});
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("9 outputs ("), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace quantface
