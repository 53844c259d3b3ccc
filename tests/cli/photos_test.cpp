// Photographs through the program: align, verify and embed, with the built-in detector on rendered faces.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "faces/image.h"
#include "subprocess.h"
#include "synth/face_renderer.h"
#include "synth/head/head_model.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Photos : public testing::Test {
  protected:
    void SetUp() override { model_ = folder_.write("tiny.onnx", tiny_onnx()); }

    // A rendered photograph with room around the face, in folder_.
    std::string photo(const std::string& name, uint64_t identity, uint64_t view = 0) {
        FaceRenderOptions options;
        options.head = installed_head_model();
        options.size = 300;
        options.span = 1.5;
        FaceRenderInfo info{};
        // Frontal faces, as the built-in detector wants them.
        Image image;
        do {
            image = render_face(4711, identity, view, options, &info);
            view += 10;
        } while (std::abs(info.yaw) > 12 || std::abs(info.pitch) > 10);
        const fs::path path = folder_.path() / name;
        fs::create_directories(path.parent_path());
        write_file_atomically(path, encode_png(image));
        return path.string();
    }

    ProgramResult run(const std::vector<std::string>& arguments, int exit_code) {
        ProgramResult result = run_program(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << arguments[0] << ": " << result.err;
        return result;
    }

    static Json json_of(const ProgramResult& result) {
        Json parsed = Json::parse(result.out, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded()) << result.out;
        return parsed;
    }

    ScratchFolder folder_;
    std::string model_;
};

TEST_F(Photos, AlignWritesFacesUnderTheSamePathsAndGoesOn) {
    photo("in/a.png", 1);
    photo("in/sub/b.png", 2);
    folder_.write("in/broken.jpg", "no image");
    const std::string in = folder_.file("in"), out = folder_.file("out");
    write_file_atomically(folder_.path() / "in" / "grey.png",
                          encode_png({90, 90, std::vector<uint8_t>(90 * 90 * 3, 128)}));
    const ProgramResult first = run({"align", in, "--out", out, "--json"}, 3);
    EXPECT_NE(first.err.find("broken.jpg: not an image"), std::string::npos) << first.err;
    EXPECT_NE(first.err.find("grey.png: no face found"), std::string::npos) << first.err;
    EXPECT_NE(first.err.find("quantface: 2 of 4 images skipped\n"), std::string::npos) << first.err;
    const Json document = json_of(first);
    EXPECT_EQ(document["aligned"], 2);
    EXPECT_EQ(document["skipped"].size(), 2u);
    ASSERT_EQ(document["images"].size(), 2u);
    EXPECT_EQ(document["images"][1]["file"], "sub/b.png");
    EXPECT_EQ(document["images"][0]["landmarks"].size(), 5u);
    EXPECT_EQ(document["images"][0]["box"].size(), 4u);
    EXPECT_GT(document["images"][0]["score"].get<double>(), 0.5);
    EXPECT_EQ(read_image(fs::path(out) / "a.png").height, 112);
    const auto time = fs::last_write_time(fs::path(out) / "sub" / "b.png");

    fs::remove(fs::path(in) / "broken.jpg");
    fs::remove(fs::path(in) / "grey.png");
    photo("in/c.png", 3);
    fs::remove(fs::path(out) / "a.png");
    const Json second = json_of(run({"align", in, "--out", out, "--json"}, 0));
    EXPECT_EQ(second["kept"], 1);
    EXPECT_EQ(second["aligned"], 2);
    EXPECT_EQ(second["images"].size(), 3u);
    EXPECT_EQ(second["images"][0], document["images"][0]);
    EXPECT_EQ(fs::last_write_time(fs::path(out) / "sub" / "b.png"), time);
    // Other settings do not mix with what stands.
    EXPECT_NE(run({"align", in, "--out", out, "--size", "128"}, 2).err.find("other settings"),
              std::string::npos);
}

TEST_F(Photos, AlignTakesOtherSizesAndLeavesAlignedFacesAlone) {
    const std::string file = photo("a.png", 1), out = folder_.file("out");
    run({"align", file, "--out", out, "--size", "160"}, 0);
    EXPECT_EQ(read_image(fs::path(out) / "a.png").width, 160);
    const std::string again = folder_.file("again");
    const Json document =
        json_of(run({"align", out + "/a.png", "--out", again, "--size", "160", "--json"}, 0));
    EXPECT_EQ(read_text(fs::path(again) / "a.png"), read_text(fs::path(out) / "a.png"));
    EXPECT_TRUE(document["images"][0]["landmarks"].is_null());
    // --detect looks for the face all the same.
    const Json looked = json_of(run(
        {"align", out + "/a.png", "--out", folder_.file("detected"), "--size", "160", "--detect", "--json"},
        0));
    EXPECT_EQ(looked["images"][0]["landmarks"].size(), 5u);
}

TEST_F(Photos, AlignRefusesWhatCannotBe) {
    const std::string a = photo("x/a.png", 1), b = photo("y/a.png", 2), out = folder_.file("out");
    EXPECT_NE(run({"align", a, b, "--out", out}, 2).err.find("would both become a.png"), std::string::npos);
    EXPECT_FALSE(fs::exists(out));
    // A detector that is none is no fault of the photographs.
    const ProgramResult wrong = run({"align", a, "--out", out, "--detector", model_}, 3);
    EXPECT_NE(wrong.err.find("tiny.onnx: is no face detector"), std::string::npos) << wrong.err;
    EXPECT_EQ(std::count(wrong.err.begin(), wrong.err.end(), '\n'), 1) << wrong.err;
    EXPECT_FALSE(fs::exists(fs::path(out) / "a.png"));
    EXPECT_NE(run({"align", a, "--out", out, "--detector", folder_.file("missing.onnx")}, 3)
                  .err.find("missing.onnx"),
              std::string::npos);
    // One image alone: one line.
    const ProgramResult missing = run({"align", folder_.file("no.jpg"), "--out", folder_.file("out2")}, 3);
    EXPECT_NE(missing.err.find("no.jpg"), std::string::npos) << missing.err;
    EXPECT_EQ(missing.err.find("skipped"), std::string::npos) << missing.err;
    write_file_atomically(folder_.path() / "align.json", std::string("{\"format\": 3}"));
    run({"align", a, "--out", folder_.path().string()}, 3);
}

TEST_F(Photos, VerifyGivesTheCosineAndDecidesByMeasuredThresholds) {
    const std::string a = photo("a.png", 1), b = photo("b.png", 2);
    const ProgramResult plain = run({"verify", model_, a, b}, 0);
    EXPECT_NE(plain.out.find("cosine "), std::string::npos);
    EXPECT_NE(plain.out.find("no decision: a threshold must be measured"), std::string::npos);
    EXPECT_NEAR(json_of(run({"verify", model_, a, a, "--json"}, 0))["cosine"].get<double>(), 1, 1e-6);
    const Json document = json_of(run({"verify", model_, a, b, "--json"}, 0));
    EXPECT_TRUE(document["decision"].is_null());
    EXPECT_EQ(document["images"][1]["landmarks"].size(), 5u);
    const double cosine = document["cosine"].get<double>();
    EXPECT_LT(cosine, 1 - 1e-6);

    const std::string sha256 = json_of(run({"inspect", model_, "--json"}, 0))["sha256"].get<std::string>();
    for (const bool same : {true, false}) {
        const double threshold = same ? cosine - 1e-4 : cosine + 1e-4;
        const Json evaluation = {{"format", "quantface evaluation 1"},
                                 {"settings", {{"flip", false}}},
                                 {"benchmarks", {{{"name", "lfw"}, {"impostor_pairs", 3000}}}},
                                 {"models",
                                  {{{"sha256", sha256},
                                    {"benchmarks",
                                     {{{"benchmark", "lfw"},
                                       {"rates",
                                        {{{"far", 0.001},
                                          {"threshold", threshold},
                                          {"reached_far", 0.0005},
                                          {"supported", true}}}}}}}}}}};
        const std::string file = folder_.write("eval.json", evaluation.dump());
        const Json decided = json_of(run({"verify", model_, a, b, "--thresholds", file, "--json"}, 0));
        EXPECT_EQ(decided["decision"]["same_person"], same);
        EXPECT_EQ(decided["decision"]["benchmark"], "lfw");
        const std::string text = run({"verify", model_, a, b, "--thresholds", file}, 0).out;
        EXPECT_EQ(text.find("not the same person") == std::string::npos, same) << text;
        run({"verify", model_, a, b, "--thresholds", file, "--far", "1e-4"}, 2);
    }
    run({"verify", model_, a, b, "--far", "1e-4"}, 2);
    run({"verify", model_, a, b, "--thresholds", folder_.write("bad.json", "{}")}, 3);
    const ProgramResult missing = run({"verify", model_, a, folder_.file("no.jpg")}, 3);
    EXPECT_EQ(std::count(missing.err.begin(), missing.err.end(), '\n'), 1) << missing.err;
}

// Flipped evaluations have thresholds of summed embeddings: verify must compare the same.
TEST_F(Photos, VerifyFlipsWhereTheThresholdWasMeasuredSo) {
    const std::string a = photo("a.png", 1), b = photo("b.png", 2);
    const std::string sha256 = json_of(run({"inspect", model_, "--json"}, 0))["sha256"].get<std::string>();
    std::vector<double> cosines;
    for (const bool flip : {false, true}) {
        const Json evaluation = {{"format", "quantface evaluation 1"},
                                 {"settings", {{"flip", flip}}},
                                 {"benchmarks", {{{"name", "lfw"}, {"impostor_pairs", 3000}}}},
                                 {"models",
                                  {{{"sha256", sha256},
                                    {"benchmarks",
                                     {{{"benchmark", "lfw"},
                                       {"rates",
                                        {{{"far", 0.001},
                                          {"threshold", 0.3},
                                          {"reached_far", 0.0005},
                                          {"supported", true}}}}}}}}}}};
        const std::string file = folder_.write("eval.json", evaluation.dump());
        const Json decided = json_of(run({"verify", model_, a, b, "--thresholds", file, "--json"}, 0));
        EXPECT_EQ(decided["decision"]["flip"], flip);
        cosines.push_back(decided["cosine"].get<double>());
    }
    EXPECT_NE(cosines[0], cosines[1]);
}

TEST_F(Photos, EmbedAlignsPhotographsAndNamesWhatItSkips) {
    photo("in/a.png", 1);
    photo("in/b.png", 2);
    folder_.write("in/bad.png", "no image");
    const std::string in = folder_.file("in"), out = folder_.file("photos.npy");
    const ProgramResult result = run({"embed", model_, in, "-o", out, "--json"}, 3);
    EXPECT_NE(result.err.find("bad.png"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("1 of 3 images skipped"), std::string::npos) << result.err;
    const Json document = json_of(result);
    EXPECT_EQ(document["rows"], 2);
    EXPECT_EQ(document["names"].size(), 2u);
    EXPECT_EQ(document["skipped"][0]["image"], in + "/bad.png");
    // The same numbers as from the faces that align writes.
    fs::remove(fs::path(in) / "bad.png");
    run({"align", in, "--out", folder_.file("aligned")}, 0);
    run({"embed", model_, folder_.file("aligned"), "-o", folder_.file("aligned.npy")}, 0);
    EXPECT_EQ(read_text(out), read_text(folder_.file("aligned.npy")));
}

}  // namespace

}  // namespace quantface::test
