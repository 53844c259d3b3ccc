// Ctrl-C during rendering: the folder stays usable and the same command finishes it, with the same faces.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <map>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

namespace fs = std::filesystem;

int64_t image_count(const fs::path& folder) {
    int64_t count = 0;
    std::error_code ignored;
    for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end;
         entry.increment(ignored)) {
        count += entry->path().extension() == ".png";
    }
    return count;
}

std::map<std::string, std::string> images(const fs::path& folder) {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".png") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        found[fs::relative(entry.path(), folder).string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return found;
}

TEST(Interrupt, SynthStopsCleanlyAndResumes) {
    const ScratchFolder folder;
    // Far more than a second's work, so that the signal finds it at work.
    const std::vector<std::string> much = {
        "synth", "--out", folder.file("faces"), "--count", "20000", "--seed", "5", "--size", "64"};
    RunOptions stop;
    stop.when = [&] { return image_count(folder.file("faces")) >= 3; };
    stop.signal = SIGINT;
    const ProgramResult stopped = run_program(much, stop);
    EXPECT_EQ(stopped.exit_code, 1) << "signal " << stopped.signal << ", " << stopped.err;
    EXPECT_NE(stopped.err.find("quantface: "), std::string::npos) << stopped.err;
    EXPECT_NE(stopped.err.find("interrupted"), std::string::npos) << stopped.err;
    const int64_t kept = image_count(folder.file("faces"));
    ASSERT_GE(kept, 3);

    const std::string total = std::to_string(kept + 4);
    const ProgramResult resumed = run_program(
        {"synth", "--out", folder.file("faces"), "--count", total, "--seed", "5", "--size", "64"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(image_count(folder.file("faces")), kept + 4);

    const ProgramResult straight = run_program(
        {"synth", "--out", folder.file("straight"), "--count", total, "--seed", "5", "--size", "64"});
    ASSERT_EQ(straight.exit_code, 0) << straight.err;
    EXPECT_EQ(images(folder.file("faces")), images(folder.file("straight")));
}

TEST(Interrupt, ScoringStops) {
    const ScratchFolder folder;
    RunOptions stop;
    const auto begin = std::chrono::steady_clock::now();
    stop.when = [&] { return std::chrono::steady_clock::now() - begin > std::chrono::seconds(1); };
    stop.signal = SIGINT;
    const ProgramResult stopped =
        run_program({"synth", "--score", folder.write("tiny.onnx", tiny_onnx()), "--count", "1000000"}, stop);
    EXPECT_EQ(stopped.exit_code, 1) << "signal " << stopped.signal << ", " << stopped.err;
    EXPECT_NE(stopped.err.find("interrupted"), std::string::npos) << stopped.err;
    EXPECT_EQ(stopped.out, "");
}

TEST(Interrupt, SigtermStopsToo) {
    const ScratchFolder folder;
    RunOptions stop;
    stop.when = [&] { return image_count(folder.file("faces")) >= 1; };
    stop.signal = SIGTERM;
    const ProgramResult stopped =
        run_program({"synth", "--out", folder.file("faces"), "--count", "20000"}, stop);
    EXPECT_EQ(stopped.exit_code, 1) << "signal " << stopped.signal;
}

}  // namespace

}  // namespace quantface::test
