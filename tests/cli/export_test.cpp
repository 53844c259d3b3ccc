// quantface export: files that can be read, errors of one line.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

using Json = nlohmann::json;

class Export : public testing::Test {
  protected:
    void SetUp() override {
        onnx_ = folder_.write("tiny.onnx", tiny_onnx());
        qfm_ = folder_.file("tiny.qfm");
        const ProgramResult result =
            run_program({"quantize", onnx_, "-o", qfm_, "--ptq", "--weights", "6", "--acts", "6", "--data",
                         "noise:1", "--images", "4", "--observer", "minmax", "--bgr"});
        ASSERT_EQ(result.exit_code, 0) << result.err;
        out_ = folder_.file("out.onnx");
    }

    void expect_error(int exit_code, const std::vector<std::string>& arguments, const std::string& hint) {
        const ProgramResult result = run_program(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_NE(result.err.find(hint), std::string::npos) << result.err;
        EXPECT_FALSE(std::filesystem::exists(out_));
    }

    ScratchFolder folder_;
    std::string onnx_, qfm_, out_;
};

TEST_F(Export, WritesEveryStyle) {
    for (const std::string style : {"qdq", "qdq-integer", "float"}) {
        const ProgramResult result = run_program({"export", qfm_, "-o", out_, "--style", style, "--json"});
        ASSERT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.err, "");
        const Json json = Json::parse(result.out, nullptr, false);
        ASSERT_TRUE(json.is_object()) << result.out;
        EXPECT_EQ(json["style"], style);
        EXPECT_EQ(json["bits"].get<std::string>().substr(0, 4), "w6a6");
        EXPECT_EQ(json["file_bytes"], std::filesystem::file_size(out_));
        EXPECT_EQ(json["input"]["color_order"], "BGR");
        EXPECT_EQ(json["output"]["size"], 16);
    }
}

TEST_F(Export, QdqIsTheDefault) {
    const ProgramResult result = run_program({"export", qfm_, "-o", out_});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("qdq of w6a6"), std::string::npos) << result.out;
}

// The full circle: the float style is a network that this program reads, with nearly the same embeddings.
TEST_F(Export, FloatStyleAgreesWithTheIntegerNetwork) {
    ASSERT_EQ(run_program({"export", qfm_, "-o", out_, "--style", "float"}).exit_code, 0);
    const ProgramResult result =
        run_program({"eval", out_, qfm_, "--bgr", "--data", "noise:3", "--images", "16", "--json"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json json = Json::parse(result.out);
    EXPECT_GT(json["models"][1]["agreement"][0]["mean_cosine"].get<double>(), 0.98) << result.out;
}

TEST_F(Export, RefusesWhatIsNoIntegerNetwork) {
    expect_error(3, {"export", onnx_, "-o", out_}, "tiny.onnx: ");
    expect_error(3, {"export", onnx_, "-o", out_}, "quantface quantize");
    expect_error(3, {"export", folder_.file("missing.qfm"), "-o", out_}, "missing.qfm");
    expect_error(3, {"export", folder_.write("empty.qfm", ""), "-o", out_}, "empty.qfm");
}

TEST_F(Export, WrongUsage) {
    expect_error(2, {"export", qfm_}, "-o");
    expect_error(2, {"export", qfm_, "-o", out_, "--style", "tflite"}, "--style");
    expect_error(2, {"export", qfm_, "-o", qfm_}, "itself");
    expect_error(1, {"export", qfm_, "-o", folder_.file("nowhere/out.onnx")}, "nowhere");
}

}  // namespace

}  // namespace quantface::test
