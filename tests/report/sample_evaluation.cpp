#include "sample_evaluation.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/file.h"
#include "faces/image.h"

namespace quantface::test {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kFace = 112;
constexpr double kImpostorMean = 0.03, kDeviation = 0.12;

struct SampleModel {
    const char* name;
    const char* bits;
    int weight_bits;
    int64_t file_bytes, rule_bytes;
    double milliseconds;
    double loss;  // of d', against the teacher
};

constexpr SampleModel kModels[] = {
    {"mobilefacenet.onnx", "float32", 32, 4212345, 4208000, 5.98, 0.0},
    {"mobilefacenet_w8a8.qfm", "w8a8", 8, 1071200, 1052000, 3.68, 0.03},
    {"mobilefacenet_w6a6.qfm", "w6a6", 6, 812345, 789000, 2.38, 0.16},
    {"mobilefacenet_w4a4.qfm", "w4a4 + 8-bit ends", 4, 566123, 526000, 2.11, 0.72},
};

struct SampleBenchmark {
    const char* name;
    const char* kind;
    int64_t images, people, genuine, impostor;
    double separation;  // d' of the teacher
};

constexpr SampleBenchmark kBenchmarks[] = {
    {"lfw", "pack", 12000, 5749, 3000, 3000, 5.3},
    {"cfp_fp", "pack", 14000, 500, 3500, 3500, 3.7},
    {"agedb_30", "pack", 12000, 568, 3000, 3000, 4.1},
    {"calfw", "pack", 12000, 4025, 3000, 3000, 3.5},
    {"cplfw", "pairs", 12000, 3930, 3000, 3000, 2.6},
    {"IJB-C", "ijb", 469375, 3531, 19557, 15638932, 4.9},
    {"doorbell", "identities", 420, 35, 2310, 85470, 4.4},
};

double normal_share_below(double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

// The inverse, by bisection.
double normal_quantile(double share) {
    double low = -9, high = 9;
    for (int i = 0; i < 80; ++i) {
        const double middle = (low + high) / 2;
        (normal_share_below(middle) < share ? low : high) = middle;
    }
    return low;
}

double tar_at(double far, double separation) {
    return far >= 1 ? 1 : 1 - normal_share_below(normal_quantile(1 - far) - separation);
}

// Of a share measured on this many.
Json interval_around(double share, double count) {
    const double half = 1.96 * std::sqrt(std::max(share * (1 - share), 0.5 / count) / count);
    return Json::array({std::max(0.0, share - half), std::min(1.0, share + half)});
}

std::string data_url(const std::vector<uint8_t>& bytes, const std::string& kind) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(length));
    return "data:image/" + kind + ";base64," + text;
}

// The face in this place of the sheet of 8 x 8 rendered ones.
std::string face_url(const Image& sheet, int place) {
    Image face;
    face.height = face.width = kFace;
    face.rgb.resize(size_t{kFace} * kFace * 3);
    const int top = place / 8 * kFace, left = place % 8 * kFace;
    for (int y = 0; y < kFace; ++y) {
        const auto from = sheet.rgb.begin() + (int64_t{top + y} * sheet.width + left) * 3;
        std::copy_n(from, kFace * 3, face.rgb.begin() + int64_t{y} * kFace * 3);
    }
    return data_url(encode_png(face), "png");
}

Json rates(const SampleBenchmark& benchmark, double separation) {
    Json list = Json::array();
    for (const double far : {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1}) {
        const bool ijb = std::string(benchmark.kind) == "ijb";
        if (!ijb && far < 1e-4) continue;
        const bool supported = static_cast<double>(benchmark.impostor) >= 1 / far;
        const double tar = tar_at(far, separation);
        if (!supported) {
            list.push_back({{"far", far},
                            {"threshold", nullptr},
                            {"reached_far", nullptr},
                            {"tar", nullptr},
                            {"fnmr", nullptr},
                            {"interval", nullptr},
                            {"tar_linear", nullptr},
                            {"tar_nearest", nullptr},
                            {"supported", false}});
            continue;
        }
        list.push_back({{"far", far},
                        {"threshold", kImpostorMean + kDeviation * normal_quantile(1 - far)},
                        {"reached_far", far * 0.97},
                        {"tar", tar},
                        {"fnmr", 1 - tar},
                        {"interval", interval_around(tar, static_cast<double>(benchmark.genuine) / 3)},
                        {"tar_linear", tar},
                        {"tar_nearest", tar},
                        {"supported", true}});
    }
    return list;
}

Json roc(const SampleBenchmark& benchmark, double separation) {
    Json points = Json::array();
    const double least = std::log10(1 / static_cast<double>(benchmark.impostor));
    for (int step = static_cast<int>(std::ceil(least * 10)); step <= 0; ++step) {
        const double far = std::pow(10, step / 10.0), tar = tar_at(far, separation);
        const Json band = interval_around(tar, static_cast<double>(benchmark.genuine) / 3);
        points.push_back({far, tar, band[0], band[1]});
    }
    return points;
}

Json histogram(const SampleBenchmark& benchmark, double separation) {
    const auto counts = [](double mean, int64_t pairs) {
        Json list = Json::array();
        for (int bin = 0; bin < 100; ++bin) {
            const double left = (-1 + bin * 0.02 - mean) / kDeviation;
            const double share = normal_share_below(left + 0.02 / kDeviation) - normal_share_below(left);
            list.push_back(std::llround(share * static_cast<double>(pairs)));
        }
        return list;
    };
    return {{"from", -1.0},
            {"width", 0.02},
            {"genuine", counts(kImpostorMean + kDeviation * separation, benchmark.genuine)},
            {"impostor", counts(kImpostorMean, benchmark.impostor)}};
}

Json worst_pairs(const Image& sheet, int first) {
    const auto list = [&](double score, double step, int place) {
        Json pairs = Json::array();
        for (int i = 0; i < 4; ++i) {
            const auto face = [&](int which) {
                return Json{{"name", "person_" + std::to_string(which) + "/view.jpg"},
                            {"image", face_url(sheet, which % 64)}};
            };
            pairs.push_back(
                {{"score", score + step * i}, {"a", face(place + 2 * i)}, {"b", face(place + 2 * i + 1)}});
        }
        return pairs;
    };
    return {{"false_matches", list(0.61, -0.02, first)}, {"false_non_matches", list(0.04, 0.015, first + 8)}};
}

Json identification(double separation) {
    return {{"probes", 19593},
            {"gallery", 3531},
            {"rank_1", tar_at(1e-4, separation)},
            {"rank_5", tar_at(1e-3, separation)},
            {"rank_10", tar_at(3e-3, separation)},
            {"open_set", Json::array({Json{{"fpir", 0.01}, {"tpir", tar_at(1e-5, separation)}},
                                      Json{{"fpir", 0.1}, {"tpir", tar_at(5e-5, separation)}}})}};
}

Json result(const SampleModel& model, const SampleBenchmark& benchmark, const Image& sheet) {
    const double separation = benchmark.separation - model.loss;
    const double error = 1 - normal_share_below(separation / 2);
    const bool pack = std::string(benchmark.kind) == "pack" || std::string(benchmark.kind) == "pairs";
    const bool ijb = std::string(benchmark.kind) == "ijb";
    Json accuracy;
    if (pack) {
        accuracy = {{"mean", 1 - error},
                    {"std", 0.5 * std::sqrt(error * (1 - error) / 600)},
                    {"folds", Json::array({1 - error})},
                    {"threshold", kImpostorMean + kDeviation * separation / 2},
                    {"interval", interval_around(1 - error, 3000)}};
    }
    const double auc = normal_share_below(separation / std::sqrt(2.0));
    return {{"benchmark", benchmark.name},
            {"accuracy", accuracy},
            {"rates", rates(benchmark, separation)},
            {"auc", auc},
            {"auc_interval", interval_around(auc, 3000)},
            {"equal_error_rate", error},
            {"equal_error_rate_interval", interval_around(error, 3000)},
            {"d_prime", separation},
            {"identification", ijb ? identification(separation) : Json()},
            {"invalid_embeddings", 0},
            {"roc", roc(benchmark, separation)},
            {"histogram", histogram(benchmark, separation)},
            {"worst", benchmark.images == 420 || std::string(benchmark.name) == "lfw"
                          ? worst_pairs(sheet, model.weight_bits)
                          : Json{{"false_matches", Json::array()}, {"false_non_matches", Json::array()}}}};
}

Json layers(const SampleModel& model) {
    Json list = Json::array();
    const bool quantized = model.weight_bits < 32;
    for (int i = 0; i < 51; ++i) {
        const bool end = i == 0 || i == 50;
        const int bits = end ? 8 : model.weight_bits + (model.weight_bits == 4 && i % 7 == 3 ? 2 : 0);
        Json layer = {{"name", "stage" + std::to_string(i / 10) + "_unit" + std::to_string(i % 10) + "_conv"},
                      {"op", i % 3 == 1 ? "Conv (depthwise)" : "Conv"},
                      {"weight_bits", bits},
                      {"output_bits", model.weight_bits == 4 && end ? 8 : model.weight_bits},
                      {"parameters", 1200 + 531 * i},
                      {"macs", 9200000 - 150000 * i},
                      {"signal_to_noise_db", nullptr},
                      {"embedding_cosine", nullptr}};
        if (quantized) {
            const double wave = std::sin(i * 1.7) + 0.5 * std::sin(i * 0.31);
            layer["signal_to_noise_db"] = 5.6 * bits - 4 - 0.12 * i + 2.1 * wave;
            layer["embedding_cosine"] = 1 - 0.3 * std::pow(2.0, -bits) * (1.3 + wave / 2);
        }
        list.push_back(layer);
    }
    return list;
}

Json model_entry(const SampleModel& model, const Image& sheet) {
    Json entry = {{"model", model.name},
                  {"sha256", std::string(64, static_cast<char>('a' + model.weight_bits % 6))},
                  {"bits", model.bits},
                  {"weight_bits", model.weight_bits},
                  {"activation_bits", model.weight_bits},
                  {"file_bytes", model.file_bytes},
                  {"rule_bytes", model.rule_bytes},
                  {"parameters", 1052000},
                  {"macs", 229000000},
                  {"embedding_size", 128},
                  {"speed", {{"threads", 1}, {"median_ms", model.milliseconds}}},
                  {"record", nullptr},
                  {"layers", layers(model)},
                  {"agreement", Json::array()},
                  {"benchmarks", Json::array()}};
    for (const SampleBenchmark& benchmark : kBenchmarks) {
        entry["benchmarks"].push_back(result(model, benchmark, sheet));
        if (model.weight_bits == 32) continue;
        const double cosine = 1 - 0.05 * model.loss - 0.001;
        entry["agreement"].push_back({{"data", benchmark.name},
                                      {"images", benchmark.images},
                                      {"mean_cosine", cosine},
                                      {"std_cosine", 0.01 * model.loss},
                                      {"min_cosine", cosine - 0.2},
                                      {"first_percentile_cosine", cosine - 0.04},
                                      {"invalid_embeddings", 0},
                                      {"images_per_second", 712.4}});
    }
    if (model.weight_bits < 32) {
        entry["record"] = {{"teacher", "mobilefacenet.onnx"},
                           {"data", "render:1"},
                           {"images", 1024},
                           {"observer", "mse"},
                           {"training", {{"steps", 4000}, {"recipe", "default"}}}};
    }
    return entry;
}

Json benchmark_entry(const SampleBenchmark& benchmark) {
    return {{"name", benchmark.name},
            {"kind", benchmark.kind},
            {"file", std::string(benchmark.name) + ".bin"},
            {"sha256", std::string(64, '7')},
            {"images", benchmark.images},
            {"people", benchmark.people},
            {"genuine_pairs", benchmark.genuine},
            {"impostor_pairs", benchmark.impostor},
            {"failed_images", Json::array()},
            {"notes", Json::array()}};
}

// What a document may lack.
void thin_out(Json& document) {
    Json& last = document["models"].back();
    last["speed"] = nullptr;
    last["rule_bytes"] = nullptr;
    Json& results = last["benchmarks"];
    results.erase(results.begin() + 4);
    results[3]["accuracy"] = nullptr;
    results[3]["auc"] = nullptr;
    results[3]["auc_interval"] = nullptr;
    results[3].erase("d_prime");
    results[2]["roc"] = Json::array();
    results[1]["equal_error_rate"] = std::numeric_limits<double>::quiet_NaN();
    last["layers"][7]["weight_bits"] = nullptr;
    last["layers"][9]["signal_to_noise_db"] = nullptr;
}

}  // namespace

Json sample_evaluation() {
    const std::vector<uint8_t> file = read_file("docs/rendered_faces.jpg");
    const Image sheet = decode_image(file, "rendered_faces.jpg");
    Json document = {
        {"format", "quantface evaluation 1"},
        {"program", "quantface 0.1.0"},
        {"created", "2026-01-31T12:00:00Z"},
        {"command", Json::array({"quantface", "eval", "mobilefacenet.onnx", "my models/w6a6.qfm", "--bench",
                                 "lfw.bin", "--html", "report.html"})},
        {"machine", {{"cpu", "Example CPU 3 GHz"}, {"cores", 2}, {"instruction_set", "avx512_vnni"}}},
        {"settings",
         {{"flip", true},
          {"threads", 2},
          {"confidence", 0.95},
          {"bootstrap", 1000},
          {"seed", 1},
          {"ijb", "N1D1F2"},
          {"photos", nullptr}}},
        {"teacher", "mobilefacenet.onnx"},
        {"benchmarks", Json::array()},
        {"models", Json::array()}};
    for (const SampleBenchmark& benchmark : kBenchmarks)
        document["benchmarks"].push_back(benchmark_entry(benchmark));
    for (const SampleModel& model : kModels) document["models"].push_back(model_entry(model, sheet));
    document["benchmarks"][6]["failed_images"] =
        Json::array({{{"image", "anna/dark.jpg"}, {"reason", "no face found"}},
                     {{"image", "ben/1.jpg"}, {"reason", "truncated"}}});
    document["benchmarks"][6]["notes"] =
        Json::array({"35 people only: intervals are wide.", "85,470 impostor pairs: no FAR below 1.2e-5."});
    document["synthetic_faces"] = {{"description", "render:1, 1,024 faces of 1,024 people, MakeHuman's head"},
                                   {"sheet", data_url(file, "jpeg")}};
    document["missing"] = Json::array({"IJB-B: the folder holds no images"});
    thin_out(document);
    return document;
}

Json one_network() {
    Json document = sample_evaluation();
    document["teacher"] = nullptr;
    Json only = document["models"][2];
    for (Json& result : only["benchmarks"]) result["worst"] = nullptr;
    document["models"] = Json::array({only});
    document["synthetic_faces"] = nullptr;
    document["missing"] = Json::array();
    return document;
}

Json hostile_evaluation() {
    Json document = sample_evaluation();
    const std::string no_text = std::string("caf\xe9_\xff\xfe\x01") + kHostileName;
    const std::string very_long = std::string(120, 'W') + "_a_name_without_any_space.qfm";
    document["teacher"] = kHostileName;
    Json& models = document["models"];
    models[0]["model"] = kHostileName;
    models[1]["model"] = very_long;
    models[2]["model"] = no_text;
    models[2]["bits"] = kHostileName;
    models[1]["record"] = {{kHostileName, kHostileName}, {"data", {{kHostileName, no_text}}}};
    models[1]["layers"][3]["name"] = kHostileName;
    models[1]["layers"][3]["op"] = kHostileName;
    models[1]["agreement"][0]["data"] = kHostileName;
    document["benchmarks"][0]["name"] = kHostileName;
    for (Json& model : models) model["benchmarks"][0]["benchmark"] = kHostileName;
    document["benchmarks"][1]["kind"] = kHostileName;
    document["benchmarks"][1]["file"] = no_text;
    document["benchmarks"][1]["sha256"] = kHostileName;
    document["benchmarks"][6]["notes"].push_back(kHostileName);
    document["benchmarks"][6]["failed_images"].push_back({{"image", no_text}, {"reason", kHostileName}});
    Json& pair = models[2]["benchmarks"][0]["worst"]["false_matches"][0];
    pair["a"] = {{"name", no_text}, {"image", "https://example.org/a.jpg"}};
    pair["b"] = {{"name", kHostileName}, {"image", "data:image/png;base64,AAAA\"><b id=\"hostile\">"}};
    document["command"].push_back(kHostileName);
    document["machine"]["cpu"] = kHostileName;
    document["settings"][kHostileName] = kHostileName;
    document["program"] = kHostileName;
    document["created"] = no_text;
    document["synthetic_faces"]["description"] = kHostileName;
    document["missing"].push_back(no_text);
    return document;
}

}  // namespace quantface::test
