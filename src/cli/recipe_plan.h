// A study as steps: what has to be run, in which order, and what cannot be as files are missing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/recipe.h"

namespace quantface {

// The step that measures, as state, log and tables call it.
constexpr const char* kEvaluationName = "report";

// One run of this program.
struct StudyStep {
    std::string name;                            // unique, a name for files: "small_w6a6_rendered"
    std::vector<std::string> arguments;          // behind the program's name
    std::vector<std::filesystem::path> inputs;   // files whose contents the result follows from
    std::vector<std::filesystem::path> outputs;  // files that stand once it is done
    std::vector<size_t> needs;                   // steps before it that must be done
    std::string missing;                         // why it cannot be run; empty: it can
    std::filesystem::path checkpoint;            // what an interrupted run leaves, or empty
};

// Which student of which teacher a step makes.
struct PlannedStudent {
    size_t step = 0;
    size_t teacher = 0;
};

struct MissingThing {
    std::string what;  // "benchmark lfw: FILE is not there"
    bool optional = false;
};

struct StudyPlan {
    std::filesystem::path out;
    std::vector<StudyStep> steps;  // folders of faces, then students; the evaluation is not among them
    std::vector<PlannedStudent> students;
    std::vector<size_t> teachers;    // those whose network is there
    std::vector<size_t> benchmarks;  // those that are there
    std::vector<MissingThing> missing;

    bool misses_required() const;
};

// Where a study keeps what belongs to a step.
std::filesystem::path state_file(const StudyPlan& plan, const StudyStep& step);
std::filesystem::path log_file(const StudyPlan& plan, const StudyStep& step);

// Looks at which files are there. Throws Error(kBadInput) where two students would be the same file.
StudyPlan plan_study(const StudyRecipe& recipe, const std::filesystem::path& out);

// The step that measures everything: the teachers that are there and those students whose steps are `done`
// (one entry for each step). `missing`: what the report says is not in it. The step's own `missing` is set
// where there is nothing to measure or nothing to measure on.
StudyStep evaluation_step(const StudyRecipe& recipe, const StudyPlan& plan, const std::vector<bool>& done,
                          const std::vector<std::string>& missing);

// "eval model.onnx ..." as a shell would take it.
std::string shell_line(const std::vector<std::string>& arguments);

}  // namespace quantface
