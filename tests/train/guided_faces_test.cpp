// Guided faces as a whole, on networks of a few thousand weights: nearer to the teacher's statistics,
// identity kept, the same bytes each time.
#include "train/guided_faces.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "faces/sources.h"
#include "graph/passes/pass.h"
#include "small_graphs.h"
#include "synth/rendered_source.h"
#include "synth/synth_folder.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

// Asks to stop once `steps` were reported.
class StopAfter final : public Progress {
  public:
    explicit StopAfter(int64_t steps) : left_(steps) {}
    void start(const std::string&, int64_t) override {}
    void advance(int64_t steps) override { left_ -= steps; }
    void finish() override {}
    bool stop_requested() const override { return left_ <= 0; }

  private:
    int64_t left_;
};

class GuidedFaces : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("quantface_guided_" + std::to_string(::getpid()));
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        options_.count = 16;
        options_.recipe.batch = 8;
        options_.recipe.crowd = 16;
        options_.recipe.steps = 12;
        options_.recipe.jitter = 1;
        options_.recipe.bfloat16 = false;
        options_.teacher_sha256 = "ab12";
    }
    void TearDown() override { fs::remove_all(folder_); }

    GuidedResult guide(const std::string& name, Progress* progress = nullptr) {
        options_.folder = folder_ / name;
        SilentProgress silent;
        return guide_to_folder(graph_, *source_, options_, pool_, progress ? *progress : silent);
    }
    std::map<std::string, std::vector<uint8_t>> images(const std::string& name) const {
        std::map<std::string, std::vector<uint8_t>> found;
        for (const auto& entry : fs::recursive_directory_iterator(folder_ / name)) {
            if (entry.path().extension() != ".png") continue;
            found[fs::relative(entry.path(), folder_ / name).string()] = read_file(entry.path());
        }
        return found;
    }
    void expect_error(const std::string& name, ErrorKind kind, const std::string& hint) {
        try {
            guide(name);
            ADD_FAILURE() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), kind) << error.what();
            EXPECT_NE(std::string(error.what()).find(hint), std::string::npos) << error.what();
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        }
    }

    Graph graph_ = small_mobile_face_net(3);
    std::unique_ptr<ImageSource> source_ = make_rendered_source(1, 24, 24);
    GuidedOptions options_;
    ThreadPool pool_{2};
    fs::path folder_;
};

TEST_F(GuidedFaces, StatisticsComeNearer) {
    for (Graph (*make)(uint64_t) : {small_mobile_face_net, small_iresnet}) {
        graph_ = make(3);
        // These networks' statistics are no images' at all: the other losses pull another way.
        options_.recipe.statistics = 50;
        options_.recipe.steps = 24;
        const GuidedResult result = guide(std::to_string(graph_.nodes.size()));
        EXPECT_EQ(result.made, 16);
        EXPECT_LT(result.after.statistics, 0.97 * result.before.statistics);
    }
}

TEST_F(GuidedFaces, EmbeddingsSpreadAndIdentityIsKept) {
    for (Graph (*make)(uint64_t) : {small_mobile_face_net, small_iresnet, small_mixed_net}) {
        graph_ = make(3);
        // These networks' statistics are no images' at all and pull another way.
        options_.recipe.statistics = 0.1;
        options_.recipe.crowding = options_.recipe.direction = 10;
        options_.recipe.steps = 24;
        const GuidedResult result = guide(std::to_string(graph_.nodes.size()));
        EXPECT_LT(result.after.direction, result.before.direction);
        EXPECT_LT(result.after.other_cosine, result.before.other_cosine);
        EXPECT_GT(result.after.same_cosine - result.after.other_cosine,
                  result.before.same_cosine - result.before.other_cosine);
    }
}

TEST_F(GuidedFaces, FoldedNetworksGuideToo) {
    run_passes(graph_, {});
    const GuidedResult result = guide("folded");
    EXPECT_LT(result.after.statistics, result.before.statistics);
    EXPECT_LT(result.after.other_cosine, result.before.other_cosine);
}

TEST_F(GuidedFaces, ImagesStayAboutWhereTheyWere) {
    guide("faces");
    for (int64_t index = 0; index < options_.count; ++index) {
        const std::string identity = "00000" + std::to_string(index / 2);
        const Image guided =
            read_image(folder_ / "faces" / identity / (identity + "_" + std::to_string(index % 2) + ".png"));
        const Image start = source_->image(index);
        ASSERT_EQ(guided.rgb.size(), start.rgb.size());
        double change = 0;
        for (size_t i = 0; i < start.rgb.size(); ++i) change += std::abs(guided.rgb[i] - start.rgb[i]);
        change /= static_cast<double>(start.rgb.size());
        EXPECT_GT(change, 0.2);
        EXPECT_LT(change, options_.recipe.reach);
    }
}

TEST_F(GuidedFaces, SameSeedSameBytes) {
    guide("first");
    guide("second");
    EXPECT_EQ(images("first").size(), 16u);
    EXPECT_EQ(images("first"), images("second"));
    options_.seed = 2;
    guide("other");
    EXPECT_NE(images("first"), images("other"));
}

TEST_F(GuidedFaces, ResumesToTheSameBytes) {
    guide("straight");
    StopAfter stop(options_.recipe.steps + 4);  // within the second batch
    try {
        guide("faces", &stop);
        FAIL() << "was not interrupted";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
        EXPECT_TRUE(std::string(error.what()).starts_with("interrupted")) << error.what();
    }
    EXPECT_EQ(images("faces").size(), 8u);
    const GuidedResult rest = guide("faces");
    EXPECT_EQ(rest.kept, 8);
    EXPECT_EQ(rest.made, 8);
    EXPECT_EQ(images("faces"), images("straight"));
}

TEST_F(GuidedFaces, ACountWithinABatchChangesNoImage) {
    guide("straight");
    options_.count = 11;
    EXPECT_EQ(guide("faces").made, 11);
    EXPECT_EQ(images("faces").size(), 11u);
    options_.count = 16;
    guide("faces");
    EXPECT_EQ(images("faces"), images("straight"));
    EXPECT_EQ(guide("faces").kept, 16);
}

TEST_F(GuidedFaces, TheManifestSaysWhatTheyWereMadeWith) {
    guide("faces");
    std::ifstream stream(folder_ / "faces" / "manifest.json");
    const nlohmann::json manifest = nlohmann::json::parse(stream);
    EXPECT_EQ(manifest["teacher_sha256"], "ab12");
    EXPECT_EQ(manifest["source"], source_->description());
    EXPECT_EQ(manifest["recipe"]["steps"], 12);
    EXPECT_EQ(manifest["views_per_identity"], 2);
    EXPECT_EQ(manifest["count"], 16);
    EXPECT_EQ(manifest["images"][3]["file"], "000001/000001_1.png");
}

TEST_F(GuidedFaces, FoldersOfOtherSettingsAreRefused) {
    options_.count = 8;
    options_.recipe.steps = 1;
    guide("faces");
    options_.recipe.steps = 2;
    expect_error("faces", ErrorKind::kUsage, "steps");
    options_.recipe.steps = 1;
    options_.teacher_sha256 = "cd34";
    expect_error("faces", ErrorKind::kUsage, "cd34");
    options_.teacher_sha256 = "ab12";
    source_ = make_rendered_source(2, 24, 24);
    expect_error("faces", ErrorKind::kUsage, "seed 2");
    write_file_atomically(folder_ / "faces" / "manifest.json", std::string("{"));
    expect_error("faces", ErrorKind::kBadInput, "manifest.json");
}

TEST_F(GuidedFaces, FoldersOfRenderedFacesAreRefusedAndTheOtherWayRound) {
    SynthFolderOptions rendered;
    rendered.folder = folder_ / "rendered";
    rendered.count = 2;
    rendered.size = 24;
    SilentProgress silent;
    render_to_folder(rendered, pool_, silent);
    expect_error("rendered", ErrorKind::kBadInput, "manifest.json");
    options_.count = 8;
    options_.recipe.steps = 1;
    guide("faces");
    rendered.folder = folder_ / "faces";
    EXPECT_THROW(render_to_folder(rendered, pool_, silent), Error);
}

TEST_F(GuidedFaces, SourcesThatDoNotFitAreRefused) {
    SynthFolderOptions few;
    few.folder = folder_ / "few";
    few.count = 6;
    few.size = 24;
    SilentProgress silent;
    render_to_folder(few, pool_, silent);
    source_ = make_folder_source(few.folder, 24, 24);
    expect_error("faces", ErrorKind::kUsage, "6 images");
    options_.count = 6;  // less than a batch
    options_.recipe.steps = 1;
    EXPECT_EQ(guide("all").made, 6);
    source_ = make_folder_source(few.folder, 16, 16);
    expect_error("small", ErrorKind::kBadInput, "24x20");
    options_.views = 3;
    expect_error("views", ErrorKind::kUsage, "batch");
}

TEST_F(GuidedFaces, NetworksWithNothingToWatchSayWhatToDo) {
    GraphBuilder b(24, 20, 1);
    graph_ = b.finish(b.gemm(b.add(FlattenOp{}, {b.conv(b.input(), 4, 3, 4, 1)}), 8));
    options_.count = 8;
    options_.recipe.steps = 1;
    expect_error("faces", ErrorKind::kUsage, "folded=0");
    options_.recipe.folded = 0;
    EXPECT_EQ(guide("others").made, 8);
}

TEST_F(GuidedFaces, ZeroStepsGiveTheSource) {
    options_.recipe.steps = 0;
    options_.count = 8;
    guide("faces");
    EXPECT_EQ(read_image(folder_ / "faces" / "000000" / "000000_1.png").rgb, source_->image(1).rgb);
}

}  // namespace
}  // namespace quantface
