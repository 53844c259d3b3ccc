// quantface synth --score on a small network: what it reports, what it finds, what it refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class Score : public testing::Test {
  protected:
    void SetUp() override { model_ = folder_.write("tiny.onnx", tiny_onnx()); }

    ProgramResult run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"synth", "--score", model_});
        return run_program(arguments);
    }

    Json json(std::vector<std::string> arguments) {
        arguments.push_back("--json");
        const ProgramResult result = run(arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        Json parsed = Json::parse(result.out, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded()) << result.out;
        return parsed;
    }

    void expect_refused(const std::vector<std::string>& arguments, int exit_code, const std::string& hint) {
        const ProgramResult result = run(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_NE(result.err.find(hint), std::string::npos) << result.err;
    }

    // Rendered faces, two of each person.
    std::string faces(const std::string& name, int count, int seed) {
        const ProgramResult result = run_program({"synth", "--out", folder_.file(name), "--count",
                                                  std::to_string(count), "--seed", std::to_string(seed)});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return folder_.file(name);
    }

    ScratchFolder folder_;
    std::string model_;
};

TEST_F(Score, RenderedFacesAreTheDefault) {
    const Json result = json({"--count", "12", "--seed", "3"});
    const Json& set = result["set"];
    EXPECT_EQ(set["data"].get<std::string>().find("rendered faces"), 0u);
    EXPECT_EQ(set["images"], 12);
    EXPECT_EQ(result["source_person"], "none");
    EXPECT_GE(set["effective_rank"].get<double>(), 1);
    EXPECT_LE(set["effective_rank"].get<double>(), 16);
    EXPECT_GT(set["mean_length"].get<double>(), 0);
    EXPECT_LE(set["mean_length"].get<double>(), 1);
    EXPECT_EQ(set["nearest_distance"]["count"], 12);
    EXPECT_EQ(set["same_identity_cosine"]["count"], 6);
    EXPECT_EQ(set["other_identity_cosine"]["count"], 60);
    EXPECT_TRUE(set["unlabelled_cosine"].is_null());
    EXPECT_TRUE(set["verification"]["d_prime"].is_number());
    EXPECT_TRUE(result["reference"].is_null());
    EXPECT_TRUE(result["layers"].empty());

    const ProgramResult text = run({"--count", "4"});
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_NE(text.out.find("effective rank"), std::string::npos);
    EXPECT_NE(text.out.find("no source person"), std::string::npos);
}

TEST_F(Score, AReferenceOfTheSameFacesIsCoveredWholly) {
    const Json result = json({"--count", "8", "--seed", "3", "--reference", "rendered:3"});
    // Two convolutions with their activation each, the pooling, and the layers between them.
    ASSERT_GE(result["layers"].size(), 6u);
    int quantized = 0;
    for (const Json& layer : result["layers"]) {
        EXPECT_EQ(layer["in_extremes"], 1.0) << layer;
        EXPECT_EQ(layer["overflow"], 0.0);
        EXPECT_EQ(layer["channels"]["mean_shift"], 0.0);
        quantized += layer["quantized"].get<bool>();
    }
    EXPECT_EQ(quantized, 3);
    EXPECT_EQ(result["coverage"]["layers"], 3);
    EXPECT_EQ(result["coverage"]["in_extremes"], 1.0);
    EXPECT_EQ(result["set"]["effective_rank"], result["reference"]["effective_rank"]);
}

TEST_F(Score, NoiseIsFartherFromFacesThanFacesAre) {
    const auto shift = [&](const std::string& data) {
        const Json result = json({"--count", "16", "--data", data, "--reference", "rendered:9"});
        double sum = 0;
        for (const Json& layer : result["layers"]) sum += layer["channels"]["mean_shift"].get<double>();
        return sum;
    };
    EXPECT_GT(shift("noise:1"), 5 * shift("rendered:4"));
    const ProgramResult text = run({"--count", "4", "--data", "noise", "--reference", "rendered"});
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_NE(text.out.find("worst covered layers"), std::string::npos);
    EXPECT_NE(text.out.find("of the reference within the set's range"), std::string::npos);
}

TEST_F(Score, PlantedDuplicatesAreListed) {
    const std::string set = faces("rendered_faces", 6, 3);
    fs::create_directory(set + "/zz");
    fs::copy_file(set + "/000001/000001_0.png", set + "/zz/copy.png");
    const Json result = json({"--data", set});
    const Json& duplicates = result["set"]["duplicates"];
    EXPECT_EQ(result["set"]["images"], 7);
    ASSERT_EQ(duplicates["count"], 1) << duplicates;
    EXPECT_EQ(duplicates["images"][0]["image"], 6);
    EXPECT_EQ(duplicates["images"][0]["earlier"], 2);
    EXPECT_EQ(duplicates["images"][0]["identical"], true);
    EXPECT_NEAR(duplicates["per_1000_images"].get<double>(), 1000.0 / 7, 1e-9);
    EXPECT_EQ(result["source_person"], "unknown");
    // Three people of two images each, and the copy, which is one of its own.
    EXPECT_EQ(result["set"]["same_identity_cosine"]["count"], 3);
}

TEST_F(Score, TrainingImagesThatComeBackAreFound) {
    const std::string training = faces("training", 8, 5), set = faces("set", 4, 6);
    fs::copy_file(training + "/000002/000002_1.png", set + "/000001/copy.png");
    const Json result = json({"--data", set, "--training-set", training, "--far", "0.1", "--closest", "3"});
    const Json& found = result["training_set"];
    EXPECT_EQ(found["training_images"], 8);
    EXPECT_EQ(found["threshold_pairs"], 24);
    EXPECT_EQ(found["threshold_from_unlabelled_pairs"], false);
    ASSERT_EQ(found["closest"].size(), 3u);
    EXPECT_EQ(found["closest"][0]["image"], 4);
    EXPECT_EQ(found["closest"][0]["training_image"], 5);
    EXPECT_NEAR(found["closest"][0]["cosine"].get<double>(), 1, 1e-6);
    EXPECT_EQ(found["set_to_training"]["cosine"]["count"], 5);
    EXPECT_EQ(found["training_leave_one_out"]["cosine"]["count"], 8);
    EXPECT_EQ(found["training_leave_identity_out"]["cosine"]["count"], 8);

    const ProgramResult text = run({"--data", set, "--training-set", training, "--threshold", "0.5"});
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_NE(text.out.find("image 4, training image 5"), std::string::npos) << text.out;
    expect_refused({"--data", set, "--training-set", training}, 2, "--far");
}

TEST_F(Score, AnIntegerNetworkGivesEmbeddingsOnly) {
    const std::string quantized = folder_.file("tiny.qfm");
    ASSERT_EQ(run_program({"quantize", model_, "-o", quantized, "--ptq", "--weights", "8", "--acts", "8",
                           "--data", "noise:1", "--images", "8", "--observer", "minmax"})
                  .exit_code,
              0);
    model_ = quantized;
    const Json result = json({"--count", "6", "--reference", "noise:1"});
    EXPECT_TRUE(result["layers"].empty());
    EXPECT_EQ(result["reference"]["images"], 6);
    EXPECT_EQ(result["reference"]["unlabelled_cosine"]["count"], 15);
    EXPECT_EQ(result["set"]["other_identity_cosine"]["count"], 12);
}

TEST_F(Score, BadInputIsRefusedInOneLine) {
    expect_refused({"--data", "folder:" + folder_.file("missing")}, 3, "missing");
    expect_refused({"--count", "4", "--reference", folder_.write("bad.bin", "no pack")}, 3, "bad.bin");
    expect_refused({"--count", "4", "--training-set", "folder:" + folder_.file("none")}, 3, "none");
    expect_refused({"--count", "1"}, 3, "at least 2 images");
    fs::create_directory(folder_.file("broken"));
    for (const char* name : {"broken/a.png", "broken/b.png"}) folder_.write(name, "no image");
    expect_refused({"--data", folder_.file("broken")}, 3, ".png");
    expect_refused({"--reference", "nowhere"}, 2, "--reference nowhere");
    model_ = folder_.write("bad.onnx", "no network");
    expect_refused({"--count", "4"}, 3, "bad.onnx");
    model_ = folder_.file("missing.onnx");
    expect_refused({"--count", "4"}, 3, "missing.onnx");
}

TEST_F(Score, OptionsThatDoNotGoTogetherAreWrongUsage) {
    expect_refused({"--out", folder_.file("faces")}, 2, "--out");
    expect_refused({"--size", "64"}, 2, "--size");
    expect_refused({"--far", "0"}, 2, "--far");
    expect_refused({"--threshold", "2"}, 2, "--threshold");
    for (const std::vector<std::string>& option :
         {std::vector<std::string>{"--json"}, {"--data", "noise"}, {"--reference", "noise"}}) {
        std::vector<std::string> arguments = {"synth", "--out", folder_.file("faces")};
        arguments.insert(arguments.end(), option.begin(), option.end());
        EXPECT_EQ(run_program(arguments).exit_code, 2) << option[0];
    }
    EXPECT_FALSE(fs::exists(folder_.file("faces")));
}

}  // namespace

}  // namespace quantface::test
