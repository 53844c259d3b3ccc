// Bad files: exit code 3, exactly one line on stderr that names the file, no output file left behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

std::string random_bytes(size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

class BadInput : public testing::Test {
  protected:
    void expect_refused(const std::vector<std::string>& arguments, const std::string& file) {
        const ProgramResult result = run_program(arguments);
        EXPECT_EQ(result.exit_code, 3) << arguments[0] << " " << file << ": " << result.err;
        EXPECT_EQ(result.out, "") << file;
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_TRUE(result.err.starts_with("quantface: ")) << result.err;
        const std::string name = std::filesystem::path(file).filename().string();
        EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
        EXPECT_EQ(result.err.find("internal error"), std::string::npos) << result.err;
    }

    // Every command that takes a model must refuse it alike.
    void expect_model_refused(const std::string& model) {
        expect_refused({"inspect", model}, model);
        expect_refused({"bench", model}, model);
        expect_refused({"eval", model, "--data", "noise:1", "--images", "2"}, model);
        expect_refused({"export", model, "-o", folder_.file("out.onnx")}, model);
        expect_refused({"embed", model, "face.png", "-o", folder_.file("out.npy")}, model);
        expect_refused({"quantize", model, "-o", folder_.file("out.qfm"), "--ptq", "--weights", "8", "--acts",
                        "8", "--data", "noise:1", "--images", "2"},
                       model);
        EXPECT_FALSE(std::filesystem::exists(folder_.file("out.onnx")));
        EXPECT_FALSE(std::filesystem::exists(folder_.file("out.npy")));
        EXPECT_FALSE(std::filesystem::exists(folder_.file("out.qfm")));
    }

    // A small integer network's bytes.
    std::string tiny_qfm() {
        const std::string path = folder_.file("whole.qfm");
        const ProgramResult result = run_program({"quantize", folder_.write("tiny.onnx", tiny_onnx()), "-o",
                                                  path, "--ptq", "--weights", "6", "--acts", "6", "--data",
                                                  "noise:1", "--images", "4", "--observer", "minmax"});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return path;
    }

    ScratchFolder folder_;
};

std::string bytes_of(const std::string& path) {
    std::string text(std::filesystem::file_size(path), '\0');
    FILE* file = fopen(path.c_str(), "rb");
    EXPECT_EQ(fread(text.data(), 1, text.size(), file), text.size());
    fclose(file);
    return text;
}

TEST_F(BadInput, MissingModel) {
    expect_model_refused(folder_.file("missing.onnx"));
}

TEST_F(BadInput, FolderAsModel) {
    std::filesystem::create_directory(folder_.file("folder.onnx"));
    expect_model_refused(folder_.file("folder.onnx"));
}

TEST_F(BadInput, EmptyModel) {
    expect_model_refused(folder_.write("empty.onnx", ""));
    expect_refused({"inspect", folder_.write("empty.qfm", "")}, "empty.qfm");
}

TEST_F(BadInput, RandomBytesAsModel) {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        const std::string name = "random" + std::to_string(seed);
        expect_refused({"inspect", folder_.write(name + ".onnx", random_bytes(1000 * seed, seed))}, name);
    }
    // As ONNX begins, then noise.
    expect_refused({"inspect", folder_.write("noise.onnx", "\x08\x07" + random_bytes(5000, 9))},
                   "noise.onnx");
    expect_refused({"inspect", folder_.write("text.onnx", "not a network\n")}, "text.onnx");
}

TEST_F(BadInput, TruncatedOnnx) {
    const std::string whole = tiny_onnx();
    for (const size_t size : {size_t{1}, size_t{7}, whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
        const std::string name = "truncated" + std::to_string(size) + ".onnx";
        expect_refused({"inspect", folder_.write(name, whole.substr(0, size))}, name);
    }
}

TEST_F(BadInput, TruncatedOrDamagedQfm) {
    const std::string whole = bytes_of(tiny_qfm());
    ASSERT_GT(whole.size(), 100u);
    for (const size_t size : {size_t{3}, size_t{8}, size_t{40}, whole.size() / 2, whole.size() - 1}) {
        const std::string name = "truncated" + std::to_string(size) + ".qfm";
        expect_refused({"inspect", folder_.write(name, whole.substr(0, size))}, name);
    }
    // One flipped bit anywhere must not pass the checksums.
    for (size_t i = 1; i <= 5; ++i) {
        std::string damaged = whole;
        damaged[whole.size() * i / 6] ^= 0x10;
        const std::string name = "damaged" + std::to_string(i) + ".qfm";
        expect_refused({"inspect", folder_.write(name, damaged)}, name);
    }
}

TEST_F(BadInput, QuantizingAnIntegerNetwork) {
    const std::string model = tiny_qfm();
    expect_refused({"quantize", model, "-o", folder_.file("again.qfm"), "--ptq", "--weights", "4", "--acts",
                    "4", "--data", "noise:1", "--images", "2"},
                   model);
    EXPECT_FALSE(std::filesystem::exists(folder_.file("again.qfm")));
}

TEST_F(BadInput, Packs) {
    const std::string model = folder_.write("tiny.onnx", tiny_onnx());
    expect_refused({"eval", model, "--bench", folder_.file("missing.bin")}, "missing.bin");
    expect_refused({"eval", model, "--bench", folder_.write("empty.bin", "")}, "empty.bin");
    expect_refused({"eval", model, "--bench", folder_.write("random.bin", random_bytes(4000, 3))},
                   "random.bin");
    // Protocol 4, then noise; and a pickle that would call a function, which must not be obeyed.
    expect_refused({"eval", model, "--bench", folder_.write("noise.bin", "\x80\x04" + random_bytes(4000, 4))},
                   "noise.bin");
    expect_refused(
        {"eval", model, "--bench", folder_.write("call.bin", "cos\nsystem\n(S'touch /tmp/x'\ntR.")},
        "call.bin");
}

TEST_F(BadInput, Images) {
    const std::string model = folder_.write("tiny.onnx", tiny_onnx());
    const std::string out = folder_.file("out.npy");
    expect_refused({"embed", model, folder_.file("missing.png"), "-o", out}, "missing.png");
    expect_refused({"embed", model, folder_.write("empty.png", ""), "-o", out}, "empty.png");
    expect_refused({"embed", model, folder_.write("random.jpg", random_bytes(3000, 5)), "-o", out},
                   "random.jpg");
    std::filesystem::create_directory(folder_.file("no_images"));
    expect_refused({"embed", model, folder_.file("no_images"), "-o", out}, "no_images");
    EXPECT_FALSE(std::filesystem::exists(out));
    EXPECT_FALSE(std::filesystem::exists(folder_.file("out.txt")));
}

TEST_F(BadInput, CalibrationData) {
    const std::string model = folder_.write("tiny.onnx", tiny_onnx());
    const std::string out = folder_.file("out.qfm");
    const auto quantize = [&](const std::string& data) {
        return std::vector<std::string>{"quantize", model, "-o",       out, "--ptq",  "--weights", "8",
                                        "--acts",   "8",   "--images", "2", "--data", data};
    };
    expect_refused(quantize("folder:" + folder_.file("missing")), "missing");
    expect_refused(quantize(folder_.write("random.bin", random_bytes(4000, 6))), "random.bin");
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(BadInput, OutputThatCannotBeWrittenIsAFailureOfTheWork) {
    const std::string model = folder_.write("tiny.onnx", tiny_onnx());
    const ProgramResult result =
        run_program({"quantize", model, "-o", folder_.file("no/such/folder/out.qfm"), "--ptq", "--weights",
                     "8", "--acts", "8", "--data", "noise:1", "--images", "2", "--observer", "minmax"});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result.err.find("quantface: "), std::string::npos) << result.err;
}

}  // namespace

}  // namespace quantface::test
