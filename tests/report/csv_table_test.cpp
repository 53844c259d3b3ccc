// The CSV is read back as RFC 4180 says, and holds the document's figures.
#include "report/csv_table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "sample_evaluation.h"

namespace quantface::test {

namespace {

using Row = std::vector<std::string>;

// Strict: every record ends with CRLF, quotes only around whole fields.
std::vector<Row> parse_csv(const std::string& text) {
    std::vector<Row> rows(1, Row(1));
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::string& field = rows.back().back();
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                field += '"';
                ++i;
            } else if (c == '"') {
                quoted = false;
            } else {
                field += c;
            }
        } else if (c == '"') {
            EXPECT_TRUE(field.empty()) << "a quote within a bare field";
            quoted = true;
        } else if (c == ',') {
            rows.back().emplace_back();
        } else if (c == '\r') {
            EXPECT_EQ(text.at(i + 1), '\n');
            ++i;
            rows.emplace_back(1);
        } else {
            EXPECT_NE(c, '\n') << "a bare line feed";
            field += c;
        }
    }
    EXPECT_FALSE(quoted);
    EXPECT_EQ(rows.back(), Row(1)) << "the last record does not end";
    rows.pop_back();
    return rows;
}

// (model, benchmark, measure) to the row.
std::map<Row, Row> by_measure(const std::vector<Row>& rows) {
    std::map<Row, Row> found;
    for (const Row& row : rows) {
        EXPECT_EQ(row.size(), 8u);
        EXPECT_TRUE(found.emplace(Row{row[0], row[3], row[4]}, row).second)
            << "twice: " << row[0] << " " << row[3] << " " << row[4];
    }
    return found;
}

}  // namespace

TEST(CsvTable, FiguresReadBackExactly) {
    const auto document = sample_evaluation();
    const std::vector<Row> rows = parse_csv(render_csv(document));
    EXPECT_EQ(rows.at(0),
              (Row{"model", "bits", "file_bytes", "benchmark", "measure", "value", "low", "high"}));
    const auto found = by_measure(rows);
    const auto& model = document["models"][2];
    const auto& result = model["benchmarks"][0];
    const Row accuracy = found.at({"mobilefacenet_w6a6.qfm", "lfw", "accuracy"});
    EXPECT_EQ(accuracy[1], "w6a6");
    EXPECT_EQ(accuracy[2], "812345");
    EXPECT_EQ(std::stod(accuracy[5]), result["accuracy"]["mean"].get<double>());
    EXPECT_EQ(std::stod(accuracy[6]), result["accuracy"]["interval"][0].get<double>());
    EXPECT_EQ(std::stod(accuracy[7]), result["accuracy"]["interval"][1].get<double>());
    const Row tar = found.at({"mobilefacenet_w6a6.qfm", "IJB-C", "tar@1e-04"});
    EXPECT_EQ(std::stod(tar[5]), model["benchmarks"][5]["rates"][2]["tar"].get<double>());
    EXPECT_EQ(found.at({"mobilefacenet.onnx", "", "median_ms"})[5], "5.98");
    EXPECT_TRUE(found.contains({"mobilefacenet_w6a6.qfm", "lfw", "mean_cosine"}));
    EXPECT_TRUE(found.contains({"mobilefacenet.onnx", "IJB-C", "tpir@1e-02"}));
}

TEST(CsvTable, WhatIsNullHasNoLine) {
    const auto rows = parse_csv(render_csv(sample_evaluation()));
    const auto found = by_measure(rows);
    EXPECT_FALSE(found.contains({"mobilefacenet.onnx", "lfw", "tar@1e-04"})) << "it is not supported";
    EXPECT_TRUE(found.contains({"mobilefacenet.onnx", "lfw", "tar@1e-03"}));
    EXPECT_FALSE(found.contains({"mobilefacenet_w4a4.qfm", "calfw", "accuracy"}));
    EXPECT_FALSE(found.contains({"mobilefacenet_w4a4.qfm", "cplfw", "auc"}));
    for (const Row& row : rows) {
        EXPECT_FALSE(row[5].empty());
        for (const std::string& field : row) EXPECT_TRUE(field != "null" && field != "nan") << row[4];
    }
}

TEST(CsvTable, HostileNamesStayOneField) {
    auto document = hostile_evaluation();
    const std::string name = "a \"quoted\", name\r\nwith = lines";
    document["models"][3]["model"] = name;
    std::set<std::string> models;
    for (const Row& row : parse_csv(render_csv(document))) {
        ASSERT_EQ(row.size(), 8u);
        models.insert(row[0]);
    }
    EXPECT_TRUE(models.contains(name));
    EXPECT_TRUE(models.contains(kHostileName));
    EXPECT_EQ(models.size(), 5u);  // and the header's
}

TEST(CsvTable, OtherDocumentsAreRefused) {
    using Json = nlohmann::ordered_json;
    for (const Json& other : {Json(), Json::array(), Json{{"format", "quantface evaluation 2"}},
                              Json{{"format", "quantface evaluation 1"}}}) {
        try {
            render_csv(other);
            FAIL() << other.dump();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        }
    }
}

}  // namespace quantface::test
