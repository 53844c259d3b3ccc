// `quantface run`: studies end to end on a small network; interrupted, changed, with files missing.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Most tests look at the JSON document alone; the others cost time.
constexpr const char* kPlainReport = R"(cache = false
[report]
html = false
csv = false
)";

class Study : public testing::Test {
  protected:
    void SetUp() override {
        folder_.write("tiny.onnx", tiny_onnx(1));
        folder_.write("study.toml", std::string(R"(name = "study"
out = "results"
bits = ["w8a8", "w4a6"]
[[teacher]]
name = "tiny"
model = "tiny.onnx"
[[data]]
name = "noise"
source = "noise:1"
[quantize]
ptq = true
images = 8
held_out = 8
observer = "minmax"
[evaluation]
data = "noise:2"
images = 16
)") + kPlainReport);
    }

    static std::vector<std::string> changed(const std::vector<std::string>& changes) {
        std::vector<std::string> arguments;
        for (const std::string& change : changes) arguments.insert(arguments.end(), {"--set", change});
        return arguments;
    }
    ProgramResult run(const std::vector<std::string>& changes = {},
                      const std::vector<std::string>& more = {"--json"}) const {
        std::vector<std::string> arguments = {"run", folder_.file("study.toml")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const std::vector<std::string> set = changed(changes);
        arguments.insert(arguments.end(), set.begin(), set.end());
        return run_program(arguments);
    }
    // Step to state.
    static std::map<std::string, std::string> states(const ProgramResult& result) {
        std::map<std::string, std::string> states;
        const Json document = Json::parse(result.out, nullptr, false);
        EXPECT_TRUE(document.is_object()) << result.out << result.err;
        if (!document.is_object()) return states;
        for (const Json& step : document["steps"]) states[step["step"]] = step["state"];
        return states;
    }
    using States = std::map<std::string, std::string>;

    std::string result(const std::string& name) const { return folder_.file("results/" + name); }
    Json report() const { return Json::parse(text("report.json"), nullptr, false); }
    std::string text(const std::string& name) const {
        std::ifstream file(result(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    ScratchFolder folder_;
};

TEST_F(Study, IsRunOnceAndStandsThen) {
    const ProgramResult first = run({}, {});
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_NE(first.out.find("tiny_w8a8_noise  to do"), std::string::npos) << first.out;
    EXPECT_NE(first.err.find("---- 2 of 3: quantize tiny_w4a6_noise"), std::string::npos) << first.err;
    // The steps' own progress, and the evaluation's table.
    EXPECT_NE(first.err.find("quantizing: "), std::string::npos) << first.err;
    EXPECT_NE(first.out.find("w4a6"), std::string::npos) << first.out;
    ASSERT_EQ(report()["models"].size(), 3u);
    EXPECT_EQ(report()["models"][1]["model"], "tiny_w8a8_noise.qfm");
    EXPECT_EQ(report()["models"][2]["bits"], "w4a6");
    EXPECT_GT(report()["models"][1]["agreement"][0]["mean_cosine"].get<double>(), 0.9);
    EXPECT_NE(text("logs/tiny_w8a8_noise.log").find("quantface quantize "), std::string::npos);
    EXPECT_NE(text("logs/tiny_w8a8_noise.log").find("mean cosine to the original"), std::string::npos);

    const auto written = fs::last_write_time(result("students/tiny_w8a8_noise.qfm"));
    const ProgramResult second = run();
    EXPECT_EQ(second.exit_code, 0) << second.err;
    const States done = {{"tiny_w8a8_noise", "done"}, {"tiny_w4a6_noise", "done"}, {"report", "done"}};
    EXPECT_EQ(states(second), done);
    EXPECT_EQ(second.err, "");
    EXPECT_EQ(fs::last_write_time(result("students/tiny_w8a8_noise.qfm")), written);
}

TEST_F(Study, ADryRunChangesNothing) {
    const ProgramResult dry = run({}, {"--dry-run"});
    EXPECT_EQ(dry.exit_code, 0) << dry.err;
    EXPECT_FALSE(fs::exists(folder_.file("results")));
    EXPECT_NE(dry.out.find("quantface quantize " + folder_.file("tiny.onnx") + " --weights 4 --acts 6 --ptq"),
              std::string::npos)
        << dry.out;
    EXPECT_NE(dry.out.find("quantface eval "), std::string::npos) << dry.out;
    ASSERT_EQ(run().exit_code, 0);
    const States after = {{"tiny_w8a8_noise", "done"}, {"tiny_w4a6_noise", "to do"}, {"report", "to do"}};
    EXPECT_EQ(states(run({"bits=[\"w8a8\", \"w4a6\"]", "student=[{name=\"tiny2\", bits=\"w2a2\"}]",
                          "quantize.seed=1"},
                         {"--dry-run", "--json"}))
                  .at("report"),
              "to do");
    fs::remove(result("students/tiny_w4a6_noise.qfm"));
    EXPECT_EQ(states(run({}, {"--dry-run", "--json"})), after);
}

TEST_F(Study, AChangedRecipeRedoesOnlyWhatChanged) {
    ASSERT_EQ(run().exit_code, 0);
    // Another student: the old ones stand.
    const States more = {{"tiny_w8a8_noise", "done"},
                         {"tiny_w4a6_noise", "done"},
                         {"tiny_w2a8_noise", "done now"},
                         {"report", "done now"}};
    EXPECT_EQ(states(run({"bits=[\"w8a8\", \"w4a6\", \"w2a8\"]"})), more);
    // Another way to make all of them.
    const States other = {
        {"tiny_w8a8_noise", "done now"}, {"tiny_w4a6_noise", "done now"}, {"report", "done now"}};
    EXPECT_EQ(states(run({"quantize.images=6"})), other);
    // Another measurement.
    const States measured = {
        {"tiny_w8a8_noise", "done"}, {"tiny_w4a6_noise", "done"}, {"report", "done now"}};
    EXPECT_EQ(states(run({"quantize.images=6", "evaluation.images=12"})), measured);
    EXPECT_EQ(report()["models"][0]["agreement"][0]["images"], 12);
    // Another network under the same name.
    folder_.write("tiny.onnx", tiny_onnx(2));
    EXPECT_EQ(states(run({"quantize.images=6", "evaluation.images=12"})), other);
    // Outputs that are not what was written there.
    folder_.write("results/students/tiny_w8a8_noise.qfm", "damaged");
    EXPECT_EQ(states(run({"quantize.images=6", "evaluation.images=12"})).at("tiny_w8a8_noise"), "done now");
    // A state that cannot be read counts as none.
    folder_.write("results/steps/tiny_w8a8_noise.json", "{");
    EXPECT_EQ(states(run({"quantize.images=6", "evaluation.images=12"})).at("tiny_w8a8_noise"), "done now");
}

TEST_F(Study, RenderedFacesAreDrawnOnceForAll) {
    const std::vector<std::string> changes = {"data.noise.source=render:5", "data.noise.images=16"};
    ASSERT_EQ(run(changes).exit_code, 0);
    EXPECT_TRUE(fs::exists(result("faces/noise_seed5/manifest.json")));
    EXPECT_NE(text("logs/tiny_w4a6_noise.log").find("--data folder:" + result("faces/noise_seed5")),
              std::string::npos);
    // More of the same faces: other data for every student.
    const States more = {{"faces_noise", "done now"},
                         {"tiny_w8a8_noise", "done now"},
                         {"tiny_w4a6_noise", "done now"},
                         {"report", "done now"}};
    EXPECT_EQ(states(run({"data.noise.source=render:5", "data.noise.images=20"})), more);
}

// Where a terminal looks on, steps draw bars; their logs read as if none had been drawn.
TEST_F(Study, LogsHoldNoBars) {
    RunOptions terminal;
    terminal.environment = {"QUANTFACE_PROGRESS=bar"};
    const ProgramResult result = run_program({"run", folder_.file("study.toml")}, terminal);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("\r\033[K"), std::string::npos) << result.err;
    const std::string log = text("logs/tiny_w8a8_noise.log");
    EXPECT_EQ(log.find_first_of("\r\033"), std::string::npos) << log;
    EXPECT_NE(log.find("\npreparing images: 8 in 0 s\n"), std::string::npos) << log;
}

TEST_F(Study, TheReportIsOnePageATableAndADocument) {
    const ProgramResult made = run({"report={}", "evaluation.cache=true", "teacher.tiny.mean=127",
                                    "teacher.tiny.std=[128, 127.5, 127]", "teacher.tiny.bgr=true",
                                    "benchmark=[{name=\"lfw\", spec=\"lfw.bin\", optional=true}]"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_EQ(report()["missing"], Json({"benchmark lfw: " + folder_.file("lfw.bin") + " is not there"}));
    EXPECT_NE(text("report.html").find("lfw.bin is not there"), std::string::npos);
    EXPECT_TRUE(text("report.csv").starts_with("model,bits,file_bytes,benchmark,measure,value,low,high"));
    // Students agree with a teacher that sees its image as they do.
    ASSERT_EQ(report()["models"].size(), 3u);
    EXPECT_GT(report()["models"][1]["agreement"][0]["mean_cosine"].get<double>(), 0.9);
}

TEST_F(Study, WhatFailsIsReportedAndTheRestGoesOn) {
    // 3 bytes hold no network.
    const std::vector<std::string> changes = {"student=[{name=\"tiniest\", acts=8, target_size=3}]"};
    const ProgramResult failed = run(changes);
    EXPECT_EQ(failed.exit_code, 1) << failed.err;
    EXPECT_NE(failed.err.find("1 of 4 steps failed"), std::string::npos) << failed.err;
    EXPECT_EQ(states(failed).at("tiny_tiniest_noise"), "failed");
    EXPECT_EQ(states(failed).at("tiny_w4a6_noise"), "done now");
    ASSERT_EQ(report()["missing"].size(), 1u);
    EXPECT_TRUE(
        report()["missing"][0].get<std::string>().starts_with("tiny_tiniest_noise: failed: a file of"));
    // It is tried again each time.
    EXPECT_EQ(states(run(changes)).at("tiny_tiniest_noise"), "failed");
}

TEST_F(Study, FilesThatMayBeMissingAreNoError) {
    const std::string optional =
        "teacher=[{name=\"tiny\", model=\"tiny.onnx\"}, {name=\"large\", model=\"absent.onnx\", "
        "optional=true}]";
    const ProgramResult dry = run({optional}, {"--dry-run", "--json"});
    EXPECT_EQ(dry.exit_code, 0) << dry.err;
    EXPECT_EQ(states(dry).at("large_w8a8_noise"), "missing");
    EXPECT_EQ(states(dry).at("tiny_w8a8_noise"), "to do");
    const Json missing = Json::parse(dry.out)["missing"];
    ASSERT_EQ(missing.size(), 1u);
    EXPECT_EQ(missing[0]["what"], "teacher large: " + folder_.file("absent.onnx") + " is not there");
    EXPECT_NE(dry.out.find("--missing=teacher large"), std::string::npos);

    const ProgramResult required =
        run({"teacher=[{name=\"tiny\", model=\"tiny.onnx\"}, {name=\"large\", model=\"absent.onnx\"}]"},
            {"--dry-run"});
    EXPECT_EQ(required.exit_code, 3) << required.err;
    EXPECT_NE(required.err.find("absent.onnx is not there"), std::string::npos) << required.err;
    EXPECT_EQ(std::count(required.err.begin(), required.err.end(), '\n'), 1) << required.err;

    // Where nothing is left of a study, that is said.
    const ProgramResult nothing =
        run({"teacher=[{name=\"large\", model=\"absent.onnx\", optional=true}]"}, {"--json"});
    EXPECT_EQ(nothing.exit_code, 3) << nothing.err;
    EXPECT_FALSE(fs::exists(result("report.json")));
}

TEST_F(Study, BadRecipesAreOneLineWithAPlace) {
    folder_.write("study.toml", "name = \"study\"\nbitz = 8\n");
    const ProgramResult result = run({}, {});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(result.err.starts_with("quantface: " + folder_.file("study.toml") + ":1:1: ")) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(run_program({"run"}).exit_code, 2);
    EXPECT_EQ(run_program({"run", folder_.file("absent.toml")}).exit_code, 3);
}

int64_t png_count(const fs::path& folder) {
    int64_t count = 0;
    std::error_code ignored;
    for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored))
        count += entry->path().extension() == ".png";
    return count;
}

// The signal goes to the study alone, as from `kill`: the step gets it from there, and stops in good order.
TEST_F(Study, AnInterruptedStepIsGoneOnWith) {
    const std::vector<std::string> arguments = {"run", folder_.file("study.toml"), "--set",
                                                "data.noise.source=render:5", "--set"};
    std::vector<std::string> many = arguments, few = arguments;
    many.push_back("data.noise.images=20000");
    RunOptions stop;
    stop.when = [&] { return png_count(result("faces")) >= 3; };
    stop.signal = SIGINT;
    const ProgramResult stopped = run_program(many, stop);
    EXPECT_EQ(stopped.exit_code, 1) << "signal " << stopped.signal << ", " << stopped.err;
    EXPECT_NE(stopped.err.find("quantface: interrupted; the same command goes on"), std::string::npos)
        << stopped.err;
    EXPECT_FALSE(fs::exists(result("students/tiny_w8a8_noise.qfm")));
    const int64_t kept = png_count(result("faces"));
    ASSERT_GE(kept, 3);
    // In good order: what is there is listed.
    ASSERT_TRUE(fs::exists(result("faces/noise_seed5/manifest.json")));

    few.push_back("data.noise.images=" + std::to_string(kept + 12));
    const ProgramResult resumed = run_program(few);
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(png_count(result("faces")), kept + 12);
    EXPECT_NE(text("logs/faces_noise.log").find(std::to_string(kept) + " were there"), std::string::npos)
        << text("logs/faces_noise.log");
    EXPECT_TRUE(fs::exists(result("report.json")));
}

TEST_F(Study, TwoStudiesInOneFolderAreRefused) {
    const std::vector<std::string> much = {"run",   folder_.file("study.toml"),
                                           "--set", "data.noise.source=render:5",
                                           "--set", "data.noise.images=20000"};
    ProgramResult second;
    RunOptions stop;
    stop.when = [&] {
        if (png_count(result("faces")) < 1) return false;
        second = run_program(much);
        return true;
    };
    stop.signal = SIGTERM;
    const ProgramResult first = run_program(much, stop);
    EXPECT_EQ(first.exit_code, 1) << first.err;
    EXPECT_EQ(second.exit_code, 1) << second.err;
    EXPECT_NE(second.err.find("another `quantface run` works there"), std::string::npos) << second.err;
}

#ifdef QUANTFACE_TESTS_TRAINING
// "interrupted after step 12", as the last interrupted step's log has it.
int64_t interrupted_at(const std::string& log) {
    const std::string words = "interrupted after step ";
    const size_t found = log.rfind(words);
    return found == std::string::npos ? -1 : std::stoll(log.substr(found + words.size()));
}

// Training's checkpoint: gone on with by the same recipe, dropped by a changed one.
TEST_F(Study, TrainingGoesOnUnlessTheRecipeIsAnother) {
    const auto with_steps = [&](int steps) {
        std::vector<std::string> arguments = {"run", folder_.file("study.toml")};
        const std::vector<std::string> set =
            changed({"bits=[\"w4a4\"]", "quantize.ptq=false", "quantize.train_images=24",
                     "quantize.set={batch=8}", "quantize.threads=1", "quantize.patience=0",
                     "quantize.checkpoint_seconds=0", "quantize.steps=" + std::to_string(steps)});
        arguments.insert(arguments.end(), set.begin(), set.end());
        return arguments;
    };
    const std::string checkpoint = result("students/tiny_w4a4_noise.qfm.checkpoint");
    const std::string log = "logs/tiny_w4a4_noise.log";
    const auto interrupt_once = [&](const std::function<bool()>& when) {
        RunOptions stop;
        stop.when = when;
        stop.signal = SIGINT;
        const ProgramResult stopped = run_program(with_steps(1000000), stop);
        EXPECT_EQ(stopped.exit_code, 1) << stopped.err;
        EXPECT_TRUE(fs::exists(checkpoint)) << stopped.err;
        return interrupted_at(text(log));
    };
    // After a second of training, then as soon as it trains again: fewer steps, if it began anew.
    using Clock = std::chrono::steady_clock;
    std::optional<Clock::time_point> trains_since;
    const int64_t first = interrupt_once([&] {
        if (!trains_since && fs::exists(checkpoint)) trains_since = Clock::now();
        return trains_since && Clock::now() - *trains_since > std::chrono::seconds(1);
    });
    ASSERT_GE(first, 10) << text(log);
    const auto kept = fs::last_write_time(checkpoint);
    const int64_t second = interrupt_once([&] {
        std::error_code ignored;
        return fs::last_write_time(checkpoint, ignored) > kept;
    });
    EXPECT_GT(second, first) << text(log);

    const ProgramResult other = run_program(with_steps(5));
    EXPECT_EQ(other.exit_code, 0) << other.err;
    EXPECT_FALSE(fs::exists(checkpoint));
    EXPECT_NE(text(log).find("trained 5 steps"), std::string::npos) << text(log);
}
#endif

}  // namespace

}  // namespace quantface::test
