// Thresholds out of an evaluation's document: the right one, and no crash whatever the document says.
#include "cli/measured_threshold.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "subprocess.h"

namespace quantface::test {

namespace {

using Json = nlohmann::json;

Json rate(double far, double threshold, bool supported = true) {
    return {{"far", far},
            {"threshold", supported ? Json(threshold) : Json()},
            {"reached_far", supported ? Json(far * 0.9) : Json()},
            {"supported", supported}};
}

Json evaluation() {
    return {
        {"format", "quantface evaluation 1"},
        {"settings", {{"flip", true}}},
        {"benchmarks",
         {{{"name", "lfw"}, {"impostor_pairs", 3000}}, {{"name", "ijb"}, {"impostor_pairs", 200000}}}},
        {"models",
         {{{"model", "a.qfm"},
           {"sha256", "aaaa"},
           {"benchmarks",
            {{{"benchmark", "lfw"}, {"rates", {rate(1e-2, 0.21), rate(1e-3, 0.31), rate(1e-4, 0, false)}}},
             {{"benchmark", "ijb"}, {"rates", {rate(1e-3, 0.35), rate(1e-4, 0.45)}}}}}},
          {{"model", "b.qfm"},
           {"sha256", "bbbb"},
           {"benchmarks", {{{"benchmark", "lfw"}, {"rates", {rate(1e-3, 0.5)}}}}}}}}};
}

class MeasuredThresholds : public testing::Test {
  protected:
    std::string write(const std::string& text) { return folder_.write("eval.json", text); }
    std::string write(const Json& document) { return write(document.dump()); }

    // The message; the kind must be the one expected.
    static std::string refusal(const std::string& file, const std::string& sha256, double far,
                               ErrorKind kind) {
        try {
            read_measured_threshold(file, sha256, far);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), kind) << error.what();
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
            return error.what();
        }
        ADD_FAILURE() << "accepted";
        return "";
    }

    ScratchFolder folder_;
};

TEST_F(MeasuredThresholds, OnTheBenchmarkWithTheMostImpostorPairs) {
    const std::string file = write(evaluation());
    const MeasuredThreshold found = read_measured_threshold(file, "aaaa", 1e-3);
    EXPECT_EQ(found.cosine, 0.35);
    EXPECT_EQ(found.benchmark, "ijb");
    EXPECT_EQ(found.impostor_pairs, 200000);
    EXPECT_EQ(found.far, 1e-3);
    EXPECT_NEAR(found.reached_far, 0.9e-3, 1e-12);
    EXPECT_TRUE(found.flip);
    EXPECT_EQ(read_measured_threshold(file, "aaaa", 1e-2).cosine, 0.21);
    EXPECT_EQ(read_measured_threshold(file, "aaaa", 1e-4).cosine, 0.45);
    EXPECT_EQ(read_measured_threshold(file, "bbbb", 1e-3).cosine, 0.5);
}

TEST_F(MeasuredThresholds, SayWhatIsMissing) {
    const std::string file = write(evaluation());
    EXPECT_NE(refusal(file, "cccc", 1e-3, ErrorKind::kBadInput).find("not with this one"), std::string::npos);
    const std::string unmeasured = refusal(file, "aaaa", 1e-5, ErrorKind::kUsage);
    EXPECT_NE(unmeasured.find("not measured there"), std::string::npos) << unmeasured;
    EXPECT_NE(unmeasured.find("0.0001, 0.001, 0.01"), std::string::npos) << unmeasured;
    Json few = evaluation();
    few["benchmarks"][1]["impostor_pairs"] = 9000;
    const std::string unsupported = refusal(write(few), "aaaa", 1e-4, ErrorKind::kUsage);
    EXPECT_NE(unsupported.find("takes 10,000 impostor pairs, and no benchmark has more than 9,000"),
              std::string::npos)
        << unsupported;
    Json of_templates = evaluation();
    of_templates["benchmarks"][1]["kind"] = "ijb";
    EXPECT_EQ(read_measured_threshold(write(of_templates), "aaaa", 1e-3).benchmark, "lfw");
    few["benchmarks"][1]["impostor_pairs"] = nullptr;
    EXPECT_EQ(read_measured_threshold(write(few), "aaaa", 1e-3).benchmark, "lfw");
    for (const double far : {0.0, -1.0, 1.0, 1e-300, std::nan("")})
        refusal(file, "aaaa", far, ErrorKind::kUsage);
}

TEST_F(MeasuredThresholds, HostileDocumentsAreRefused) {
    for (const std::string text :
         {"", "{", "[]", "null", "7", "\"quantface evaluation 1\"",
          "{\"format\": \"quantface evaluation 1\"}", "{\"format\": \"quantface evaluation 2\"}",
          "{\"format\": 1e999}", "\xff\xfe{}"}) {
        refusal(write(text), "aaaa", 1e-3, ErrorKind::kBadInput);
    }
    refusal(write(std::string(1 << 20, '[')), "aaaa", 1e-3, ErrorKind::kBadInput);
    refusal(folder_.file("missing.json"), "aaaa", 1e-3, ErrorKind::kBadInput);
    // Every value of the document replaced by something of another kind, one after the other.
    const Json flat = evaluation().flatten();
    int refused = 0;
    for (const auto& [place, value] : flat.items()) {
        for (const Json& wrong : {Json(), Json("x"), Json(-7), Json(1e300), Json::array(), Json::object()}) {
            Json document = evaluation();
            document[Json::json_pointer(place)] = wrong;
            try {
                const MeasuredThreshold found = read_measured_threshold(write(document), "aaaa", 1e-3);
                EXPECT_LE(std::abs(found.cosine), 1.001) << place << " " << wrong;
                EXPECT_TRUE(found.benchmark == "ijb" || found.benchmark == "lfw") << place << " " << wrong;
            } catch (const Error&) {
                ++refused;
            }
        }
    }
    EXPECT_GT(refused, 60);
    // Cut anywhere.
    const std::string whole = evaluation().dump();
    for (size_t length = 1; length < whole.size(); length += 37) {
        refusal(write(whole.substr(0, length)), "aaaa", 1e-3, ErrorKind::kBadInput);
    }
}

}  // namespace

}  // namespace quantface::test
