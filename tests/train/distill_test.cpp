// Training as a whole, on networks of a few thousand weights.
#include "train/distill.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "faces/sources.h"
#include "formats/qfm.h"
#include "small_graphs.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

class Distill : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("quantface_distill_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    static DistillOptions options(int bits) {
        DistillOptions options;
        options.start.weight_bits = options.start.activation_bits = bits;
        options.start.observer = ObserverKind::kPercentile;
        options.start.images = 24;
        options.start.held_out_images = 16;
        options.recipe.batch = 8;
        options.images = 64;
        options.steps = 40;
        options.judgements = 4;
        options.identity = "test";
        return options;
    }

    DistillResult train(const DistillOptions& options, Progress* progress = nullptr) {
        const auto source = make_noise_source(1, graph_.input_spec.height, graph_.input_spec.width);
        SilentProgress silent;
        return quantize_by_distillation(graph_, *source, options, pool_, progress ? *progress : silent);
    }
    // Everything that the trained network is.
    static std::vector<uint8_t> bytes(IntegerModel model) {
        model.record.clear();
        return encode_qfm(model);
    }

    Graph graph_ = small_mobile_face_net(3);
    ThreadPool pool_{2};
    fs::path folder_;
};

// Asks to stop once `steps` training steps were done.
class StopAfter final : public Progress {
  public:
    explicit StopAfter(int64_t steps) : left_(steps) {}
    void start(const std::string& label, int64_t) override { training_ = label.starts_with("distilling"); }
    void advance(int64_t steps) override {
        if (training_) left_ -= steps;
    }
    void finish() override {}
    bool stop_requested() const override { return training_ && left_ <= 0; }

  private:
    bool training_ = false;
    int64_t left_;
};

TEST_F(Distill, LearnsFromItsTeacher) {
    const DistillResult result = train(options(3));
    EXPECT_GT(result.held_out_cosine, result.start_cosine + 0.02);
    EXPECT_EQ(result.steps_done, 40);
    EXPECT_EQ(result.judgements.size(), 4u);
    EXPECT_LT(result.judgements.back().embedding_loss, result.judgements.front().embedding_loss);
    EXPECT_GT(result.peak_memory_bytes, 1u << 20);
}

TEST_F(Distill, EveryKindOfNetworkLearns) {
    for (Graph (*make)(uint64_t) : {small_iresnet, small_mixed_net}) {
        graph_ = make(4);
        const DistillResult result = train(options(3));
        EXPECT_GT(result.held_out_cosine, result.start_cosine) << graph_.name;
    }
}

TEST_F(Distill, SameSeedSameBytes) {
    const auto first = bytes(train(options(4)).model);
    EXPECT_EQ(first, bytes(train(options(4)).model));
    DistillOptions other = options(4);
    other.seed = 2;
    EXPECT_NE(first, bytes(train(other).model));
}

TEST_F(Distill, ResumesToTheSameBytes) {
    DistillOptions given = options(4);
    const auto straight = bytes(train(given).model);
    given.checkpoint = folder_ / "run.checkpoint";
    StopAfter stop(13);
    try {
        train(given, &stop);
        FAIL() << "was not interrupted";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
        EXPECT_NE(std::string(error.what()).find("run.checkpoint"), std::string::npos) << error.what();
    }
    ASSERT_TRUE(fs::exists(given.checkpoint));
    const DistillResult resumed = train(given);
    EXPECT_EQ(resumed.resumed_from, 13);
    EXPECT_EQ(bytes(resumed.model), straight);
}

// A run that a checkpoint was left of, changed by `change`, must not go on; the error names `reason`.
class ForeignCheckpoint : public Distill {
  protected:
    template <typename Change>
    void expect_refused(const Change& change, const std::string& reason) {
        DistillOptions given = options(4);
        given.checkpoint = folder_ / "run.checkpoint";
        StopAfter stop(5);
        EXPECT_THROW(train(given, &stop), Error);
        change(given);
        try {
            train(given);
            FAIL() << "went on";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kUsage);
            EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
        }
    }
};

TEST_F(ForeignCheckpoint, OfAnotherRecipeIsRefused) {
    expect_refused([](DistillOptions& given) { given.recipe.weight_rate *= 2; }, "weight_rate");
}

TEST_F(ForeignCheckpoint, OfAnotherCalibrationIsRefused) {
    expect_refused([](DistillOptions& given) { given.start.weight_compensation = true; },
                   "weight_compensation");
}

// The same description, other numbers, as where another CPU calibrates.
TEST_F(ForeignCheckpoint, OfAnotherStartIsRefused) {
    expect_refused([&](DistillOptions&) { std::get<ConvOp>(graph_.nodes[0].op).weight.data[0] += 0.1f; },
                   "another start");
}

TEST_F(Distill, DivergenceIsNamedWithAdvice) {
    DistillOptions given = options(4);
    given.recipe.optimizer = OptimizerKind::kSgd;
    given.recipe.weight_rate = given.recipe.step_rate = given.recipe.scale_rate = 1e30;
    given.checkpoint = folder_ / "run.checkpoint";
    try {
        train(given);
        FAIL() << "went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
        EXPECT_NE(std::string(error.what()).find("weight_rate"), std::string::npos) << error.what();
    }
}

TEST_F(Distill, StopsWhenNothingGetsBetter) {
    DistillOptions given = options(4);
    given.recipe.weight_rate = given.recipe.scale_rate = given.recipe.bias_rate = 0;
    given.recipe.slope_rate = given.recipe.step_rate = given.recipe.zero_point_rate = 0;
    given.judgements = 20;
    given.patience = 3;
    const DistillResult result = train(given);
    EXPECT_TRUE(result.stopped_early);
    EXPECT_LT(result.steps_done, 40);
    EXPECT_EQ(result.best_step, 0);
    EXPECT_EQ(result.held_out_cosine, result.start_cosine);
}

TEST_F(Distill, EveryPartOfARecipeRuns) {
    for (const char* set :
         {"feature_loss=1", "block_part=0.5", "relation_loss=1", "norm_loss=0.1", "squared_loss=1",
          "augment=1", "average=0.9", "schedule=1", "schedule=2", "sgd=1", "clip_norm=0.1"}) {
        DistillOptions given = options(3);
        given.steps = 12;
        set_recipe_value(given.recipe, set);
        const DistillResult result = train(given);
        EXPECT_EQ(result.steps_done, 12) << set;
        EXPECT_GE(result.held_out_cosine, result.start_cosine) << set;
    }
}

TEST_F(Distill, HalfPrecisionLearnsToo) {
    DistillOptions given = options(3);
    given.precision = Precision::kBfloat16;
    const DistillResult result = train(given);
    EXPECT_GT(result.held_out_cosine, result.start_cosine + 0.02);
}

TEST_F(Distill, ThePapersRecipeLearns) {
    DistillOptions given = options(3);
    given.recipe = recipe_named("paper");
    given.recipe.batch = 8;
    given.recipe.observe_steps = 10;
    given.start.asymmetric_weights = true;
    given.start.observer = ObserverKind::kMinMax;
    given.checkpoint = folder_ / "run.checkpoint";
    const DistillResult result = train(given);
    EXPECT_GT(result.held_out_cosine, result.start_cosine);
    EXPECT_TRUE(std::get<IntegerConv>(result.model.nodes[0].op).has_asymmetric_weights());

    StopAfter stop(17);
    EXPECT_THROW(train(given, &stop), Error);
    EXPECT_EQ(bytes(train(given).model), bytes(result.model));

    given.start.asymmetric_weights = false;
    EXPECT_THROW(train(given), Error);
}

TEST_F(Distill, RefusesWhatMakesNoSense) {
    DistillOptions given = options(4);
    given.steps = 0;
    EXPECT_THROW(train(given), Error);
    EXPECT_THROW(recipe_named("grandmother's"), Error);
    Recipe recipe;
    EXPECT_THROW(set_recipe_value(recipe, "weight_rate"), Error);
    EXPECT_THROW(set_recipe_value(recipe, "weight_rate=nan"), Error);
    EXPECT_THROW(set_recipe_value(recipe, "weight_rate=-1"), Error);
    EXPECT_THROW(set_recipe_value(recipe, "wait_rate=1"), Error);
    set_recipe_value(recipe, "weight_rate=0.5");
    EXPECT_EQ(recipe.weight_rate, 0.5);
}

}  // namespace
}  // namespace quantface
