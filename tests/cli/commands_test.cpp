// Each command end to end on a small network: what it prints parses, what it writes is right.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

using Json = nlohmann::json;

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// rows x columns of a float32 .npy, checked on the way.
std::vector<std::vector<float>> read_npy(const std::string& path) {
    const std::string bytes = read_text(path);
    EXPECT_TRUE(bytes.starts_with(std::string("\x93NUMPY\x01\0", 8)));
    const size_t data = 10 + static_cast<uint8_t>(bytes.at(8)) + 256u * static_cast<uint8_t>(bytes.at(9));
    const std::string header = bytes.substr(10, data - 10);
    size_t rows = 0, columns = 0;
    EXPECT_EQ(sscanf(header.c_str(), "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu)", &rows,
                     &columns),
              2);
    EXPECT_EQ(bytes.size(), data + rows * columns * sizeof(float));
    std::vector<std::vector<float>> matrix(rows, std::vector<float>(columns));
    for (size_t i = 0; i < rows; ++i) {
        std::memcpy(matrix[i].data(), bytes.data() + data + i * columns * sizeof(float),
                    columns * sizeof(float));
    }
    return matrix;
}

double norm(const std::vector<float>& row) {
    double sum = 0;
    for (const float x : row) sum += double{x} * x;
    return std::sqrt(sum);
}

class Commands : public testing::Test {
  protected:
    void SetUp() override { model_ = folder_.write("tiny.onnx", tiny_onnx()); }

    ProgramResult succeed(const std::vector<std::string>& arguments) {
        ProgramResult result = run_program(arguments);
        EXPECT_EQ(result.exit_code, 0) << arguments[0] << ": " << result.err;
        return result;
    }

    // stdout must be one JSON document and nothing else.
    Json json(std::vector<std::string> arguments) {
        arguments.push_back("--json");
        Json parsed = Json::parse(succeed(arguments).out, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded()) << arguments[0];
        return parsed;
    }

    std::string quantized(int bits) {
        const std::string path = folder_.file("w" + std::to_string(bits) + ".qfm");
        succeed({"quantize", model_, "-o", path, "--ptq", "--weights", std::to_string(bits), "--acts",
                 std::to_string(bits), "--data", "noise:1", "--images", "8", "--observer", "minmax"});
        return path;
    }

    std::string faces(int count) {
        succeed({"synth", "--out", folder_.file("faces"), "--count", std::to_string(count), "--seed", "3"});
        return folder_.file("faces");
    }

    ScratchFolder folder_;
    std::string model_;
};

TEST_F(Commands, InspectFullPrecision) {
    const Json result =
        json({"inspect", model_, "--input-mean", "127.5", "--input-std", "128,127,126", "--bgr"});
    EXPECT_EQ(result["bits"], "fp32");
    EXPECT_EQ(result["embedding_size"], 16);
    EXPECT_EQ(result["input"]["color_order"], "BGR");
    EXPECT_EQ(result["input"]["std"], Json({128.0, 127.0, 126.0}));
    // 28 x 28 x 8 x 27, 14 x 14 x 8 x 9, 16 x 8
    EXPECT_EQ(result["macs"], 28 * 28 * 8 * 27 + 14 * 14 * 8 * 9 + 16 * 8);
    EXPECT_EQ(result["parameters"], 8 * 27 + 8 + 8 + 8 * 9 + 8 + 8 + 16 * 8 + 16);
    EXPECT_EQ(result["file_bytes"], std::filesystem::file_size(model_));
    EXPECT_EQ(result["layers"].size(), 7u);
    EXPECT_NE(succeed({"inspect", model_}).out.find("Conv"), std::string::npos);
}

TEST_F(Commands, QuantizeWritesASmallerNetworkThatSaysHowItWasMade) {
    const std::string path = folder_.file("small.qfm");
    const Json result = json({"quantize", model_, "-o", path, "--ptq", "--weights", "4", "--acts", "6",
                              "--data", "noise:1", "--images", "8", "--observer", "minmax"});
    EXPECT_TRUE(result.is_object());
    const Json inspected = json({"inspect", path});
    const Json original = json({"inspect", model_});
    EXPECT_EQ(inspected["kind"], "integer");
    EXPECT_EQ(inspected["teacher_sha256"], original["sha256"]);
    EXPECT_LT(inspected["weight_bytes"].get<int>(), original["weight_bytes"].get<int>() / 3);
    EXPECT_TRUE(inspected["record"].is_object()) << inspected["record"];
    EXPECT_NE(inspected["record"].dump().find("noise"), std::string::npos);
    EXPECT_TRUE(inspected["bits"].get<std::string>().starts_with("w4a6")) << inspected["bits"];
}

TEST_F(Commands, AsymmetricWeightsAreSaidWhereTheyAre) {
    const std::string path = folder_.file("asymmetric.qfm");
    succeed({"quantize", model_, "-o", path, "--ptq", "--weights", "8", "--acts", "8", "--data", "noise:1",
             "--images", "8", "--observer", "minmax", "--asymmetric-weights"});
    const Json inspected = json({"inspect", path});
    EXPECT_EQ(inspected["bits"], "w8a8, asymmetric weights");
    EXPECT_EQ(inspected["record"]["asymmetric_weights"], true);
    EXPECT_EQ(inspected["sections"]["version"], 2);
    EXPECT_EQ(inspected["layers"][0]["asymmetric_weights"], true);
    EXPECT_NE(succeed({"inspect", path}).out.find("8 asym"), std::string::npos);
    const Json symmetric = json({"inspect", quantized(8)});
    EXPECT_EQ(symmetric["record"]["asymmetric_weights"], false);
    EXPECT_EQ(symmetric["sections"]["version"], 1);
    EXPECT_EQ(symmetric["layers"][0]["asymmetric_weights"], false);
    const Json result = json({"eval", model_, path, "--data", "noise:7", "--images", "8"});
    EXPECT_GT(result["models"][1]["agreement"][0]["mean_cosine"].get<double>(), 0.95);
}

TEST_F(Commands, QuantizeIsReproducible) {
    const std::string first = read_text(quantized(6));
    EXPECT_EQ(first, read_text(quantized(6)));
    ASSERT_FALSE(first.empty());
}

TEST_F(Commands, MixturesAreRecorded) {
    const std::string path = folder_.file("mixed.qfm");
    succeed({"quantize", model_, "-o", path, "--ptq", "--weights", "8", "--acts", "8", "--data",
             "noise:0.75,render:25%", "--images", "8", "--held-out", "8", "--observer", "minmax"});
    EXPECT_NE(
        json({"inspect", path})["record"].dump().find("mixture of 75% uniform noise, seed 1; 25% rendered"),
        std::string::npos);
}

TEST_F(Commands, EvalMeasuresAgreement) {
    const Json result =
        json({"eval", model_, quantized(8), quantized(3), "--data", "noise:7", "--images", "24"});
    ASSERT_EQ(result["models"].size(), 3u);
    const auto cosine = [&](size_t i) {
        return result["models"][i]["agreement"][0]["mean_cosine"].get<double>();
    };
    EXPECT_EQ(result["models"][1]["bits"].get<std::string>().substr(0, 4), "w8a8");
    EXPECT_GT(cosine(1), 0.98);
    EXPECT_LE(cosine(1), 1.0 + 1e-9);
    EXPECT_LT(cosine(2), cosine(1));
    EXPECT_TRUE(result["models"][0]["agreement"][0]["mean_cosine"].is_null());
}

TEST_F(Commands, EmbedWritesNpyAndNames) {
    const std::string input = faces(3);
    const std::string out = folder_.file("out.npy");
    const Json result = json({"embed", model_, input, "-o", out});
    const auto rows = read_npy(out);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].size(), 16u);
    EXPECT_EQ(result["rows"], 3);
    EXPECT_EQ(result["columns"], 16);
    EXPECT_NE(rows[0], rows[2]);
    const std::string names = read_text(folder_.file("out.txt"));
    EXPECT_EQ(std::count(names.begin(), names.end(), '\n'), 3);
    EXPECT_NE(names.find(".png"), std::string::npos);
    EXPECT_EQ(result["names"].size(), 3u);

    const std::string unit = folder_.file("unit.npy");
    succeed({"embed", model_, input, "-o", unit, "--normalize"});
    const auto normalized = read_npy(unit);
    ASSERT_EQ(normalized.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(norm(normalized[i]), 1, 1e-5);
        EXPECT_NEAR(normalized[i][0] * norm(rows[i]), rows[i][0], 1e-5);
    }
}

TEST_F(Commands, EmbedSqueezesImagesWhereAsked) {
    succeed({"synth", "--out", folder_.file("large"), "--count", "1", "--size", "200"});
    succeed({"embed", model_, folder_.file("large"), "-o", folder_.file("x.npy"), "--resize"});
    EXPECT_EQ(read_npy(folder_.file("x.npy")).size(), 1u);
}

TEST_F(Commands, BenchCompares) {
    const Json result = json(
        {"bench", model_, quantized(8), "--seconds", "0.05", "--threads", "2", "--batch", "1,3", "--layers"});
    ASSERT_EQ(result["models"].size(), 2u);
    EXPECT_GT(result["peak_resident_bytes"].get<int64_t>(), 1000000);
    for (const Json& model : result["models"]) {
        ASSERT_EQ(model["calls"].size(), 4u);
        for (const Json& calls : model["calls"]) {
            EXPECT_GT(calls["least_ms"].get<double>(), 0);
            EXPECT_GE(calls["median_ms"].get<double>(), calls["least_ms"].get<double>());
            EXPECT_GE(calls["p90_ms"].get<double>(), calls["median_ms"].get<double>());
            EXPECT_GE(calls["p99_ms"].get<double>(), calls["p90_ms"].get<double>());
            EXPECT_GT(calls["images_per_second"].get<double>(), 0);
        }
        EXPECT_EQ(model["calls"][3]["threads"], 2);
        EXPECT_EQ(model["calls"][3]["batch"], 3);
    }
    EXPECT_EQ(result["models"][0]["speedup"], 1.0);
    EXPECT_GT(result["models"][1]["speedup"].get<double>(), 0);
    EXPECT_FALSE(result["models"][0].contains("layers"));
    const Json& layers = result["models"][1]["layers"];
    ASSERT_GT(layers.size(), 1u);
    double share = 0;
    for (const Json& layer : layers) {
        EXPECT_GT(layer["microseconds"].get<double>(), 0);
        share += layer["share_of_time"].get<double>();
    }
    EXPECT_NEAR(share, 1, 1e-6);
    EXPECT_EQ(layers[0]["op"], "Conv");
    EXPECT_GT(layers[0]["macs"].get<int64_t>(), 0);
}

TEST_F(Commands, SaveJsonWritesTheSameDocument) {
    const std::string path = folder_.file("inspect.json");
    const ProgramResult result = succeed({"inspect", model_, "--save-json", path, "--json"});
    EXPECT_EQ(read_text(path), result.out);
}

}  // namespace

}  // namespace quantface::test
