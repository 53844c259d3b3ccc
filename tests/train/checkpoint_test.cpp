#include "train/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/error.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

class CheckpointFile : public testing::Test {
  protected:
    void SetUp() override {
        path_ = fs::temp_directory_path() / ("quantface_checkpoint_" + std::to_string(::getpid()));
        checkpoint_.record = R"({"step":17,"run":{"seed":3}})";
        checkpoint_.arrays = {{"weight", {1.5f, -2.0f, 3e38f}}, {"empty", {}}, {"bias", {0.25f}}};
        write_checkpoint(path_, checkpoint_);
        std::ifstream file(path_, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
    }
    void TearDown() override { fs::remove(path_); }

    void put(const std::string& bytes) {
        std::ofstream(path_, std::ios::binary | std::ios::trunc).write(bytes.data(), std::ssize(bytes));
    }
    void expect_refused(const std::string& bytes) {
        put(bytes);
        try {
            read_checkpoint(path_);
            FAIL() << "read";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
            EXPECT_NE(std::string(error.what()).find(path_.string()), std::string::npos) << error.what();
        }
    }

    fs::path path_;
    Checkpoint checkpoint_;
    std::string bytes_;
};

TEST_F(CheckpointFile, ComesBackAsItWas) {
    const Checkpoint back = read_checkpoint(path_);
    EXPECT_EQ(back.record, checkpoint_.record);
    EXPECT_EQ(back.arrays, checkpoint_.arrays);
    EXPECT_EQ(back.array("weight", 3, "x"), checkpoint_.arrays[0].second);
    EXPECT_THROW(back.array("weight", 2, "x"), Error);
    EXPECT_THROW(back.array("slope", 1, "x"), Error);
}

TEST_F(CheckpointFile, CutAnywhereIsRefused) {
    for (size_t length = 0; length < bytes_.size(); ++length) expect_refused(bytes_.substr(0, length));
    expect_refused(bytes_ + "x");
}

TEST_F(CheckpointFile, EveryFlippedBitIsFound) {
    for (size_t at = 0; at < bytes_.size(); ++at) {
        for (int bit = 0; bit < 8; bit += 3) {
            std::string damaged = bytes_;
            damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
            expect_refused(damaged);
        }
    }
}

TEST_F(CheckpointFile, MissingIsOneClearError) {
    fs::remove(path_);
    EXPECT_THROW(read_checkpoint(path_), Error);
}

}  // namespace
}  // namespace quantface
