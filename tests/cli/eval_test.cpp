// `quantface eval` and `merge` end to end: every kind of benchmark, embeddings kept and divided, what is
// written.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int kPeople = 8, kImages = 4;  // each person's

std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Eval : public testing::Test {
  protected:
    // Rendered faces; "people" are four of them each, whoever is on them.
    static void SetUpTestSuite() {
        faces_ = std::make_unique<ScratchFolder>();
        const ProgramResult result = run_program(
            {"synth", "--out", faces_->file("all"), "--count", std::to_string(kPeople * kImages)});
        ASSERT_EQ(result.exit_code, 0) << result.err;
        std::vector<fs::path> images;
        for (const auto& entry : fs::recursive_directory_iterator(faces_->file("all"))) {
            if (entry.path().extension() == ".png") images.push_back(entry.path());
        }
        std::sort(images.begin(), images.end());
        ASSERT_EQ(images.size(), size_t{kPeople * kImages});
        for (size_t i = 0; i < images.size(); ++i) {
            const std::string name = person(i / kImages);
            fs::create_directories(fs::path(faces_->file("people")) / name);
            fs::copy_file(images[i], fs::path(faces_->file("people")) / name /
                                         (name + "_000" + std::to_string(i % kImages + 1) + ".png"));
        }
    }
    static void TearDownTestSuite() { faces_.reset(); }

    void SetUp() override {
        model_ = folder_.write("tiny.onnx", tiny_onnx());
        people_ = folder_.file("people");
        fs::copy(faces_->file("people"), people_, fs::copy_options::recursive);
    }

    static std::string person(size_t index) { return std::string("P") + static_cast<char>('a' + index); }

    Json evaluate(std::vector<std::string> arguments, int exit_code = 0) {
        arguments.insert(arguments.begin(), {"eval", model_});
        arguments.push_back("--json");
        const ProgramResult result = run_program(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        errors_ = result.err;
        const Json document = Json::parse(result.out, nullptr, false);
        EXPECT_FALSE(document.is_discarded()) << result.out.substr(0, 200);
        return document;
    }

    // LFW's form: one fold, 16 pairs of either kind.
    std::string pair_list() {
        std::string text = "16\n";
        for (size_t i = 0; i < 16; ++i)
            text += person(i % kPeople) + "\t1\t" + std::to_string(2 + i / kPeople) + "\n";
        for (size_t i = 0; i < 16; ++i)
            text += person(i % kPeople) + "\t1\t" + person((i + 1 + i / kPeople) % kPeople) + "\t2\n";
        return folder_.write("pairs.txt", text);
    }

    // Templates of two images each; landmarks are those of the aligned face.
    std::string ijb_folder() {
        const fs::path root = folder_.file("ijb");
        fs::create_directories(root / "meta");
        fs::create_directories(root / "loose_crop");
        std::ofstream tid(root / "meta/tiny_face_tid_mid.txt"),
            points(root / "meta/tiny_name_5pts_score.txt"), pairs(root / "meta/tiny_template_pair_label.txt"),
            gallery(root / "meta/tiny_1N_gallery_G1.csv"), probes(root / "meta/tiny_1N_probe_mixed.csv");
        gallery << "TEMPLATE_ID,SUBJECT_ID\n";
        probes << "TEMPLATE_ID,SUBJECT_ID\n";
        for (size_t p = 0; p < kPeople; ++p) {
            for (int i = 1; i <= kImages; ++i) {
                const std::string name = person(p) + "_000" + std::to_string(i) + ".png";
                fs::copy_file(fs::path(people_) / person(p) / name, root / "loose_crop" / name);
                tid << name << " " << 2 * p + (i > 2 ? 1 : 0) << " " << i << "\n";
                points << name
                       << " 38.2946 51.6963 73.5318 51.5014 56.0252 71.7366 41.5493 92.3655 70.7299 92.2041 "
                          "0.9\n";
            }
            gallery << 2 * p << "," << p << "\n";
            probes << 2 * p + 1 << "," << p << "\n";
            for (size_t q = 0; q < kPeople; ++q)
                pairs << 2 * p << " " << 2 * q + 1 << " " << (p == q ? 1 : 0) << "\n";
        }
        return root.string();
    }

    static std::unique_ptr<ScratchFolder> faces_;
    ScratchFolder folder_;
    std::string model_, people_, errors_;
};

std::unique_ptr<ScratchFolder> Eval::faces_;

TEST_F(Eval, FolderOfIdentitiesIsAllPairs) {
    const Json document = evaluate({"--bench", people_, "--bootstrap", "50"});
    EXPECT_EQ(document["format"], "quantface evaluation 1");
    const Json& benchmark = document["benchmarks"].at(0);
    EXPECT_EQ(benchmark["kind"], "identities");
    EXPECT_EQ(benchmark["name"], "people");
    EXPECT_EQ(benchmark["people"], kPeople);
    EXPECT_EQ(benchmark["genuine_pairs"], kPeople * kImages * (kImages - 1) / 2);
    EXPECT_EQ(benchmark["impostor_pairs"], kPeople * (kPeople - 1) / 2 * kImages * kImages);
    EXPECT_EQ(benchmark["sha256"].get<std::string>().size(), 64u);
    const Json& result = document["models"].at(0)["benchmarks"].at(0);
    EXPECT_TRUE(result["accuracy"].is_null());
    EXPECT_GT(result["auc"].get<double>(), 0);
    EXPECT_EQ(result["auc_interval"].size(), 2u);
    int supported = 0;
    for (const Json& rate : result["rates"]) {
        EXPECT_EQ(rate["supported"].get<bool>(), !rate["tar"].is_null());
        EXPECT_EQ(rate["supported"].get<bool>(), rate["far"].get<double>() >= 1e-2);
        supported += rate["supported"].get<bool>();
    }
    EXPECT_EQ(supported, 2);
    EXPECT_EQ(result["worst"]["false_matches"].size(), 8u);
    EXPECT_TRUE(result["worst"]["false_matches"][0]["a"]["image"].is_null());
    int64_t pairs = 0;
    for (const Json& count : result["histogram"]["genuine"]) pairs += count.get<int64_t>();
    EXPECT_EQ(pairs, benchmark["genuine_pairs"]);
}

TEST_F(Eval, PairListWithPhotographs) {
    const Json document = evaluate({"--bench", pair_list() + ":" + people_, "--flip", "--bootstrap", "20"});
    const Json& benchmark = document["benchmarks"].at(0);
    EXPECT_EQ(benchmark["kind"], "pairs");
    EXPECT_EQ(benchmark["genuine_pairs"], 16);
    EXPECT_EQ(benchmark["impostor_pairs"], 16);
    const Json& accuracy = document["models"].at(0)["benchmarks"].at(0)["accuracy"];
    EXPECT_EQ(accuracy["folds"].size(), 10u);
    EXPECT_EQ(document["settings"]["flip"], true);
    EXPECT_TRUE(document["settings"]["photos"].is_string());
}

TEST_F(Eval, IjbLayoutWithIdentification) {
    const Json document = evaluate({"--bench", ijb_folder(), "--ijb", "N0D1F2", "--bootstrap", "0"});
    EXPECT_EQ(document["benchmarks"].at(0)["kind"], "ijb");
    EXPECT_EQ(document["benchmarks"].at(0)["name"], "tiny");
    EXPECT_EQ(document["settings"]["ijb"], "N0D1F2");
    const Json& result = document["models"].at(0)["benchmarks"].at(0);
    EXPECT_EQ(result["identification"]["probes"], kPeople);
    EXPECT_EQ(result["identification"]["gallery"], kPeople);
    EXPECT_GE(result["identification"]["rank_5"], result["identification"]["rank_1"]);
    EXPECT_TRUE(result["auc_interval"].is_null());
}

TEST_F(Eval, KeptEmbeddingsGiveTheSameAndAreNotMadeAgain) {
    const std::string cache = folder_.file("cache");
    const Json fresh = evaluate({"--bench", people_, "--bootstrap", "20"});
    const Json first = evaluate({"--bench", people_, "--bootstrap", "20", "--cache", cache});
    const Json second = evaluate({"--bench", people_, "--bootstrap", "20", "--cache", cache});
    for (const Json* document : {&first, &second})
        EXPECT_EQ((*document)["models"][0]["benchmarks"], fresh["models"][0]["benchmarks"]);
    EXPECT_TRUE(first["models"][0]["agreement"][0]["images_per_second"].is_number());
    EXPECT_TRUE(second["models"][0]["agreement"][0]["images_per_second"].is_null());
    // Other data is other embeddings.
    fs::remove(fs::path(people_) / "Pa/Pa_0001.png");
    EXPECT_TRUE(evaluate({"--bench", people_, "--bootstrap", "20", "--cache",
                          cache})["models"][0]["agreement"][0]["images_per_second"]
                    .is_number());
}

TEST_F(Eval, ShardsAreMergedToTheSameFigures) {
    // More images than one chunk of the store has.
    for (int copy = 0; copy < 12; ++copy) {
        for (size_t p = 0; p < kPeople; ++p) {
            for (int i = 1; i <= kImages; ++i) {
                const fs::path image =
                    fs::path(people_) / person(p) / (person(p) + "_000" + std::to_string(i) + ".png");
                fs::copy_file(
                    image, image.parent_path() / ("copy" + std::to_string(copy) + image.filename().string()));
            }
        }
    }
    const Json whole = evaluate({"--bench", people_, "--bootstrap", "0"});
    const std::vector<std::string> common = {"eval", model_, "--bench", people_, "--bootstrap", "0"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), common.begin(), common.end());
        return run_program(more);
    };
    for (const std::string k : {"1", "2"}) {
        const ProgramResult part = with({"--shard", k + "/2", "--cache", folder_.file("part" + k)});
        EXPECT_EQ(part.exit_code, 0) << part.err;
    }
    const ProgramResult half =
        run_program({"merge", folder_.file("part1"), "--cache", folder_.file("merged")});
    EXPECT_EQ(half.exit_code, 1);
    EXPECT_NE(half.err.find("lack images"), std::string::npos) << half.err;
    const ProgramResult merged = run_program(
        {"merge", folder_.file("part1"), folder_.file("part2"), "--cache", folder_.file("merged"), "--json"});
    EXPECT_EQ(merged.exit_code, 0) << merged.err;
    EXPECT_EQ(Json::parse(merged.out)["sets"][0]["complete"], true);
    const Json document =
        evaluate({"--bench", people_, "--bootstrap", "0", "--cache", folder_.file("merged")});
    EXPECT_EQ(document["models"][0]["benchmarks"], whole["models"][0]["benchmarks"]);
    EXPECT_TRUE(document["models"][0]["agreement"][0]["images_per_second"].is_null());
    EXPECT_EQ(with({"--shard", "3/2", "--cache", "x"}).exit_code, 2);
    EXPECT_EQ(with({"--shard", "1/2"}).exit_code, 2);
    EXPECT_EQ(run_program({"merge", folder_.write("x.qfe", "no"), "--cache", folder_.file("y")}).exit_code,
              3);
}

TEST_F(Eval, BrokenImagesAreNamedAndTheRestIsJudged) {
    folder_.write("people/Pa/Pa_0001.png", "no image");
    const Json document = evaluate({"--bench", people_, pair_list() + ":" + people_, "--bootstrap", "0"}, 3);
    EXPECT_NE(errors_.find("Pa_0001.png"), std::string::npos) << errors_;
    for (const Json& benchmark : document["benchmarks"]) {
        ASSERT_EQ(benchmark["failed_images"].size(), 1u);
        EXPECT_EQ(benchmark["failed_images"][0]["image"], "Pa/Pa_0001.png");
    }
    // In all pairs it is left out, in a list its pairs are refused.
    EXPECT_EQ(document["benchmarks"][0]["genuine_pairs"],
              kPeople * kImages * (kImages - 1) / 2 - (kImages - 1));
    EXPECT_EQ(document["benchmarks"][1]["genuine_pairs"], 16);
}

TEST_F(Eval, ReportsAndStudentsByTheirTeachers) {
    const std::string other = folder_.write("other.onnx", tiny_onnx(2)),
                      student = folder_.file("other_w8a8.qfm");
    const ProgramResult quantized =
        run_program({"quantize", other, "-o", student, "--ptq", "--weights", "8", "--acts", "8", "--data",
                     "noise:1", "--images", "8", "--observer", "minmax", "--bgr"});
    ASSERT_EQ(quantized.exit_code, 0) << quantized.err;
    const ProgramResult result = run_program(
        {"eval", model_ + "?mean=127.5&std=128", other + "?bgr", student, "--bench", people_, "--bootstrap",
         "20", "--html", folder_.file("r.html"), "--csv", folder_.file("r.csv"), "--save-json",
         folder_.file("r.json"), "--faces", faces_->file("all"), "--missing", "nothing <at> all"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Json document = Json::parse(bytes_of(folder_.file("r.json")));
    EXPECT_TRUE(document["models"][0]["teacher"].is_null() ||
                document["models"][0]["teacher"] != "other.onnx");
    EXPECT_EQ(document["models"][2]["teacher"], "other.onnx");
    EXPECT_GT(document["models"][2]["agreement"][0]["mean_cosine"].get<double>(), 0.95);
    EXPECT_EQ(document["missing"][0], "nothing <at> all");
    EXPECT_GT(document["models"][2]["speed"]["median_ms"].get<double>(), 0);
    int noisy = 0;
    for (const Json& layer : document["models"][2]["layers"])
        noisy += layer["signal_to_noise_db"].is_number();
    EXPECT_GT(noisy, 0);
    EXPECT_TRUE(document["models"][2]["benchmarks"][0]["worst"]["false_matches"][0]["a"]["image"]
                    .get<std::string>()
                    .starts_with("data:image/jpeg;base64,"));
    EXPECT_TRUE(document["synthetic_faces"]["sheet"].is_string());
    const std::string html = bytes_of(folder_.file("r.html")), csv = bytes_of(folder_.file("r.csv"));
    EXPECT_NE(html.find("other_w8a8.qfm"), std::string::npos);
    EXPECT_NE(csv.find("other_w8a8.qfm"), std::string::npos);
}

TEST_F(Eval, WhatCannotBeJudgedIsRefused) {
    const auto code = [&](const std::string& spec) {
        return run_program({"eval", model_, "--bench", spec}).exit_code;
    };
    fs::create_directories(folder_.file("empty"));
    EXPECT_EQ(code(folder_.file("empty")), 3);
    EXPECT_EQ(code(people_ + "/Pa"), 3);  // no subfolders
    EXPECT_EQ(code(folder_.file("nowhere")), 3);
    EXPECT_EQ(code(folder_.write("list.txt", "a b c\n")), 3);
    EXPECT_EQ(run_program({"eval", model_, "--bench", people_, "--ijb", "N7"}).exit_code, 2);
    EXPECT_EQ(run_program({"eval", model_ + "?rgb", "--bench", people_}).exit_code, 2);
}

}  // namespace

}  // namespace quantface::test
