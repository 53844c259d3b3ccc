// Teacher-guided faces as users make them: `synth --guided` and `quantize --data guided`.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> images(const fs::path& folder) {
    std::map<std::string, std::string> found;
    std::error_code ignored;
    for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end;
         entry.increment(ignored)) {
        if (entry->path().extension() != ".png") continue;
        std::ifstream file(entry->path(), std::ios::binary);
        found[fs::relative(entry->path(), folder).string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return found;
}

class Guided : public testing::Test {
  protected:
    void SetUp() override { model_ = folder_.write("tiny.onnx", tiny_onnx()); }

    std::vector<std::string> synth(const std::string& out, int count, int steps) const {
        return {"synth",
                "--guided",
                model_,
                "--out",
                folder_.file(out),
                "--count",
                std::to_string(count),
                "--guided-steps",
                std::to_string(steps),
                "--set",
                "batch=8",
                "crowd=8",
                "--threads",
                "1"};
    }
    void expect_refused(const std::vector<std::string>& arguments, int code, const std::string& hint,
                        const RunOptions& options = {}) const {
        const ProgramResult result = run_program(arguments, options);
        EXPECT_EQ(result.exit_code, code) << result.err;
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_NE(result.err.find(hint), std::string::npos) << result.err;
    }
    std::vector<std::string> quantize(const std::string& data) const {
        return {"quantize", model_,       "-o", folder_.file("out.qfm"),
                "--ptq",    "--weights",  "8",  "--acts",
                "8",        "--data",     data, "--images",
                "8",        "--held-out", "8",  "--observer",
                "minmax"};
    }

    ScratchFolder folder_;
    std::string model_;
};

TEST_F(Guided, SynthWritesWhatSynthWritesAndSaysWhatChanged) {
    const ProgramResult result = run_program(synth("faces", 12, 3));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("12 faces guided by tiny.onnx, 0 were there"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("channel statistics"), std::string::npos) << result.out;
    EXPECT_EQ(images(folder_.path() / "faces").size(), 12u);
    std::ifstream stream(folder_.path() / "faces" / "manifest.json");
    const nlohmann::json manifest = nlohmann::json::parse(stream);
    EXPECT_EQ(manifest["teacher_sha256"].get<std::string>().size(), 64u);
    EXPECT_EQ(manifest["source"].get<std::string>().find("rendered faces"), 0u);
    const ProgramResult again = run_program(synth("faces", 12, 3));
    EXPECT_NE(again.out.find("0 faces guided by tiny.onnx, 12 were there"), std::string::npos) << again.out;
    expect_refused(synth("faces", 12, 4), 2, "recipe");
}

TEST_F(Guided, StopsCleanlyAndResumesToTheSameBytes) {
    const std::vector<std::string> much = synth("faces", 48, 30);
    RunOptions stop;
    stop.when = [&] { return images(folder_.path() / "faces").size() >= 8; };
    stop.signal = SIGINT;
    const ProgramResult stopped = run_program(much, stop);
    ASSERT_EQ(stopped.exit_code, 1) << "signal " << stopped.signal << ", " << stopped.err;
    EXPECT_NE(stopped.err.find("interrupted"), std::string::npos) << stopped.err;
    const size_t kept = images(folder_.path() / "faces").size();
    ASSERT_GE(kept, 8u);
    ASSERT_LT(kept, 48u);
    const ProgramResult resumed = run_program(much);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_NE(resumed.out.find(std::to_string(kept) + " were there"), std::string::npos) << resumed.out;
    ASSERT_EQ(run_program(synth("straight", 48, 30)).exit_code, 0);
    EXPECT_EQ(images(folder_.path() / "faces"), images(folder_.path() / "straight"));
}

TEST_F(Guided, WrongUseIsRefusedInOneLine) {
    const std::string out = folder_.file("faces");
    expect_refused({"synth", "--guided", model_, "--out", out, "--size", "96"}, 2, "--size");
    expect_refused({"synth", "--out", out, "--guided-steps", "3"}, 2, "--guided-steps");
    expect_refused({"synth", "--out", out, "--data", "noise"}, 2, "--data");
    expect_refused({"synth", "--guided", model_, "--out", out, "--set", "stepz=3"}, 2, "statistics");
    expect_refused({"synth", "--guided", model_, "--out", out, "--views", "3"}, 2, "--views");
    expect_refused({"synth", "--guided", folder_.file("none.onnx"), "--out", out}, 3, "none.onnx");
    expect_refused({"synth", "--guided", folder_.write("text.onnx", "text"), "--out", out}, 3, "text.onnx");
    EXPECT_FALSE(fs::exists(out));
}

TEST_F(Guided, QuantizeMakesThemOnceIntoTheCache) {
    RunOptions options;
    options.limit_seconds = 600;  // the default recipe
    options.environment = {"XDG_CACHE_HOME=" + folder_.file("cache")};
    for (const char* text : {"guided:", "guided:x", "guided:1", "guided:-4"})
        expect_refused(quantize(text), 2, "guided:COUNT", options);
    const ProgramResult first = run_program(quantize("guided:16"), options);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    const fs::path cache = folder_.path() / "cache" / "quantface" / "guided";
    EXPECT_EQ(images(cache).size(), 16u);
    ASSERT_EQ(std::distance(fs::directory_iterator(cache), fs::directory_iterator()), 1);
    const ProgramResult second = run_program(quantize("guided:16"), options);
    ASSERT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(second.err.find("guiding"), std::string::npos) << second.err;
    EXPECT_EQ(images(cache).size(), 16u);
}

}  // namespace

}  // namespace quantface::test
