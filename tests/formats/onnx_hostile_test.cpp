// Damaged and hostile files end in quantface::Error and nothing else. The fuzz target goes further.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "formats/onnx_import.h"
#include "onnx_cases.h"

namespace quantface {
namespace {

using test::OnnxBuilder;
namespace fs = std::filesystem;

// True where the bytes import; false where they are refused in one line.
bool imports(std::span<const uint8_t> bytes) {
    try {
        import_onnx(bytes, "hostile.onnx", {});
        return true;
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_EQ(std::string(error.what()).rfind("hostile.onnx: ", 0), 0u) << error.what();
        return false;
    }
}

TEST(OnnxHostile, TruncatedAnywhere) {
    for (const auto& one : test::onnx_cases()) {
        const std::vector<uint8_t> bytes = one.build().bytes();
        ASSERT_TRUE(imports(bytes));
        const size_t step = std::max<size_t>(1, bytes.size() / 150);
        for (size_t size = 0; size < bytes.size(); size += step) {
            EXPECT_FALSE(imports(std::span(bytes).first(size))) << one.name << " cut to " << size;
        }
    }
}

TEST(OnnxHostile, RandomBytes) {
    Rng rng(1);
    for (int round = 0; round < 2000; ++round) {
        std::vector<uint8_t> bytes(rng.below(300));
        for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.next_u64());
        EXPECT_FALSE(imports(bytes));
    }
}

TEST(OnnxHostile, FlippedBytes) {
    Rng rng(2);
    for (const auto& one : test::onnx_cases()) {
        const std::vector<uint8_t> whole = one.build().bytes();
        for (int round = 0; round < 100; ++round) {
            std::vector<uint8_t> bytes = whole;
            for (uint64_t flips = rng.below(4) + 1; flips > 0; --flips) {
                bytes[rng.below(bytes.size())] = static_cast<uint8_t>(rng.next_u64());
            }
            imports(bytes);
        }
    }
}

TEST(OnnxHostile, EmptyMessagesByTheMillion) {
    // Each empty node takes 2 bytes here and 100 times that in memory.
    std::vector<uint8_t> graph;
    for (int i = 0; i < 3'000'000; ++i) graph.insert(graph.end(), {0x0a, 0x00});
    std::vector<uint8_t> bytes{0x3a};
    for (size_t size = graph.size(); size > 0; size >>= 7) {
        bytes.push_back(static_cast<uint8_t>((size & 0x7f) | (size >= 0x80 ? 0x80 : 0)));
    }
    bytes.insert(bytes.end(), graph.begin(), graph.end());
    EXPECT_FALSE(imports(bytes));
}

TEST(OnnxHostile, DeepNesting) {
    // A graph in an attribute of a node in a graph, and so on.
    OnnxBuilder builder;
    builder.pool_to_embedding("image");
    onnx::GraphProto* graph = &builder.graph();
    for (int depth = 0; depth < 60; ++depth) {
        auto* attribute = graph->add_node()->add_attribute();
        attribute->set_type(onnx::AttributeProto::GRAPH);
        graph = attribute->mutable_g();
    }
    EXPECT_FALSE(imports(builder.bytes()));
}

TEST(OnnxHostile, ManyNodes) {
    OnnxBuilder builder;
    std::string last = "image";
    for (int i = 0; i < 20'000; ++i) {
        const std::string next = "v" + std::to_string(i);
        builder.node("Identity", {last}, next);
        last = next;
    }
    builder.pool_to_embedding(last);
    EXPECT_FALSE(imports(builder.bytes()));
}

TEST(OnnxHostile, SharedWeightsDoNotMultiplyMemory) {
    // One weight of 1.2 MB, copied into 4,000 nodes, would take 5 GB.
    OnnxBuilder builder(4, 4);
    builder.pattern("w", {3, 3, 180, 180});
    std::string last = "image";
    for (int i = 0; i < 4000; ++i) {
        const std::string next = "v" + std::to_string(i);
        builder.node("Conv", {last, "w"}, next,
                     {test::attribute("pads", std::vector<int64_t>{90, 90, 90, 90})});
        last = next;
    }
    builder.pool_to_embedding(last);
    EXPECT_FALSE(imports(builder.bytes()));
}

class OnnxFiles : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("quantface_onnx_" + std::to_string(::getpid()));
        fs::create_directories(folder_ / "model" / "sub");
        numbers_ = {0.25f, -0.5f, 0.75f};
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write_numbers(const fs::path& path) const {
        std::ofstream stream(path, std::ios::binary);
        stream << "skip";
        stream.write(reinterpret_cast<const char*>(numbers_.data()), 12);
    }
    // A model whose slopes lie in `location`, as model/net.onnx.
    fs::path write_model(const std::string& location, const std::string& offset = "4",
                         const std::string& length = "12") const {
        OnnxBuilder builder;
        auto& tensor = builder.initializer("s", {3, 1, 1}, onnx::TensorProto::FLOAT);
        tensor.set_data_location(onnx::TensorProto::EXTERNAL);
        for (const auto& [key, value] : {std::pair<std::string, std::string>{"location", location},
                                         {"offset", offset},
                                         {"length", length}}) {
            auto* entry = tensor.add_external_data();
            entry->set_key(key);
            entry->set_value(value);
        }
        builder.node("PRelu", {"image", "s"}, "y");
        builder.pool_to_embedding("y");
        write_file_atomically(folder_ / "model" / "net.onnx", builder.bytes());
        return folder_ / "model" / "net.onnx";
    }
    static void expect_refused(const fs::path& path, const std::string& words) {
        try {
            import_onnx(path, {});
            FAIL() << "not refused; wanted: " << words;
        } catch (const Error& error) {
            EXPECT_EQ(std::string(error.what()).rfind(path.string() + ": ", 0), 0u) << error.what();
            EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
        }
    }

    fs::path folder_;
    std::vector<float> numbers_;
};

TEST_F(OnnxFiles, TensorsBesideTheModelAreRead) {
    write_numbers(folder_ / "model" / "net.data");
    write_numbers(folder_ / "model" / "sub" / "net.data");
    for (const char* location : {"net.data", "sub/net.data", "./net.data"}) {
        const Graph graph = import_onnx(write_model(location), {}).graph;
        EXPECT_EQ(std::get<PReluOp>(graph.nodes[0].op).slope, numbers_);
        EXPECT_EQ(graph.name, "net");
    }
}

TEST_F(OnnxFiles, TensorsElsewhereAreNot) {
    write_numbers(folder_ / "outside.data");
    expect_refused(write_model("../outside.data"), "outside the model's folder");
    expect_refused(write_model("sub/../../outside.data"), "outside the model's folder");
    expect_refused(write_model((folder_ / "outside.data").string()), "outside the model's folder");
    expect_refused(write_model(""), "outside the model's folder");
    fs::create_symlink(folder_ / "outside.data", folder_ / "model" / "link.data");
    expect_refused(write_model("link.data"), "outside the model's folder");
    expect_refused(write_model("absent.data"), "missing beside the model");
}

TEST_F(OnnxFiles, TensorsThatDoNotFitTheirFile) {
    write_numbers(folder_ / "model" / "net.data");
    expect_refused(write_model("net.data", "5"), "12 bytes at offset 5 of 16");
    expect_refused(write_model("net.data", "4", "16"), "does not fit");
    expect_refused(write_model("net.data", "-4"), "damaged place");
    expect_refused(write_model("net.data", "9223372036854775807"), "does not fit");
    expect_refused(write_model("net.data", "99999999999999999999"), "damaged place");
    expect_refused(write_model("sub"), "does not fit");
}

TEST_F(OnnxFiles, MissingAndForeignFiles) {
    expect_refused(folder_ / "absent.onnx", "");
    write_file_atomically(folder_ / "text.onnx", std::string("This is no network."));
    expect_refused(folder_ / "text.onnx", "not an ONNX model");
    write_file_atomically(folder_ / "empty.onnx", std::string());
    expect_refused(folder_ / "empty.onnx", "not an ONNX model");
}

}  // namespace
}  // namespace quantface
