// Recipes of studies: what is refused and with which place, what is understood, which steps follow from it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "cli/recipe.h"
#include "cli/recipe_plan.h"
#include "subprocess.h"
#include "tiny_onnx.h"

namespace quantface::test {

namespace {

namespace fs = std::filesystem;

// Whole as it stands; lines are added before and after it.
constexpr const char* kTop = R"(name = "study"
bits = ["w8a8"]
)";
constexpr const char* kTables = R"([[teacher]]
name = "tiny"
model = "tiny.onnx"
[[data]]
name = "noise"
source = "noise:1"
[evaluation]
data = "noise:2"
)";

class RecipeTest : public testing::Test {
  protected:
    StudyRecipe read(const std::string& text, const std::vector<std::string>& changes = {}) const {
        return read_recipe(folder_.write("study.toml", text), changes);
    }
    // Between the shared beginning and end.
    StudyRecipe read_with(const std::string& top, const std::string& tables = "",
                          const std::vector<std::string>& changes = {}) const {
        return read(kTop + top + kTables + tables, changes);
    }

    // One line that begins with the file, the line and the column and holds the hint.
    void expect_refused(const std::string& text, int line, int column, const std::string& hint) const {
        try {
            read(text);
            ADD_FAILURE() << "accepted: " << text;
        } catch (const Error& error) {
            const std::string what = error.what();
            const std::string place =
                folder_.file("study.toml") + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
            EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << what;
            EXPECT_TRUE(what.starts_with(place)) << what << " is not at " << line << ":" << column;
            EXPECT_NE(what.find(hint, place.size()), std::string::npos) << what << " has no " << hint;
            EXPECT_EQ(what.find('\n'), std::string::npos) << what;
        }
    }
    void expect_change_refused(const std::string& change, const std::string& hint) const {
        try {
            read_with("", "", {change});
            ADD_FAILURE() << "accepted: " << change;
        } catch (const Error& error) {
            const std::string what = error.what();
            EXPECT_EQ(error.kind(), ErrorKind::kUsage) << what;
            EXPECT_TRUE(what.starts_with("--set " + change)) << what;
            EXPECT_NE(what.find(hint), std::string::npos) << what;
        }
    }

    ScratchFolder folder_;
};

// Lines of `kTables` behind two of `kTop`: what is added on top stands in line 3, behind the tables in
// line 11.
TEST_F(RecipeTest, WrongRecipesAreRefusedWithTheirPlace) {
    const auto on_top = [](const std::string& line) { return kTop + line + "\n" + kTables; };
    const auto below = [](const std::string& lines) { return std::string(kTop) + kTables + lines; };
    expect_refused("name = \"study\"\nbits = [\"w8a8\"\n", 2, 16, "end-of-file");
    expect_refused("name = ", 1, 8, "");
    expect_refused(on_top("name = \"again\""), 3, 8, "redefine");
    expect_refused(on_top("bitz = 3"), 3, 1, "no key 'bitz'");
    expect_refused(on_top("out = 7"), 3, 7, "a text wanted");
    expect_refused(on_top("out = \"$QUANTFACE_NO_SUCH_VARIABLE\""), 3, 7, "not set");
    expect_refused(on_top("out = \"${HOME\""), 3, 7, "${NAME}");
    expect_refused(below("flop = true\n"), 11, 1, "no key 'flop'");
    expect_refused(below("flip = 1\n"), 11, 8, "'flip' is a whole number; true or false wanted");
    expect_refused(below("images = 0\n"), 11, 10, "'images' is 0");
    expect_refused(below("images = 1.5\n"), 11, 10, "a whole number wanted");
    expect_refused(below("threads = 1979-05-27\n"), 11, 11, "a date");
    expect_refused(below("[report]\npdf = true\n"), 12, 1, "[report] has no key 'pdf'");
    expect_refused(below("[[report]]\n"), 11, 1, "'report' is a list; a table wanted");
    expect_refused(below("[[teacher]]\nname = \"x\"\n"), 11, 1, "no 'model'");
    expect_refused(below("[[teacher]]\nmodel = \"x\"\n"), 11, 1, "no 'name'");
    expect_refused(below("[[teacher]]\nname = \"tiny\"\nmodel = \"x\"\n"), 12, 8, "another one");
    expect_refused(below("[[teacher]]\nname = \"a/b\"\nmodel = \"x\"\n"), 12, 8, "is no name");
    expect_refused(below("[[teacher]]\nname = \"b\"\nmodel = \"x\"\nstd = 0\n"), 14, 7, "above zero");
    expect_refused(below("[[teacher]]\nname = \"b\"\nmodel = \"x\"\nmean = [1, 2]\n"), 14, 8, "or three");
    expect_refused(below("[[teacher]]\nname = \"b\"\nmodel = \"x\"\nmean = nan\n"), 14, 8, "not finite");
    expect_refused(below("[[data]]\nname = \"b\"\nsource = \"noise:0.7\"\n"), 13, 10, "sum up");
    expect_refused(below("[[data]]\nname = \"b\"\nsource = \"noise\"\nimages = 9\n"), 14, 10, "render");
    expect_refused(below("[[benchmark]]\nname = \"b\"\nspec = \"\"\n"), 13, 8, "empty");
    expect_refused(below("[[benchmark]]\nname = \"b\"\nspec = \"a\\nb\"\n"), 13, 8, "more than one line");
}

TEST_F(RecipeTest, WrongStudentsAreRefusedWithTheirPlace) {
    const auto below = [](const std::string& lines) { return std::string(kTop) + kTables + lines; };
    for (const char* bits : {"w9a8", "w1a8", "w8", "8", "w8a8 ", "W8A8", "w8a88"}) {
        expect_refused(below(std::string("[[student]]\nbits = \"") + bits + "\"\n"), 12, 8, "are no bits");
    }
    expect_refused(below("[[student]]\nbits = \"w8a8\"\n"), 11, 1, "two students called 'w8a8'");
    expect_refused(below("[[student]]\nname = \"b\"\nacts = 8\n"), 11, 1, "exactly one of");
    expect_refused(below("[[student]]\nname = \"b\"\ntarget_bits = 4\n"), 11, 1, "no 'acts'");
    expect_refused(below("[[student]]\nacts = 8\ntarget_bits = 4\n"), 11, 1, "no 'name'");
    expect_refused(below("[[student]]\nbits = \"w4a4\"\nacts = 8\n"), 13, 8, "does not go with 'bits'");
    expect_refused(below("[[student]]\nbits = \"w4a4\"\nteachers = [\"large\"]\n"), 13, 12, "'large'");
    expect_refused(below("[[student]]\nbits = \"w4a4\"\ndata = \"real\"\n"), 13, 8, "'real'");
    expect_refused(below("[quantize]\nobserver = \"crystal\"\n"), 12, 12, "one of auto, minmax");
    expect_refused(below("[quantize]\nends = 9\n"), 12, 8, "2 to 8");
    expect_refused(below("[quantize]\nset = \"batch=8\"\n"), 12, 7, "a table of numbers");
    expect_refused(below("[quantize]\nset = { batch = \"8\" }\n"), 12, 17, "'set.batch'");
    expect_refused(below("[quantize]\nptq = true\nsteps = 5\n"), 13, 9, "'steps' is of training");
    expect_refused(below("[quantize]\nptq = true\n[[student]]\nbits = \"w4a4\"\nrecipe = \"paper\"\n"), 15,
                   10, "'recipe' is of training");
    expect_refused("name = \"study\"\n" + std::string(kTables), 1, 1, "neither 'bits' nor");
}

TEST_F(RecipeTest, UnfinishedRecipesAreRefused) {
    expect_refused("", 1, 1, "no 'name'");
    expect_refused("name = \"a\"\n", 1, 1, "no [[teacher]]");
    expect_refused("name = \"a\"\n[[teacher]]\nname = \"b\"\nmodel = \"c\"\n", 1, 1, "no [[data]]");
    const std::string tables = kTables;
    expect_refused(kTop + tables.substr(0, tables.find("[evaluation]")), 1, 1, "nothing to measure on");
    EXPECT_THROW(read_recipe(folder_.file("absent.toml"), {}), Error);
}

TEST_F(RecipeTest, ChangesOnTheCommandLine) {
    EXPECT_EQ(read_with("", "", {"name=other"}).name, "other");
    EXPECT_EQ(read_with("", "", {"bits=[\"w4a4\", \"w4a8\"]"}).students.size(), 2u);
    EXPECT_EQ(read_with("", "", {"teacher.tiny.model=/a/b.onnx"}).teachers[0].model.text, "/a/b.onnx");
    EXPECT_EQ(read_with("", "", {"data.0.source=render:7"}).data[0].source.text, "render:7");
    const StudyRecipe steps = read_with("", "", {"quantize.steps=12", "quantize.set.batch=4"});
    const std::vector<std::string> expected = {"--weights", "8",  "--acts", "8",
                                               "--steps",   "12", "--set",  "batch=4"};
    EXPECT_EQ(steps.students[0].arguments, expected);
    expect_change_refused("bitz=3", "no key 'bitz'");
    expect_change_refused("quantize.steps=many", "'steps' is a text");
    expect_change_refused("quantize.steps", "KEY=VALUE");
    expect_change_refused("=3", "KEY=VALUE");
    expect_change_refused("quantize..steps=3", "empty");
    expect_change_refused("teacher.large.model=x", "none called 'large'");
    expect_change_refused("name.first=x", "'first'");
    // What is more than one value is a text: it cannot bring in other keys.
    expect_change_refused("name=1\nbits=2", "more than one line");
}

TEST_F(RecipeTest, StudentsTakeTheSharedSettingsUnlessTheySayOtherwise) {
    const StudyRecipe recipe = read_with("", R"([quantize]
ptq = true
images = 64
bias_correction = false
skip_passes = ["a", "b"]
[[student]]
bits = "w4a6"
ends = 8
residual = 8
images = 32
[[student]]
name = "small"
acts = 8
target_size = 560_000
asymmetric_weights = true
[[student]]
name = "trained"
bits = "w4a4"
ptq = false
steps = 10
recipe = "paper"
set = { batch = 8, momentum = 0.5 }
)");
    ASSERT_EQ(recipe.students.size(), 4u);
    const auto line = [&](size_t i) { return shell_line(recipe.students[i].arguments); };
    EXPECT_EQ(line(0), "--weights 8 --acts 8 --ptq --images 64 --no-bias-correction --skip-pass a b");
    EXPECT_EQ(line(1),
              "--weights 4 --acts 6 --ptq --ends 8 --residual-bits 8 --images 32 --no-bias-correction "
              "--skip-pass a b");
    EXPECT_EQ(line(2),
              "--target-size 560000 --acts 8 --ptq --images 64 --no-bias-correction --asymmetric-weights "
              "--skip-pass a b");
    EXPECT_EQ(line(3),
              "--weights 4 --acts 4 --images 64 --no-bias-correction --skip-pass a b --recipe paper "
              "--steps 10 --set batch=8 momentum=0.5");
}

TEST_F(RecipeTest, PathsAreSeenFromTheRecipeAndVariablesPutIn) {
    ::setenv("QUANTFACE_TEST_FOLDER", "/some/where", 1);
    ::setenv("HOME", "/home/me", 1);
    ::unsetenv("QUANTFACE_TEST_UNSET");
    const auto model = [&](const std::string& text) {
        return read_with("", "", {"teacher.tiny.model='" + text + "'"}).teachers[0].model;
    };
    EXPECT_EQ(model("a/../b.onnx").text, folder_.file("b.onnx"));
    EXPECT_EQ(model("$QUANTFACE_TEST_FOLDER/b.onnx").text, "/some/where/b.onnx");
    EXPECT_EQ(model("${QUANTFACE_TEST_FOLDER}b.onnx").text, "/some/whereb.onnx");
    EXPECT_EQ(model("${QUANTFACE_TEST_UNSET:-~/models}/b.onnx").text, "/home/me/models/b.onnx");
    EXPECT_EQ(model("~/b.onnx").text, "/home/me/b.onnx");
    EXPECT_EQ(model("~b.onnx").text, folder_.file("~b.onnx"));
    EXPECT_EQ(model("/a$$b.onnx").text, "/a$b.onnx");
    EXPECT_EQ(model("$QUANTFACE_TEST_UNSET/b.onnx").why_missing(), "$QUANTFACE_TEST_UNSET is not set");
    EXPECT_EQ(model("b.onnx").why_missing(), folder_.file("b.onnx") + " is not there");

    fs::create_directory(folder_.path() / "faces,more");
    const auto source = [&](const std::string& text) {
        return read_with("", "", {"data.noise.source='" + text + "'"}).data[0].source;
    };
    EXPECT_EQ(source("render:0.5,folder:faces,more:0.5").text,
              "render:0.5,folder:" + folder_.file("faces,more") + ":0.5");
    EXPECT_EQ(source("render:0.5,folder:faces,more:0.5").why_missing(), std::nullopt);
    EXPECT_EQ(source("noise,folder:~/faces").text, "noise,folder:/home/me/faces");
    EXPECT_EQ(source("generator:$QUANTFACE_TEST_FOLDER/g.pt:latent=512").text,
              "generator:/some/where/g.pt:latent=512");
    EXPECT_EQ(source("folder:absent").why_missing(), folder_.file("absent") + " is not there");

    const auto benchmark = [&](const std::string& text) {
        return read_with("", "[[benchmark]]\nname = \"b\"\nspec = '" + text + "'\n").benchmarks[0].spec;
    };
    EXPECT_EQ(benchmark("lfw.bin").text, folder_.file("lfw.bin"));
    EXPECT_EQ(benchmark("pairs.txt:~/lfw").text, folder_.file("pairs.txt") + ":/home/me/lfw");
    folder_.write("pairs.txt", "");
    EXPECT_EQ(benchmark("pairs.txt:lfw").why_missing(), folder_.file("lfw") + " is not there");
    folder_.write("odd:name.bin", "");
    EXPECT_EQ(benchmark("odd:name.bin").text, folder_.file("odd:name.bin"));
}

TEST_F(RecipeTest, EvaluationAndReportBecomeOptionsOfEval) {
    const StudyRecipe recipe = read_with("", R"(images = 64
flip = true
ijb = "N0D1F2"
far = [1e-4, 0.001]
bootstrap = 200
confidence = 0.9
seed = 3
centred = true
detect = false
threads = 2
[report]
html = false
layers = true
pictures = false
)");
    EXPECT_EQ(shell_line(recipe.evaluation.arguments),
              "--images 64 --flip --ijb N0D1F2 --far 0.0001 0.001 --bootstrap 200 --confidence 0.9 --seed 3 "
              "--centred --threads 2 --layers --no-pictures");
    EXPECT_FALSE(recipe.evaluation.html);
    EXPECT_TRUE(recipe.evaluation.csv);
    expect_refused(std::string(kTop) + kTables + "far = 2\n", 11, 7, "1e-9 to 1");
}

TEST_F(RecipeTest, ThePlanIsTeachersTimesBitsTimesData) {
    folder_.write("tiny.onnx", tiny_onnx());
    const StudyRecipe recipe = read_with("", R"([[teacher]]
name = "other"
model = "tiny.onnx"
mean = [1, 2.5, 3]
std = 128
bgr = true
[[data]]
name = "faces"
source = "render:7"
images = 40
[[student]]
bits = "w4a8"
teachers = ["other"]
data = ["noise"]
[quantize]
ptq = true
)");
    const StudyPlan plan = plan_study(recipe, folder_.path() / "out");
    std::vector<std::string> names;
    for (const StudyStep& step : plan.steps) names.push_back(step.name);
    const std::vector<std::string> expected = {"faces_faces",      "tiny_w8a8_noise",  "tiny_w8a8_faces",
                                               "other_w8a8_noise", "other_w8a8_faces", "other_w4a8_noise"};
    EXPECT_EQ(names, expected);
    const std::string out = folder_.file("out"), faces = out + "/faces/faces_seed7";
    EXPECT_EQ(shell_line(plan.steps[0].arguments), "synth --out " + faces + " --count 40 --seed 7");
    EXPECT_EQ(shell_line(plan.steps[4].arguments),
              "quantize " + folder_.file("tiny.onnx") +
                  " --input-mean 1,2.5,3 --input-std 128 --bgr --weights 8 --acts 8 --ptq --data folder:" +
                  faces + " -o " + out + "/students/other_w8a8_faces.qfm");
    EXPECT_EQ(plan.steps[4].needs, std::vector<size_t>{0});
    EXPECT_TRUE(plan.missing.empty());

    // Each network with its students; those that are not done are left out, what is missing is said.
    const StudyStep evaluation =
        evaluation_step(recipe, plan, {true, true, false, true, false, false}, {"it's late"});

    EXPECT_EQ(shell_line(evaluation.arguments),
              "eval " + folder_.file("tiny.onnx") + " " + out + "/students/tiny_w8a8_noise.qfm '" +
                  folder_.file("tiny.onnx") + "?mean=1,2.5,3&std=128&bgr' " + out +
                  "/students/other_w8a8_noise.qfm --data noise:2 --faces folder:" + faces +
                  " '--missing=it'\\''s late' --save-json " + out + "/report.json --html " + out +
                  "/report.html --csv " + out + "/report.csv --cache " + out + "/cache");
}

TEST_F(RecipeTest, WhatIsMissingIsNamedOnce) {
    const StudyRecipe recipe = read_with("", R"([[benchmark]]
name = "lfw"
spec = "lfw.bin"
optional = true
[[benchmark]]
name = "ijb"
spec = "ijb"
[[data]]
name = "faces"
source = "render:7"
images = 40
)");
    fs::create_directory(folder_.path() / "ijb");
    const StudyPlan plan = plan_study(recipe, folder_.path() / "out");
    ASSERT_EQ(plan.missing.size(), 2u);
    EXPECT_EQ(plan.missing[0].what, "teacher tiny: " + folder_.file("tiny.onnx") + " is not there");
    EXPECT_FALSE(plan.missing[0].optional);
    EXPECT_EQ(plan.missing[1].what, "benchmark lfw: " + folder_.file("lfw.bin") + " is not there");
    EXPECT_TRUE(plan.missing[1].optional);
    EXPECT_TRUE(plan.misses_required());
    for (const StudyStep& step : plan.steps) EXPECT_NE(step.missing, "") << step.name;
    EXPECT_EQ(plan.benchmarks, std::vector<size_t>{1});
    EXPECT_NE(evaluation_step(recipe, plan, {false, false, false}, {}).missing, "");
}

TEST_F(RecipeTest, StudentsOfTheSameFileAreRefused) {
    const StudyRecipe recipe = read_with("", R"([[teacher]]
name = "tiny_a"
model = "x"
[[student]]
name = "a_w8a8"
bits = "w8a8"
)");
    EXPECT_THROW(plan_study(recipe, folder_.path() / "out"), Error);
}

TEST(Recipes, ThoseOfTheRepositoryAreRead) {
    const StudyRecipe paper = read_recipe("recipes/paper.toml", {});
    EXPECT_EQ(paper.teachers.size(), 4u);
    EXPECT_EQ(paper.students.size(), 2u);
    EXPECT_EQ(paper.data.size(), 2u);
    EXPECT_EQ(paper.benchmarks.size(), 7u);
    EXPECT_EQ(plan_study(paper, "nowhere").students.size(), 16u);
    EXPECT_EQ(read_recipe("recipes/quick.toml", {}).students.size(), 3u);
}

}  // namespace

}  // namespace quantface::test
