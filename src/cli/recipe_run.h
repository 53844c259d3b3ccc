// A study run step by step, each a run of this program, as far as it is not done already.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "cli/json_output.h"
#include "cli/recipe_plan.h"

namespace quantface {

enum class StepState {
    kDone,     // stands from an earlier run
    kToDo,     // would be run
    kRun,      // was run now, with success
    kFailed,   // was run now, without
    kMissing,  // cannot be run: files are missing, or a step before it failed
};

const char* step_state_name(StepState state);

struct StepReport {
    StudyStep step;
    StepState state = StepState::kToDo;
    std::string why;     // of kFailed and kMissing
    double seconds = 0;  // of kRun and kFailed
};

struct StudyReport {
    std::filesystem::path out;
    std::vector<StepReport> steps;  // the plan's, then the evaluation
    std::vector<MissingThing> missing;

    bool any(StepState state) const;
};

// What a run would do now; changes nothing. Steps whose inputs another step would make anew count as to do.
StudyReport survey_study(const StudyRecipe& recipe, const StudyPlan& plan);

// Does it: says on stderr which step begins, lets the steps' own stderr through, keeps their output in the
// study's logs (and of the evaluation shows it, if `show_tables`). A step that fails does not end the study:
// the steps that need it are left out, and the report says so. Throws Error(kFailed): "interrupted ..." when
// asked to stop, and where the disk refuses or another process works in the same folder.
StudyReport run_study(const StudyRecipe& recipe, const StudyPlan& plan, bool show_tables, Progress& progress);

Json to_json(const StudyRecipe& recipe, const StudyReport& report);
// The steps and their states, and what is missing. with_commands: also how each would be run by hand.
std::string study_table(const StudyReport& report, bool with_commands);

}  // namespace quantface
