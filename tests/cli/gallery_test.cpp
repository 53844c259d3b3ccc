// enroll, search, gallery and index end to end: people are found again, twice is once, broken files are
// named, nothing is decided without a measured threshold.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "subprocess.h"
#include "support/real_material.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

size_t line_count(const std::string& text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

class GalleryCommands : public testing::Test {
  protected:
    void SetUp() override {
        model_ = folder_.write("tiny.onnx", tiny_onnx());
        gallery_ = folder_.file("people.db");
    }

    // 2 views each of count / 2 people, in a folder for each person.
    std::string faces(int count) {
        const std::string path = folder_.file("faces");
        EXPECT_EQ(
            run_program({"synth", "--out", path, "--count", std::to_string(count), "--seed", "3"}).exit_code,
            0);
        return path;
    }
    static std::string photo(const std::string& faces, int person, int view) {
        const std::string number = std::to_string(person),
                          name = std::string(6 - number.size(), '0') + number;
        return faces + "/" + name + "/" + name + "_" + std::to_string(view) + ".png";
    }

    ProgramResult run(std::vector<std::string> arguments, bool with_model = true) {
        if (with_model) arguments.insert(arguments.end(), {"--model", model_});
        return run_program(arguments);
    }
    Json json(std::vector<std::string> arguments, bool with_model = true, int exit_code = 0) {
        arguments.push_back("--json");
        const ProgramResult result = run(arguments, with_model);
        EXPECT_EQ(result.exit_code, exit_code) << arguments[0] << ": " << result.err;
        Json parsed = Json::parse(result.out, nullptr, false);
        EXPECT_FALSE(parsed.is_discarded()) << result.out;
        return parsed;
    }
    void expect_refused(std::vector<std::string> arguments, int exit_code, const std::string& part,
                        bool with_model = true) {
        const ProgramResult result = run(arguments, with_model);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_EQ(result.out, "");
        // Progress of what went before may stand above; the error is the last line, and one.
        const size_t start = result.err.rfind("quantface: ");
        ASSERT_NE(start, std::string::npos) << result.err;
        EXPECT_EQ(line_count(result.err.substr(start)), 1u) << result.err;
        EXPECT_NE(result.err.find(part, start), std::string::npos) << result.err;
    }

    ScratchFolder folder_;
    std::string model_, gallery_;
};

TEST_F(GalleryCommands, FoldersAreEnrolledAndPeopleFoundAgain) {
    const std::string folder = faces(24);
    Json result = json({"enroll", gallery_, "--folders", folder});
    EXPECT_EQ(result["enrolled"], 24);
    EXPECT_EQ(result["people"], 12);
    // Again: nothing to do, and said.
    result = json({"enroll", gallery_, "--folders", folder});
    EXPECT_EQ(result["enrolled"], 0);
    EXPECT_EQ(result["already"].size(), 24u);
    EXPECT_EQ(result["faces"], 24);

    const Json listed = json({"gallery", gallery_}, false);
    EXPECT_EQ(listed["people"].size(), 12u);
    EXPECT_EQ(listed["people"][4], Json({{"name", "000004"}, {"faces", 2}}));
    EXPECT_EQ(listed["store"], "int8");
    EXPECT_EQ(listed["network"]["embedding_size"], 16);
    EXPECT_EQ(listed["network"]["name"], "tiny.onnx");

    const Json found = json({"search", gallery_, photo(folder, 7, 0), photo(folder, 2, 1), "--top", "3"});
    ASSERT_EQ(found["photos"].size(), 2u);
    for (const int i : {0, 1}) {
        const Json& hits = found["photos"][i]["hits"];
        ASSERT_EQ(hits.size(), 3u);
        EXPECT_EQ(hits[0]["person"], i == 0 ? "000007" : "000002");
        EXPECT_EQ(hits[0]["photo"], photo(folder, i == 0 ? 7 : 2, i));
        EXPECT_NEAR(hits[0]["cosine"].get<double>(), 1, 1e-3);
        EXPECT_GE(hits[0]["cosine"].get<double>(), hits[1]["cosine"].get<double>());
        EXPECT_NE(hits[0]["person"], hits[1]["person"]);
    }
    const Json single = json({"search", gallery_, photo(folder, 7, 0), "--top", "24", "--every-face"});
    EXPECT_EQ(single["photos"][0]["hits"].size(), 24u);
}

TEST_F(GalleryCommands, ThresholdsComeFromPairsOrThereIsNone) {
    const std::string folder = faces(24);  // 24 * 22 / 2 pairs of different people
    json({"enroll", gallery_, "--folders", folder});
    const std::string query = photo(folder, 7, 0);
    Json decision = json({"search", gallery_, query})["decision"];
    EXPECT_EQ(decision["threshold"], Json());
    EXPECT_EQ(decision["impostor_pairs"], 264);
    EXPECT_EQ(decision["lacking_pairs"], 1000 - 264);
    const ProgramResult text = run({"search", gallery_, query});
    EXPECT_NE(text.out.find("no decision"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("736 are lacking"), std::string::npos) << text.out;

    const Json result = json({"search", gallery_, query, "--far", "0.01"});
    decision = result["decision"];
    ASSERT_TRUE(decision["threshold"].is_number());
    EXPECT_LE(decision["reached_far"].get<double>(), 0.01);
    EXPECT_NEAR(decision["fpir_by_people"].get<double>(), 1 - std::pow(0.99, 12), 1e-9);
    EXPECT_NEAR(decision["fpir_by_faces"].get<double>(), 1 - std::pow(0.99, 24), 1e-9);
    EXPECT_EQ(result["photos"][0]["hits"][0]["match"],
              result["photos"][0]["hits"][0]["cosine"].get<double>() >= decision["threshold"].get<double>());

    decision = json({"search", gallery_, query, "--fpir", "0.3"})["decision"];
    EXPECT_NEAR(decision["fpir_by_people"].get<double>(), 0.3, 1e-9);
    expect_refused({"search", gallery_, query, "--fpir", "0.3", "--far", "0.1"}, 2, "excludes");
}

TEST_F(GalleryCommands, ThresholdsOfAnEvaluation) {
    const std::string folder = faces(4);
    json({"enroll", gallery_, "--folders", folder});
    const std::string sha256 = json({"gallery", gallery_}, false)["network"]["sha256"];
    const auto evaluation = [&](const std::string& of, bool flip = false) {
        const Json rate = {{"far", 0.001}, {"threshold", 0.9995}, {"reached_far", 0.0009},
                           {"tar", 0.5},   {"fnmr", 0.5},         {"supported", true}};
        const Json benchmark = {{"name", "made"}, {"impostor_pairs", 5000}};
        const Json document = {
            {"format", "quantface evaluation 1"},
            {"settings", {{"flip", flip}}},
            {"benchmarks", {benchmark}},
            {"models", {{{"sha256", of}, {"benchmarks", {{{"benchmark", "made"}, {"rates", {rate}}}}}}}}};
        return folder_.write("evaluation.json", document.dump());
    };
    const Json result =
        json({"search", gallery_, photo(folder, 1, 0), "--thresholds", evaluation(sha256), "--top", "2"});
    EXPECT_EQ(result["decision"]["threshold"], 0.9995);
    EXPECT_EQ(result["decision"]["measured_on"], "made");
    EXPECT_EQ(result["decision"]["impostor_pairs"], 5000);
    for (const Json& hit : result["photos"][0]["hits"]) {
        EXPECT_EQ(hit["match"], hit["cosine"].get<double>() >= 0.9995);
    }
    expect_refused(
        {"search", gallery_, photo(folder, 1, 0), "--thresholds", evaluation(std::string(64, '0'))}, 3,
        "evaluation.json");
    expect_refused({"search", gallery_, photo(folder, 1, 0), "--thresholds", evaluation(sha256, true)}, 2,
                   "--flip");
    expect_refused(
        {"search", gallery_, photo(folder, 1, 0), "--thresholds", evaluation(sha256), "--far", "1e-5"}, 2,
        "evaluation.json");
}

TEST_F(GalleryCommands, BrokenPhotosAreNamedAndPassedOver) {
    const std::string folder = faces(4), broken = folder_.write("broken.jpg", "\xff\xd8no photo"),
                      empty = folder_.write("empty.png", "");
    const Json result = json(
        {"enroll", gallery_, "Ada", photo(folder, 0, 0), broken, "missing.png", empty, photo(folder, 0, 1)},
        true, 3);
    EXPECT_EQ(result["enrolled"], 2);
    ASSERT_EQ(result["skipped"].size(), 3u);
    EXPECT_EQ(result["skipped"][0]["image"], broken);
    EXPECT_EQ(result["skipped"][1]["image"], "missing.png");
    const ProgramResult text = run({"search", gallery_, broken, photo(folder, 0, 0)});
    EXPECT_EQ(text.exit_code, 3);
    EXPECT_NE(text.out.find("Ada"), std::string::npos);
    EXPECT_NE(text.err.find("broken.jpg"), std::string::npos);
    // Where no photo is one, no gallery is made.
    const std::string other = folder_.file("other.db");
    EXPECT_EQ(run({"enroll", other, "Ada", broken}).exit_code, 3);
    EXPECT_FALSE(fs::exists(other));
}

TEST_F(GalleryCommands, OnePhotoOfTwoPeopleIsNoted) {
    const std::string folder = faces(2);
    json({"enroll", gallery_, "Ada", photo(folder, 0, 0)});
    const Json result = json({"enroll", gallery_, "Bea", photo(folder, 0, 0), photo(folder, 0, 1)});
    EXPECT_EQ(result["enrolled"], 2);
    ASSERT_EQ(result["notes"].size(), 1u);
    EXPECT_NE(result["notes"][0].get<std::string>().find("Ada"), std::string::npos);
}

TEST_F(GalleryCommands, AnotherNetworkIsRefused) {
    const std::string folder = faces(2), other = folder_.write("other.onnx", tiny_onnx(2));
    json({"enroll", gallery_, "Ada", photo(folder, 0, 0)});
    const std::string before = read_text(gallery_);
    for (const std::string command : {"enroll", "search"}) {
        std::vector<std::string> arguments = {command, gallery_};
        if (command == "enroll") arguments.push_back("Bea");
        arguments.insert(arguments.end(), {photo(folder, 0, 1), "--model"});
        std::vector<std::string> with_other = arguments, with_mean = arguments;
        with_other.push_back(other);
        with_mean.insert(with_mean.end(), {model_, "--input-mean", "120"});
        expect_refused(with_other, 3, "another network", false);
        expect_refused(with_mean, 3, "--input-mean", false);
    }
    EXPECT_EQ(read_text(gallery_), before);
}

TEST_F(GalleryCommands, PeopleAreRemoved) {
    const std::string folder = faces(6);
    json({"enroll", gallery_, "--folders", folder, "--store", "float"});
    EXPECT_EQ(json({"gallery", gallery_, "--remove", "000001"}, false)["removed_faces"], 2);
    const Json listed = json({"gallery", gallery_}, false);
    EXPECT_EQ(listed["people"].size(), 2u);
    EXPECT_EQ(listed["store"], "float");
    const Json found = json({"search", gallery_, photo(folder, 1, 0)});
    for (const Json& hit : found["photos"][0]["hits"]) EXPECT_NE(hit["person"], "000001");
    expect_refused({"gallery", gallery_, "--remove", "000001"}, 2, "000001", false);
}

TEST_F(GalleryCommands, AnIndexIsUsedUntilTheGalleryChanges) {
    const std::string folder = faces(24);
    json({"enroll", gallery_, "--folders", folder});
    expect_refused({"search", gallery_, photo(folder, 7, 0), "--index"}, 2, "quantface index");
    const ProgramResult built = run({"index", gallery_, "--kind", "hnsw"}, false);
    if (built.exit_code == 2 && built.err.find("built where FAISS is") != std::string::npos) {
        GTEST_SKIP() << "built without FAISS";
    }
    ASSERT_EQ(built.exit_code, 0) << built.err;
    EXPECT_TRUE(fs::exists(gallery_ + ".faiss"));
    const Json exact = json({"search", gallery_, photo(folder, 7, 0), photo(folder, 3, 1)});
    const Json indexed = json({"search", gallery_, photo(folder, 7, 0), photo(folder, 3, 1), "--index"});
    EXPECT_EQ(indexed["search"], "index");
    EXPECT_EQ(indexed["photos"], exact["photos"]);  // so few faces are all candidates
    EXPECT_EQ(json({"gallery", gallery_}, false)["index"], "hnsw");

    const std::string whole = read_text(gallery_ + ".faiss");
    std::string damaged = whole;
    damaged[damaged.size() / 2] ^= 1;
    folder_.write("people.db.faiss", damaged);
    expect_refused({"search", gallery_, photo(folder, 7, 0), "--index"}, 3, "people.db.faiss: damaged");
    folder_.write("people.db.faiss", whole);
    json({"enroll", gallery_, "late", photo(folder, 7, 0)});
    expect_refused({"search", gallery_, photo(folder, 7, 0), "--index"}, 3, "earlier state");
    EXPECT_EQ(json({"gallery", gallery_}, false)["index"], "hnsw, of an earlier state");
}

TEST_F(GalleryCommands, DamagedAndForeignGalleries) {
    const std::string folder = faces(2), query = photo(folder, 0, 0);
    json({"enroll", gallery_, "--folders", folder});
    const std::string whole = read_text(gallery_);
    std::string flipped = whole;
    for (size_t i = 100; i < flipped.size(); i += 37) flipped[i] ^= 0x55;
    for (const std::string& bytes : {std::string("no gallery, text"), whole.substr(0, whole.size() / 2),
                                     whole.substr(0, 50), flipped, std::string(5000, '\0')}) {
        folder_.write("people.db", bytes);
        expect_refused({"search", gallery_, query}, 3, "people.db");
        expect_refused({"gallery", gallery_}, 3, "people.db", false);
        expect_refused({"enroll", gallery_, "Ada", query}, 3, "people.db");
        expect_refused({"index", gallery_}, 3, "people.db", false);
        EXPECT_EQ(read_text(gallery_), bytes);
    }
    expect_refused({"search", folder_.file("none.db"), query}, 3, "none.db");
}

TEST_F(GalleryCommands, WrongUsage) {
    const std::string folder = faces(2), query = photo(folder, 0, 0);
    expect_refused({"enroll", gallery_}, 2, "NAME PHOTO");
    expect_refused({"enroll", gallery_, "Ada"}, 2, "NAME PHOTO");
    expect_refused({"enroll", gallery_, "Ada", query, "--folders", folder}, 2, "--folders");
    expect_refused({"enroll", gallery_, "two\nlines", query}, 2, "printable");
    expect_refused({"enroll", gallery_, "Ada", query, "--store", "int4"}, 2, "int4");
    expect_refused({"enroll", gallery_, "Ada", query}, 2, "--model", false);
    expect_refused({"enroll", gallery_, "--folders", folder_.file("nowhere")}, 3, "nowhere");
    EXPECT_FALSE(fs::exists(gallery_));
}

TEST_F(GalleryCommands, TwoEnrolmentsAtOnce) {
    const std::string folder = faces(24);
    ProgramResult results[2];
    {
        std::vector<std::jthread> threads;
        for (const int i : {0, 1}) {
            threads.emplace_back([&, i] {
                std::vector<std::string> arguments = {"enroll", gallery_, i == 0 ? "Ada" : "Bea"};
                for (int person = 0; person < 12; ++person) arguments.push_back(photo(folder, person, i));
                results[i] = run(arguments);
            });
        }
    }
    for (const ProgramResult& result : results) EXPECT_EQ(result.exit_code, 0) << result.err;
    const Json listed = json({"gallery", gallery_}, false);
    EXPECT_EQ(listed["faces"], 24);
    EXPECT_EQ(listed["people"].size(), 2u);
}

// Lines "photo template media", and "template template label", which is 1 where both are of one person.
std::map<int, std::vector<std::string>> photos_by_person(const fs::path& folder) {
    std::ifstream pairs(folder / "meta" / "lfw_template_pair_label.txt");
    std::map<int, int> person_of;
    for (int a = 0, b = 0, label = 0; pairs >> a >> b >> label;) {
        person_of.try_emplace(a, a);
        person_of.try_emplace(b, b);
        if (label == 1) person_of[std::max(a, b)] = person_of[std::min(a, b)];
    }
    std::ifstream lines(folder / "meta" / "lfw_face_tid_mid.txt");
    std::map<int, std::vector<std::string>> people;
    std::string name;
    for (int face_template = 0, media = 0; lines >> name >> face_template >> media;) {
        people[person_of[face_template]].push_back((folder / "loose_crop" / name).string());
    }
    return people;
}

// Photographs of real people, some of whom are strangers to the gallery.
TEST_F(GalleryCommands, RealPhotographs) {
    const fs::path lfw = shared_folder() / "data" / "lfw_ijb", models = shared_folder() / "models";
    const fs::path detector = models / "scrfd_det_500m.onnx";
    model_ = (models / "mobilefacenet_y1.onnx").string();
    if (!fs::exists(lfw / "loose_crop") || !fs::exists(model_) || !fs::exists(detector)) {
        GTEST_SKIP() << "no photographs of Labeled Faces in the Wild at hand";
    }
    const std::map<int, std::vector<std::string>> people = photos_by_person(lfw);
    constexpr size_t kPeople = 60, kStrangers = 20;
    std::vector<std::string> known, known_names, strangers;
    const auto first_of_all = fs::path(folder_.file("enrolled"));
    size_t enrolled = 0;
    for (const auto& [id, photos] : people) {
        if (photos.size() >= 2 && enrolled < kPeople) {
            const std::string of_person = std::to_string(id);
            fs::create_directories(first_of_all / of_person);
            fs::copy_file(photos[0], first_of_all / of_person / fs::path(photos[0]).filename());
            known.push_back(photos.back());
            known_names.push_back(of_person);
            ++enrolled;
        } else if (strangers.size() < kStrangers) {
            strangers.push_back(photos[0]);
        }
    }
    ASSERT_EQ(known.size(), kPeople);
    const std::vector<std::string> detect = {"--detector", detector.string()};
    std::vector<std::string> arguments = {"enroll", gallery_, "--folders", first_of_all.string()};
    arguments.insert(arguments.end(), detect.begin(), detect.end());
    EXPECT_EQ(json(arguments)["enrolled"], kPeople);
    arguments = {"search", gallery_, "--far", "0.001"};
    arguments.insert(arguments.end(), detect.begin(), detect.end());
    arguments.insert(arguments.end(), known.begin(), known.end());
    arguments.insert(arguments.end(), strangers.begin(), strangers.end());
    const Json result = json(arguments);
    ASSERT_TRUE(result["decision"]["threshold"].is_number()) << result["decision"];
    size_t right = 0, false_matches = 0;
    for (size_t i = 0; i < known.size() + strangers.size(); ++i) {
        const Json& best = result["photos"][i]["hits"][0];
        const bool is_match = best["match"].get<bool>();
        if (i < known.size()) {
            right += is_match && best["person"] == known_names[i];
        } else {
            false_matches += is_match;
        }
    }
    EXPECT_GE(right, kPeople - 5) << result["decision"];
    EXPECT_LE(false_matches, 5u) << result["decision"];
}

}  // namespace

}  // namespace quantface::test
