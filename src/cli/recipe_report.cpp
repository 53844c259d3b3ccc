// What `run` says of a study: a table for the terminal, a document for programs.
#include <fmt/format.h>

#include "cli/recipe_run.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

std::string made_of(const StepReport& report) {
    if (!report.why.empty()) return report.why;
    return report.step.outputs.empty() ? "" : report.step.outputs.back().string();
}

std::string time_of(const StepReport& report) {
    const bool ran = report.state == StepState::kRun || report.state == StepState::kFailed;
    return ran ? fmt::format("{:.0f} s", report.seconds) : "";
}

}  // namespace

Json to_json(const StudyRecipe& recipe, const StudyReport& report) {
    Json steps = Json::array(), missing = Json::array();
    for (const StepReport& one : report.steps) {
        Json outputs = Json::array();
        for (const auto& file : one.step.outputs) outputs.push_back(file.string());
        steps.push_back({{"step", one.step.name},
                         {"state", step_state_name(one.state)},
                         {"why", one.why.empty() ? Json() : Json(one.why)},
                         {"seconds", one.seconds},
                         {"command", one.step.arguments},
                         {"outputs", outputs}});
    }
    for (const MissingThing& thing : report.missing)
        missing.push_back({{"what", thing.what}, {"optional", thing.optional}});
    return {{"study", recipe.name}, {"out", report.out.string()}, {"steps", steps}, {"missing", missing}};
}

std::string study_table(const StudyReport& report, bool with_commands) {
    TextTable table({"step", "<state", "time", "<file, or why not"});
    for (const StepReport& one : report.steps)
        table.add_row({one.step.name, step_state_name(one.state), time_of(one), made_of(one)});
    std::string text = table.render();
    if (!report.missing.empty()) text += "\nmissing:\n";
    for (const MissingThing& thing : report.missing)
        text += "  " + thing.what + (thing.optional ? " (optional)" : "") + "\n";
    if (!with_commands) return text;
    text += "\n";
    for (const StepReport& one : report.steps) {
        if (one.state == StepState::kToDo) text += "quantface " + shell_line(one.step.arguments) + "\n";
    }
    return text;
}

}  // namespace quantface
