// The page as text: everything of the document is on it, and nothing that the document must not be able to
// say.
#include "report/html_report.h"

#include <gtest/gtest.h>

#include <regex>

#include "base/error.h"
#include "base/text.h"
#include "sample_evaluation.h"

namespace quantface::test {

namespace {

using Json = nlohmann::ordered_json;

size_t count_of(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

// What is between <main> and the scripts: what people see without JavaScript.
std::string seen_part(const std::string& page) {
    const size_t begin = page.find("<main>"), end = page.find("</main>");
    EXPECT_NE(begin, std::string::npos);
    EXPECT_NE(end, std::string::npos);
    std::string seen = page.substr(begin, end + 7 - begin);
    // Pictures are long and say nothing here.
    for (size_t at = seen.find("src=\"data:"); at != std::string::npos; at = seen.find("src=\"data:", at))
        seen.erase(at, seen.find('"', at + 5) + 1 - at);
    for (size_t at = seen.find("<wbr>"); at != std::string::npos; at = seen.find("<wbr>", at))
        seen.erase(at, 5);
    return seen;
}

// Every element closed in order; what has no end tag is known.
void expect_well_formed(const std::string& markup) {
    std::vector<std::string> open;
    const std::regex tag("<(/?)([a-z0-9]+)((?:\"[^\"]*\"|[^\">])*)>");
    for (std::sregex_iterator it(markup.begin(), markup.end(), tag), end; it != end; ++it) {
        const std::string name = (*it)[2];
        const std::string rest = (*it)[3];
        if (name == "img" || name == "meta" || rest.ends_with("/")) continue;
        if ((*it)[1].length() == 0) {
            open.push_back(name);
        } else {
            ASSERT_FALSE(open.empty()) << "</" << name << ">";
            ASSERT_EQ(open.back(), name);
            open.pop_back();
        }
    }
    EXPECT_TRUE(open.empty());
}

Json embedded_document(const std::string& page) {
    const std::string start = "<script type=\"application/json\" id=\"page-data\">";
    const size_t begin = page.find(start) + start.size();
    return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

}  // namespace

TEST(HtmlReport, EveryNetworkBenchmarkAndMeasureIsThere) {
    const Json document = sample_evaluation();
    const std::string page = render_html_report(document);
    const std::string seen = seen_part(page);
    EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
    expect_well_formed(seen);
    for (const Json& model : document["models"]) {
        const std::string name = model["model"];
        // In the verdict, the main table and the tables of each benchmark.
        EXPECT_GE(count_of(seen, ">" + name + "<"), 2 + document["benchmarks"].size()) << name;
        EXPECT_NE(seen.find(model["sha256"].get<std::string>()), std::string::npos) << name;
    }
    for (const Json& benchmark : document["benchmarks"])
        EXPECT_GE(count_of(seen, ">" + benchmark["name"].get<std::string>() + "<"), 3u);
    for (const char* words : {"5.2 times smaller", "2.5 times faster", "These people do not exist", "FNMR",
                              "EER", "AUC", "d\u2032", "Rank 1", "FPIR", "too few pairs", "no face found",
                              "the folder holds no images", "&#39;my models/w6a6.qfm&#39;", "avx512_vnni",
                              "N1D1F2", "False non-matches", "percentile", "Percentile bootstrap"}) {
        EXPECT_NE(seen.find(words), std::string::npos) << words;
    }
}

TEST(HtmlReport, FiguresAreTheDocuments) {
    Json document = sample_evaluation();
    Json& accuracy = document["models"][2]["benchmarks"][0]["accuracy"];
    accuracy["mean"] = 0.98768;
    accuracy["std"] = 0.00432;
    accuracy["interval"] = {0.97531, 0.99138};
    document["models"][0]["benchmarks"][0]["accuracy"]["mean"] = 0.99;
    const std::string seen = seen_part(render_html_report(document));
    EXPECT_NE(seen.find("<b>98.77</b> \u00b1 0.43<small>97.53 \u2013 99.14</small>"
                        "<small class=\"difference\">\u22120.23</small>"),
              std::string::npos);
}

TEST(HtmlReport, NothingIsShownAsNullOrNotANumber) {
    for (const Json& document : {sample_evaluation(), one_network(), hostile_evaluation()}) {
        const std::string seen = seen_part(render_html_report(document));
        const std::regex bad(">\\s*(null|-?nan|-?inf|NaN|undefined)\\b");
        std::smatch found;
        EXPECT_FALSE(std::regex_search(seen, found, bad)) << found.str();
        EXPECT_EQ(seen.find("nan"), std::string::npos);
    }
}

TEST(HtmlReport, HostileNamesAreOnlyText) {
    const std::string page = render_html_report(hostile_evaluation());
    EXPECT_TRUE(is_utf8(page));
    EXPECT_EQ(page.find("id=\"hostile\""), std::string::npos);
    EXPECT_EQ(page.find("<b id"), std::string::npos);
    EXPECT_EQ(page.find('\x01'), std::string::npos);
    EXPECT_EQ(page.find("example.org"), page.rfind("example.org")) << "a picture from elsewhere";
    EXPECT_NE(seen_part(page).find("&lt;/script&gt;&lt;b id=&quot;hostile&quot; onclick=&#39;x&#39;&gt;"),
              std::string::npos);
    expect_well_formed(seen_part(page));
    // What ends a script element is there as often as elements that begin one.
    EXPECT_EQ(count_of(page, "<script"), count_of(page, "</script>"));
    EXPECT_EQ(embedded_document(page)["program"], kHostileName);
}

TEST(HtmlReport, PicturesLieInThePageOnce) {
    const Json document = sample_evaluation();
    const std::string page = render_html_report(document);
    const std::string sheet = document["synthetic_faces"]["sheet"];
    EXPECT_EQ(count_of(page, sheet), 1u);
    EXPECT_EQ(count_of(page, "<img "), count_of(page, "data:image/"));
    const Json inside = embedded_document(page);
    EXPECT_TRUE(inside["synthetic_faces"]["sheet"].get<std::string>().starts_with("page-picture:"));
    EXPECT_EQ(inside["models"][0]["benchmarks"][0]["rates"], document["models"][0]["benchmarks"][0]["rates"]);
}

TEST(HtmlReport, NothingIsFetched) {
    const std::string page = render_html_report(sample_evaluation());
    EXPECT_NE(page.find("content=\"default-src &#39;none&#39;; img-src data:"), std::string::npos);
    EXPECT_EQ(page.find("unsafe-eval"), std::string::npos);
    const std::regex loads("<(link|iframe|object|embed|base)\\b|<script[^>]+src|@import|url\\(");
    std::smatch found;
    std::string own = page;  // the libraries' own text is looked at by the policy
    if (has_plotting_library())
        own.erase(own.find("/*\nCopyright"), own.rfind("<script>") - own.find("/*\nCopyright"));
    EXPECT_FALSE(std::regex_search(own, found, loads)) << found.str();
    EXPECT_LT(own.size() - count_of(own, "data:image/") * 30000, size_t{1200000});
}

TEST(HtmlReport, SaysWhatItDoesNotKnow) {
    Json bare = {
        {"format", "quantface evaluation 1"}, {"models", Json::array()}, {"benchmarks", Json::array()}};
    EXPECT_NE(seen_part(render_html_report(bare)).find("No networks on no benchmark"), std::string::npos);
    bare["models"].push_back(Json::object());
    bare["benchmarks"].push_back({{"name", "lfw"}});
    const std::string seen = seen_part(render_html_report(bare));
    EXPECT_NE(seen.find("(no name)"), std::string::npos);
    EXPECT_NE(seen.find("No network was measured on it."), std::string::npos);
    // Members of every wrong type.
    for (const Json& wrong :
         {Json(3), Json("text"), Json::array({1, Json::array(), nullptr}), Json{{"a", 1}}}) {
        Json document = one_network();
        for (auto& [key, value] : document["models"][0].items()) {
            if (key != "benchmarks") value = wrong;
        }
        for (auto& [key, value] : document["models"][0]["benchmarks"][0].items()) {
            if (key != "benchmark") value = wrong;
        }
        document["machine"] = document["settings"] = document["command"] = document["missing"] = wrong;
        document["synthetic_faces"] = wrong;
        expect_well_formed(seen_part(render_html_report(document)));
        document["models"][0]["benchmarks"] = wrong;
        expect_well_formed(seen_part(render_html_report(document)));
    }
}

TEST(HtmlReport, OtherDocumentsAreRefused) {
    for (const Json& other : {Json(), Json("text"), Json{{"format", "quantface evaluation 2"}},
                              Json{{"format", "quantface evaluation 1"}, {"models", 3}},
                              Json{{"format", "quantface evaluation 1"},
                                   {"models", Json::array()},
                                   {"benchmarks", Json::array({1})}}}) {
        try {
            render_html_report(other);
            FAIL() << other.dump();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        }
    }
}

}  // namespace quantface::test
