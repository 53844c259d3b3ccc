// Wrong command lines: exit code 2, one line on stderr, nothing on stdout.
#include <gtest/gtest.h>

#include <algorithm>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

void expect_usage_error(const std::vector<std::string>& arguments, const std::string& hint = "") {
    const ProgramResult result = run_program(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_TRUE(result.err.starts_with("quantface: ")) << result.err;
    EXPECT_NE(result.err.find(hint), std::string::npos) << result.err;
}

TEST(Usage, NoOrUnknownCommand) {
    expect_usage_error({});
    expect_usage_error({"frobnicate"});
    expect_usage_error({"--frobnicate"});
}

TEST(Usage, MissingArguments) {
    expect_usage_error({"inspect"}, "MODEL");
    expect_usage_error({"synth", "--count", "1"}, "--out");
    expect_usage_error({"embed", "model.onnx"});
    expect_usage_error({"align", "photo.jpg"}, "--out");
    expect_usage_error({"verify", "model.onnx", "photo.jpg"}, "B");
    expect_usage_error({"eval", "--flip"}, "MODEL");
    expect_usage_error({"bench"}, "MODEL");
}

TEST(Usage, ValuesOutOfRange) {
    const ScratchFolder folder;
    expect_usage_error({"synth", "--out", folder.file("faces"), "--count", "0"}, "--count");
    expect_usage_error({"synth", "--out", folder.file("faces"), "--size", "99999"}, "--size");
    expect_usage_error({"synth", "--out", folder.file("faces"), "--count", "many"}, "--count");
    expect_usage_error({"bench", "model.onnx", "--threads", "-3"}, "--threads");
    EXPECT_FALSE(std::filesystem::exists(folder.file("faces")));
}

TEST(Usage, QuantizeNeedsBitsAndOutput) {
    const ScratchFolder folder;
    const std::string model = folder.write("tiny.onnx", tiny_onnx());
    const std::string out = folder.file("out.qfm");
    expect_usage_error({"quantize", model, "-o", out, "--acts", "8"}, "--weights");
    expect_usage_error({"quantize", model, "--ptq", "--weights", "8", "--acts", "8"}, "-o");
    expect_usage_error({"quantize", model, "-o", out, "--ptq", "--weights", "9", "--acts", "8"}, "--weights");
    expect_usage_error({"quantize", model, "-o", out, "--ptq", "--weights", "8", "--acts", "1"}, "--acts");
    expect_usage_error(
        {"quantize", model, "-o", out, "--ptq", "--weights", "8", "--acts", "8", "--observer", "crystal"},
        "--observer");
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Usage, UnusableInputOptions) {
    const ScratchFolder folder;
    const std::string model = folder.write("tiny.onnx", tiny_onnx());
    for (const char* value : {"1,2", "1,2,3,4", "x", "", "nan", "1e99"}) {
        expect_usage_error({"inspect", model, std::string("--input-mean=") + value}, "--input-mean");
    }
    expect_usage_error({"inspect", model, "--input-std=0"}, "--input-std");
    expect_usage_error({"inspect", model, "--input-std=128,0,128"}, "--input-std");
}

TEST(Usage, EvalNeedsSomethingToMeasureOn) {
    const ScratchFolder folder;
    expect_usage_error({"eval", folder.write("tiny.onnx", tiny_onnx())}, "--bench");
}

TEST(Usage, SharesThatDoNotSumUp) {
    const ScratchFolder folder;
    const std::string model = folder.write("tiny.onnx", tiny_onnx());
    for (const char* data : {"noise:0.7,render:0.4", "noise:0.5", "noise:0.3,render:0.3", "noise,,render"}) {
        expect_usage_error({"eval", model, "--data", data}, "--data ");
    }
}

TEST(Usage, HelpAndVersionSucceedOnStdout) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                      {"--version"},
                                                      {"inspect", "--help"},
                                                      {"synth", "--help"},
                                                      {"quantize", "--help"},
                                                      {"eval", "--help"},
                                                      {"embed", "--help"},
                                                      {"align", "--help"},
                                                      {"verify", "--help"},
                                                      {"bench", "--help"}}) {
        const ProgramResult result = run_program(arguments);
        EXPECT_EQ(result.exit_code, 0) << arguments[0];
        EXPECT_NE(result.out, "");
        EXPECT_EQ(result.err, "");
    }
}

}  // namespace

}  // namespace quantface::test
