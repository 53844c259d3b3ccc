// `quantize` with training, as its users run it: interrupted, killed, on several processes.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "formats/qfm.h"
#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

namespace fs = std::filesystem;

class Training : public testing::Test {
  protected:
    void SetUp() override { model_ = folder_.write("tiny.onnx", tiny_onnx()); }

    std::vector<std::string> command(const std::string& out, int64_t steps) const {
        return {"quantize",
                model_,
                "-o",
                folder_.file(out),
                "--weights",
                "4",
                "--acts",
                "4",
                "--steps",
                std::to_string(steps),
                "--train-images",
                "24",
                "--images",
                "16",
                "--held-out",
                "16",
                "--set",
                "batch=8",
                "--precision",
                "float32",
                "--threads",
                "1",
                "--data",
                "noise",
                "--patience",
                "0",
                "--checkpoint-seconds",
                "0"};
    }
    std::string checkpoint(const std::string& out) const { return folder_.file(out) + ".checkpoint"; }

    static std::string bytes(const std::string& file) {
        std::ifstream stream(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    static IntegerModel model(const std::string& file) {
        const std::string text = bytes(file);
        return decode_qfm({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, file);
    }

    ScratchFolder folder_;
    std::string model_;
};

TEST_F(Training, WritesTheNetworkAndSaysWhatItDid) {
    std::vector<std::string> arguments = command("out.qfm", 20);
    arguments.push_back("--json");
    const ProgramResult result = run_program(arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto report = nlohmann::json::parse(result.out);
    EXPECT_EQ(report["training"]["steps_done"], 20);
    EXPECT_EQ(report["training"]["judgements"].size(), 20u);
    EXPECT_GT(report["training"]["peak_memory_bytes"], 1 << 20);
    EXPECT_GE(report["held_out_cosine"], report["training"]["start_cosine"]);
    EXPECT_EQ(report["record"]["method"], "distillation");
    EXPECT_TRUE(fs::exists(folder_.file("out.qfm")));
    EXPECT_FALSE(fs::exists(checkpoint("out.qfm")));
}

TEST_F(Training, ReportsNumbersOnTheWay) {
    const ProgramResult result = run_program(command("out.qfm", 20));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("images/s, loss"), std::string::npos) << result.err;
    EXPECT_NE(result.out.find("trained 20 steps"), std::string::npos) << result.out;
}

// Whatever ends it, the same command goes on and ends where an undisturbed one does.
TEST_F(Training, InterruptedAndKilledRunsEndInTheSameBytes) {
    constexpr int64_t kSteps = 400;
    ASSERT_EQ(run_program(command("straight.qfm", kSteps)).exit_code, 0);
    for (const int signal : {SIGINT, SIGKILL}) {
        const std::string out = "out" + std::to_string(signal) + ".qfm";
        RunOptions stop;
        stop.when = [&] { return fs::exists(checkpoint(out)); };
        stop.signal = signal;
        const ProgramResult stopped = run_program(command(out, kSteps), stop);
        EXPECT_FALSE(fs::exists(folder_.file(out)));
        if (signal == SIGINT) {
            EXPECT_EQ(stopped.exit_code, 1) << stopped.err;
            EXPECT_NE(stopped.err.find("goes on from"), std::string::npos) << stopped.err;
        } else {
            EXPECT_EQ(stopped.signal, SIGKILL);
        }
        std::vector<std::string> again = command(out, kSteps);
        again.push_back("--json");
        const ProgramResult resumed = run_program(again);
        ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
        EXPECT_GT(nlohmann::json::parse(resumed.out)["training"]["resumed_from"], 0);
        EXPECT_EQ(bytes(folder_.file(out)), bytes(folder_.file("straight.qfm")));
    }
}

TEST_F(Training, DamagedAndForeignCheckpointsAreRefused) {
    folder_.write("out.qfm.checkpoint", "not a checkpoint");
    const ProgramResult damaged = run_program(command("out.qfm", 5));
    EXPECT_EQ(damaged.exit_code, 3) << damaged.err;
    EXPECT_NE(damaged.err.find("out.qfm.checkpoint"), std::string::npos) << damaged.err;
    EXPECT_FALSE(fs::exists(folder_.file("out.qfm")));
}

TEST_F(Training, WrongRecipesAreUsageErrors) {
    for (const char* wrong : {"weight_rate", "weight_rate=fast", "no_such=1", "flip=2"}) {
        std::vector<std::string> arguments = command("out.qfm", 5);
        arguments.insert(arguments.end(), {"--set", wrong});
        const ProgramResult result = run_program(arguments);
        EXPECT_EQ(result.exit_code, 2) << wrong << ": " << result.err;
    }
    std::vector<std::string> both = command("out.qfm", 5);
    both.insert(both.end(), {"--target-bits", "4"});
    EXPECT_EQ(run_program(both).exit_code, 2);
    RunOptions half;
    half.environment = {"WORLD_SIZE=2"};
    const ProgramResult lonely = run_program(command("out.qfm", 5), half);
    EXPECT_EQ(lonely.exit_code, 2);
    EXPECT_NE(lonely.err.find("RANK"), std::string::npos) << lonely.err;
}

// Two processes on the loopback interface.
class TwoProcesses : public Training {
  protected:
    static RunOptions rank(int number, int port) {
        RunOptions options;
        options.environment = {"RANK=" + std::to_string(number), "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1",
                               "MASTER_PORT=" + std::to_string(port)};
        return options;
    }
    // Away from the ports that the system gives out by itself, one for each test process.
    static int port(int which) { return 20000 + 4 * (getpid() % 3000) + which; }
};

TEST_F(TwoProcesses, GiveTheSingleProcessResult) {
    constexpr int64_t kSteps = 30;
    ASSERT_EQ(run_program(command("single.qfm", kSteps)).exit_code, 0);
    ProgramResult second;
    std::thread other([&] { second = run_program(command("other.qfm", kSteps), rank(1, port(0))); });
    const ProgramResult first = run_program(command("together.qfm", kSteps), rank(0, port(0)));
    other.join();
    ASSERT_EQ(first.exit_code, 0) << first.err;
    ASSERT_EQ(second.exit_code, 0) << second.err;
    EXPECT_FALSE(fs::exists(folder_.file("other.qfm")));  // the first one writes

    // The same sums in another order: the same weights, but for a few that lay on a border.
    const IntegerModel single = model(folder_.file("single.qfm")),
                       together = model(folder_.file("together.qfm"));
    int64_t weights = 0, different = 0;
    for (size_t node = 0; node < single.nodes.size(); ++node) {
        const auto* a = std::get_if<IntegerConv>(&single.nodes[node].op);
        const auto* b = std::get_if<IntegerConv>(&together.nodes[node].op);
        if (a == nullptr) continue;
        for (size_t i = 0; i < a->weight.size(); ++i) {
            ++weights;
            different += a->weight[i] != b->weight[i];
            EXPECT_LE(std::abs(a->weight[i] - b->weight[i]), 1);
        }
    }
    EXPECT_LE(different, weights / 100) << "of " << weights;
}

TEST_F(TwoProcesses, WithDifferentStartsDoNotTrain) {
    std::vector<std::string> different = command("other.qfm", 30);
    different.insert(different.end(), {"--seed", "7"});
    ProgramResult second;
    std::thread other([&] { second = run_program(different, rank(1, port(3))); });
    const ProgramResult first = run_program(command("together.qfm", 30), rank(0, port(3)));
    other.join();
    for (const ProgramResult& result : {first, second}) {
        EXPECT_EQ(result.exit_code, 1) << result.err;
        EXPECT_NE(result.err.find("calibrations differ"), std::string::npos) << result.err;
    }
    EXPECT_FALSE(fs::exists(folder_.file("together.qfm")));
}

TEST_F(TwoProcesses, OneKilledEndsTheOther) {
    for (const int victim : {0, 1}) {
        SCOPED_TRACE(victim);
        const auto out = [&](int rank) { return std::to_string(victim) + std::to_string(rank) + ".qfm"; };
        RunOptions killed = rank(victim, port(1 + victim));
        killed.when = [&] { return fs::exists(checkpoint(out(0))); };
        killed.signal = SIGKILL;
        ProgramResult dead;
        std::chrono::steady_clock::time_point died;
        std::thread other([&] {
            dead = run_program(command(out(victim), 1000000), killed);
            died = std::chrono::steady_clock::now();
        });
        const int witness = 1 - victim;
        const ProgramResult left =
            run_program(command(out(witness), 1000000), rank(witness, port(1 + victim)));
        const auto ended = std::chrono::steady_clock::now();
        other.join();
        EXPECT_EQ(dead.signal, SIGKILL);
        EXPECT_EQ(left.exit_code, 1) << left.err;
        EXPECT_NE(left.err.find("lost the others"), std::string::npos) << left.err;
        EXPECT_LT(std::chrono::duration<double>(ended - died).count(), 60);
        EXPECT_FALSE(fs::exists(folder_.file(out(witness))));
    }
}

TEST_F(Training, GeneratorsThatAreNoneAreBadInput) {
    const std::string file = folder_.write("text.pt", "no module");
    const auto refused = [&](const std::string& data, int exit_code, const std::string& hint) {
        const ProgramResult result = run_program({"eval", model_, "--images", "2", "--data", data});
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_NE(result.err.find(hint), std::string::npos) << result.err;
    };
    refused("generator:" + file, 3, "text.pt: is no TorchScript module");
    refused("noise:0.5,generator:" + file + ":latent=8:0.5", 3, "text.pt: is no TorchScript module");
    refused("generator:" + folder_.file("missing.pt"), 3, "missing.pt");
    refused("generator:" + file + ":latent=many", 2, "latent=many");
    refused("generator:" + file + ":mood=good", 2, "no option mood");
}

}  // namespace
}  // namespace quantface::test
