// Folders of rendered faces: whole files, a true manifest, resumption, refusal of foreign folders.
#include "synth/synth_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "faces/image.h"
#include "synth/face_renderer.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

// Counts, and asks to stop after a number of images.
class StoppingProgress final : public Progress {
  public:
    explicit StoppingProgress(int64_t stop_after) : stop_after_(stop_after) {}
    void start(const std::string&, int64_t total) override { total_ = total; }
    void advance(int64_t steps) override { done_ += steps; }
    void finish() override { finished_ = true; }
    bool stop_requested() const override { return done_ >= stop_after_; }

    std::atomic<int64_t> done_{0};
    int64_t total_ = 0;
    bool finished_ = false;

  private:
    int64_t stop_after_;
};

class SynthFolder : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ =
            fs::temp_directory_path() / ("quantface_synth_" + std::to_string(::getpid()) + "_" +
                                         ::testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(folder_);
        options_.folder = folder_;
        options_.count = 6;
        options_.size = 32;
        options_.seed = 4;
    }
    void TearDown() override { fs::remove_all(folder_); }

    SynthFolderResult render() {
        SilentProgress silent;
        return render_to_folder(options_, pool_, silent);
    }
    nlohmann::json manifest() const {
        std::ifstream stream(folder_ / "manifest.json");
        return nlohmann::json::parse(stream);
    }
    ErrorKind failure() {
        try {
            render();
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(folder_.string()), std::string::npos) << error.what();
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
            return error.kind();
        }
        ADD_FAILURE() << "no error";
        return ErrorKind::kFailed;
    }

    fs::path folder_;
    SynthFolderOptions options_;
    ThreadPool pool_{2};
};

TEST_F(SynthFolder, HoldsTheRenderedImagesAndATrueManifest) {
    const SynthFolderResult result = render();
    EXPECT_EQ(result.rendered, 6);
    EXPECT_EQ(result.kept, 0);
    const nlohmann::json m = manifest();
    EXPECT_EQ(m["seed"], 4);
    EXPECT_EQ(m["size"], 32);
    EXPECT_EQ(m["count"], 6);
    ASSERT_EQ(m["images"].size(), 6u);
    for (const auto& entry : m["images"]) {
        const auto bytes = read_file(folder_ / entry["file"].get<std::string>());
        EXPECT_EQ(crc32c(bytes), entry["crc32c"].get<uint32_t>());
        FaceRenderOptions render_options;
        render_options.size = 32;
        FaceRenderInfo info;
        const Image wanted = render_face(4, entry["identity"].get<uint64_t>(), entry["view"].get<uint64_t>(),
                                         render_options, &info);
        EXPECT_EQ(decode_image(bytes, "png").rgb, wanted.rgb);
        EXPECT_NEAR(entry["yaw"].get<float>(), info.yaw, 0.06f);
    }
    EXPECT_EQ(m["images"][3]["file"], "000001/000001_1.png");
}

TEST_F(SynthFolder, ASecondRunKeepsEverything) {
    render();
    const SynthFolderResult again = render();
    EXPECT_EQ(again.rendered, 0);
    EXPECT_EQ(again.kept, 6);
}

TEST_F(SynthFolder, DamagedAndMissingFilesAreRenderedAgain) {
    render();
    const auto first = read_file(folder_ / "000000/000000_0.png");
    fs::resize_file(folder_ / "000000/000000_0.png", first.size() / 2);
    fs::remove(folder_ / "000002/000002_1.png");
    const SynthFolderResult again = render();
    EXPECT_EQ(again.rendered, 2);
    EXPECT_EQ(again.kept, 4);
    EXPECT_EQ(read_file(folder_ / "000000/000000_0.png"), first);
}

TEST_F(SynthFolder, ALargerCountExtendsTheFolder) {
    render();
    options_.count = 9;
    EXPECT_EQ(render().rendered, 3);
    EXPECT_EQ(manifest()["count"], 9);
    options_.count = 2;  // fewer than there are: nothing is lost
    EXPECT_EQ(render().kept, 2);
    EXPECT_EQ(manifest()["count"], 9);
}

TEST_F(SynthFolder, StopsCleanlyAndGoesOn) {
    StoppingProgress progress(2);
    try {
        render_to_folder(options_, pool_, progress);
        FAIL() << "not interrupted";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
        EXPECT_EQ(std::string(error.what()).rfind("interrupted", 0), 0u);
    }
    EXPECT_FALSE(progress.finished_);
    const auto done = manifest()["count"].get<int64_t>();
    EXPECT_GE(done, 2);
    EXPECT_LT(done, 6);
    const SynthFolderResult rest = render();
    EXPECT_EQ(rest.kept, done);
    EXPECT_EQ(rest.rendered, 6 - done);
    EXPECT_EQ(manifest()["count"], 6);
}

TEST_F(SynthFolder, RefusesAFolderOfOtherOptions) {
    render();
    options_.seed = 5;
    EXPECT_EQ(failure(), ErrorKind::kUsage);
    options_.seed = 4;
    options_.size = 48;
    EXPECT_EQ(failure(), ErrorKind::kUsage);
}

TEST_F(SynthFolder, RefusesAFolderOfSomethingElse) {
    fs::create_directories(folder_);
    write_file_atomically(folder_ / "letter.txt", std::string("mine"));
    EXPECT_EQ(failure(), ErrorKind::kUsage);
}

TEST_F(SynthFolder, HostileManifestsAreBadInput) {
    fs::create_directories(folder_);
    const std::string head =
        R"({"version":2,"seed":4,"size":32,"head":"built-in","views_per_identity":2,"count":1,)";
    for (const std::string& text :
         {std::string(), std::string("[1,2"), std::string("[]"), std::string(R"({"version":-1})"),
          head + R"("images":7})", head + R"("images":[3]})",
          head + R"("images":[{"identity":18446744073709551615,"view":0,"yaw":0,"pitch":0,"crc32c":1}]})",
          head + R"("images":[{"identity":40000000,"view":1,"yaw":0,"pitch":0,"crc32c":1}]})",
          head + R"("images":[{"identity":0,"view":2,"yaw":0,"pitch":0,"crc32c":1}]})",
          head + R"("images":[{"identity":0,"view":0,"yaw":"x","pitch":0,"crc32c":1}]})",
          head + R"("images":[{"identity":0,"view":0,"yaw":0,"pitch":0,"crc32c":99999999999}]})"}) {
        write_file_atomically(folder_ / "manifest.json", text);
        EXPECT_EQ(failure(), ErrorKind::kBadInput) << text;
    }
}

TEST_F(SynthFolder, RefusesCountsThatMakeNoSense) {
    options_.count = 0;
    EXPECT_THROW(render(), Error);
    options_.count = 6;
    options_.views_per_identity = 0;
    EXPECT_THROW(render(), Error);
}

}  // namespace
}  // namespace quantface
