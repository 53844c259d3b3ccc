// The page as a browser shows it. Skips where there is no Node or no Chromium, and where this build has no
// plots.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/file.h"
#include "report/html_report.h"
#include "sample_evaluation.h"

namespace quantface::test {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

class PageInBrowser : public testing::Test {
  protected:
    void SetUp() override {
        if (!has_plotting_library()) GTEST_SKIP() << "built without the plotting library";
        std::string pattern = (fs::temp_directory_path() / "quantface_report_XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override {
        if (!folder_.empty()) fs::remove_all(folder_);
    }

    // What look_at_page.mjs says of each window; null where it could not look.
    Json look_at(const Json& document) {
        write_file_atomically(folder_ / "page.html", render_html_report(document));
        // QUANTFACE_REPORT_SCREENSHOTS: a folder for people to look at.
        const char* screenshots = std::getenv("QUANTFACE_REPORT_SCREENSHOTS");
        const std::string command =
            "node tests/report/look_at_page.mjs '" + (folder_ / "page.html").string() + "' " +
            (screenshots != nullptr ? "'" + std::string(screenshots) + "' " : "") + "> '" +
            (folder_ / "looks.json").string() + "' 2> '" + (folder_ / "log.txt").string() + "'";
        const int status = std::system(command.c_str());
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (code == 127 || code == 77) return nullptr;
        std::ifstream looks(folder_ / "looks.json"), log(folder_ / "log.txt");
        const std::string text{std::istreambuf_iterator<char>(looks), {}};
        Json parsed = Json::parse(text, nullptr, false);
        EXPECT_TRUE(code == 0 && parsed.is_array() && parsed.size() == 4) << log.rdbuf();
        return parsed;
    }

    static void expect_sound(const Json& look, size_t plots) {
        const std::string name = look["name"];
        EXPECT_EQ(look["errors"], Json::array()) << name;
        EXPECT_EQ(look["requests"], Json::array()) << name;
        EXPECT_EQ(look["faults"], Json::array()) << name;
        EXPECT_EQ(look["plots"], plots) << name;
        EXPECT_EQ(look["too_wide"], 0) << name;
        EXPECT_EQ(look["broken_pictures"], 0) << name;
        EXPECT_EQ(look["hostile"], 0) << name;
    }

    fs::path folder_;
};

// The document as its page gives it back: no numbers but finite ones, no text but UTF-8.
Json cleaned(const Json& document) {
    return Json::parse(document.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

TEST_F(PageInBrowser, ShowsAllPlotsInEveryWindow) {
    const Json document = sample_evaluation();
    const Json looks = look_at(document);
    if (looks.is_null()) GTEST_SKIP() << "no node or no chromium";
    // Sizes; ROC and DET of each benchmark; a histogram a network, the last without cplfw; three panels of
    // layers of each integer network.
    constexpr size_t kPlots = 1 + 7 * 2 + (7 * 4 - 1) + 3 * 3;
    for (const Json& look : looks) {
        expect_sound(look, kPlots);
        EXPECT_EQ(Json::parse(look["document"].get<std::string>()), cleaned(document))
            << "what is downloaded";
    }
    EXPECT_NE(looks[0]["background"], looks[1]["background"]) << "light and dark";
}

TEST_F(PageInBrowser, ShowsOneNetworkAlone) {
    const Json looks = look_at(one_network());
    if (looks.is_null()) GTEST_SKIP() << "no node or no chromium";
    for (const Json& look : looks) expect_sound(look, 1 + 7 * 3 + 3);
}

TEST_F(PageInBrowser, HostileNamesDoNothing) {
    const Json document = hostile_evaluation();
    const Json looks = look_at(document);
    if (looks.is_null()) GTEST_SKIP() << "no node or no chromium";
    for (const Json& look : looks) {
        EXPECT_EQ(look["errors"], Json::array());
        EXPECT_EQ(look["requests"], Json::array());
        EXPECT_EQ(look["hostile"], 0);
        EXPECT_EQ(look["too_wide"], 0);
        EXPECT_EQ(Json::parse(look["document"].get<std::string>()), cleaned(document));
    }
}

}  // namespace quantface::test
