#include "cli/recipe_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

#include "base/error.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

void append(std::vector<std::string>& arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
}

std::vector<std::string> input_arguments(const RecipeTeacher& teacher) {
    std::vector<std::string> arguments;
    if (!teacher.mean.empty()) append(arguments, {"--input-mean", teacher.mean});
    if (!teacher.std.empty()) append(arguments, {"--input-std", teacher.std});
    if (teacher.bgr) arguments.push_back("--bgr");
    return arguments;
}

// The teacher as `eval` takes networks of different inputs: "model.onnx?mean=127&std=128&bgr".
std::string model_with_input(const RecipeTeacher& teacher) {
    std::string options;
    const auto add = [&](const std::string& option) { options += (options.empty() ? "?" : "&") + option; };
    if (!teacher.mean.empty()) add("mean=" + teacher.mean);
    if (!teacher.std.empty()) add("std=" + teacher.std);
    if (teacher.bgr) add("bgr");
    return teacher.model.text + options;
}

fs::path faces_folder(const fs::path& out, const RecipeData& data) {
    return out / "faces" / fmt::format("{}_seed{}", data.name, data.rendered->seed);
}

StudyStep faces_step(const fs::path& out, const RecipeData& data) {
    const fs::path folder = faces_folder(out, data);
    StudyStep step;
    step.name = "faces_" + data.name;
    step.arguments = {"synth",
                      "--out",
                      folder.string(),
                      "--count",
                      std::to_string(data.rendered->images),
                      "--seed",
                      std::to_string(data.rendered->seed)};
    step.outputs = {folder / "manifest.json"};
    return step;
}

// What is known of a teacher or of data before any step is planned.
struct Planned {
    std::string missing;             // why it cannot be used, or empty
    std::string source;              // of data: SOURCE of its students
    std::optional<size_t> step;      // of data: the step that makes it
    std::vector<fs::path> contents;  // files that students follow from
};

StudyStep student_step(const StudyRecipe& recipe, const fs::path& out, size_t teacher_index,
                       const RecipeStudent& student, size_t data_index, const Planned& teacher_plan,
                       const Planned& data_plan) {
    const RecipeTeacher& teacher = recipe.teachers[teacher_index];
    StudyStep step;
    step.name = fmt::format("{}_{}_{}", teacher.name, student.name, recipe.data[data_index].name);
    const fs::path file = out / "students" / (step.name + ".qfm");
    step.arguments = {"quantize", teacher.model.text};
    append(step.arguments, input_arguments(teacher));
    append(step.arguments, student.arguments);
    append(step.arguments, {"--data", data_plan.source, "-o", file.string()});
    step.inputs = teacher_plan.contents;
    step.inputs.insert(step.inputs.end(), data_plan.contents.begin(), data_plan.contents.end());
    step.outputs = {file};
    step.checkpoint = file.string() + ".checkpoint";
    if (data_plan.step) step.needs.push_back(*data_plan.step);
    step.missing = !teacher_plan.missing.empty() ? teacher_plan.missing : data_plan.missing;
    return step;
}

// Plain files among those that are needed; what a folder holds is not looked at.
std::vector<fs::path> plain_files(const RecipeFile& file) {
    std::vector<fs::path> files;
    for (const fs::path& path : file.needs) {
        std::error_code ignored;
        if (fs::is_regular_file(path, ignored)) files.push_back(path);
    }
    return files;
}

std::string note_missing(const std::string& kind, const std::string& name, const RecipeFile& file,
                         bool optional, StudyPlan& plan) {
    const std::optional<std::string> why = file.why_missing();
    if (!why) return "";
    plan.missing.push_back({fmt::format("{} {}: {}", kind, name, *why), optional});
    return plan.missing.back().what;
}

std::vector<Planned> plan_teachers(const StudyRecipe& recipe, StudyPlan& plan) {
    std::vector<Planned> planned;
    for (const RecipeTeacher& teacher : recipe.teachers) {
        Planned one;
        one.missing = note_missing("teacher", teacher.name, teacher.model, teacher.optional, plan);
        one.contents = plain_files(teacher.model);
        if (one.missing.empty()) plan.teachers.push_back(planned.size());
        planned.push_back(std::move(one));
    }
    return planned;
}

std::vector<Planned> plan_data(const StudyRecipe& recipe, StudyPlan& plan) {
    std::vector<Planned> planned;
    for (const RecipeData& data : recipe.data) {
        Planned one;
        one.missing = note_missing("data", data.name, data.source, data.optional, plan);
        one.source = data.source.text;
        one.contents = plain_files(data.source);
        if (data.rendered) {
            plan.steps.push_back(faces_step(plan.out, data));
            one.step = plan.steps.size() - 1;
            one.source = "folder:" + faces_folder(plan.out, data).string();
            one.contents = plan.steps.back().outputs;
        }
        planned.push_back(std::move(one));
    }
    return planned;
}

// Faces that no student can be made of are not drawn.
void leave_out_unneeded(StudyPlan& plan) {
    std::set<size_t> needed;
    for (const StudyStep& step : plan.steps) {
        if (step.missing.empty()) needed.insert(step.needs.begin(), step.needs.end());
    }
    const size_t first_student = plan.students.empty() ? plan.steps.size() : plan.students.front().step;
    for (size_t i = 0; i < first_student; ++i) {
        if (!needed.contains(i)) plan.steps[i].missing = "no student can be made of it";
    }
}

void plan_benchmarks(const StudyRecipe& recipe, StudyPlan& plan) {
    for (size_t i = 0; i < recipe.benchmarks.size(); ++i) {
        const RecipeBenchmark& benchmark = recipe.benchmarks[i];
        if (note_missing("benchmark", benchmark.name, benchmark.spec, benchmark.optional, plan).empty())
            plan.benchmarks.push_back(i);
    }
}

void refuse_same_names(const StudyPlan& plan) {
    std::set<std::string> names = {kEvaluationName};
    for (const StudyStep& step : plan.steps) {
        if (!names.insert(step.name).second)
            fail_bad_input("two steps of the study would be called " + step.name + "; change a name");
    }
}

// Each teacher and behind it its students, so that a report reads so.
void add_models(const StudyRecipe& recipe, const StudyPlan& plan, const std::vector<bool>& done,
                StudyStep& step) {
    for (const size_t teacher : plan.teachers) {
        step.arguments.push_back(model_with_input(recipe.teachers[teacher]));
        const std::vector<fs::path> files = plain_files(recipe.teachers[teacher].model);
        step.inputs.insert(step.inputs.end(), files.begin(), files.end());
        for (const PlannedStudent& student : plan.students) {
            if (student.teacher != teacher || !done[student.step]) continue;
            const fs::path& file = plan.steps[student.step].outputs.front();
            step.arguments.push_back(file.string());
            step.inputs.push_back(file);
        }
    }
}

void add_outputs(const RecipeEvaluation& evaluation, const fs::path& out, StudyStep& step) {
    const auto add = [&](const char* option, const char* name) {
        append(step.arguments, {option, (out / name).string()});
        step.outputs.push_back(out / name);
    };
    add("--save-json", "report.json");
    if (evaluation.html) add("--html", "report.html");
    if (evaluation.csv) add("--csv", "report.csv");
    if (evaluation.cache) append(step.arguments, {"--cache", (out / "cache").string()});
}

// Those that the recipe names, else the first that the study drew.
std::string faces_to_show(const StudyRecipe& recipe, const StudyPlan& plan, const std::vector<bool>& done) {
    const std::optional<RecipeFile>& named = recipe.evaluation.faces;
    if (named && !named->why_missing()) return named->text;
    size_t step = 0;
    for (const RecipeData& data : recipe.data) {
        if (!data.rendered) continue;
        if (done[step++]) return "folder:" + faces_folder(plan.out, data).string();
    }
    return "";
}

}  // namespace

bool StudyPlan::misses_required() const {
    return std::any_of(missing.begin(), missing.end(), [](const MissingThing& m) { return !m.optional; });
}

fs::path state_file(const StudyPlan& plan, const StudyStep& step) {
    return plan.out / "steps" / (step.name + ".json");
}

fs::path log_file(const StudyPlan& plan, const StudyStep& step) {
    return plan.out / "logs" / (step.name + ".log");
}

StudyPlan plan_study(const StudyRecipe& recipe, const fs::path& out) {
    StudyPlan plan;
    plan.out = fs::absolute(out).lexically_normal();
    const std::vector<Planned> teachers = plan_teachers(recipe, plan);
    const std::vector<Planned> data = plan_data(recipe, plan);
    for (size_t teacher = 0; teacher < recipe.teachers.size(); ++teacher) {
        for (const RecipeStudent& student : recipe.students) {
            const auto& wanted = student.teachers;
            if (std::find(wanted.begin(), wanted.end(), teacher) == wanted.end()) continue;
            for (const size_t source : student.data) {
                plan.students.push_back({plan.steps.size(), teacher});
                plan.steps.push_back(student_step(recipe, plan.out, teacher, student, source,
                                                  teachers[teacher], data[source]));
            }
        }
    }
    leave_out_unneeded(plan);
    plan_benchmarks(recipe, plan);
    for (const auto& [table, key, file] : {std::tuple("[evaluation]", "data", recipe.evaluation.agreement),
                                           std::tuple("[evaluation]", "detector", recipe.evaluation.detector),
                                           std::tuple("[report]", "faces", recipe.evaluation.faces)}) {
        if (file) note_missing(table, key, *file, false, plan);
    }
    refuse_same_names(plan);
    return plan;
}

StudyStep evaluation_step(const StudyRecipe& recipe, const StudyPlan& plan, const std::vector<bool>& done,
                          const std::vector<std::string>& missing) {
    const RecipeEvaluation& evaluation = recipe.evaluation;
    StudyStep step;
    step.name = kEvaluationName;
    step.arguments = {"eval"};
    add_models(recipe, plan, done, step);
    if (step.inputs.empty()) step.missing = "no network of the study is there";
    for (const size_t index : plan.benchmarks) {
        const RecipeFile& spec = recipe.benchmarks[index].spec;
        append(step.arguments, {"--bench", spec.text});
        const std::vector<fs::path> files = plain_files(spec);
        step.inputs.insert(step.inputs.end(), files.begin(), files.end());
    }
    const bool has_agreement = evaluation.agreement && !evaluation.agreement->why_missing();
    if (has_agreement) append(step.arguments, {"--data", evaluation.agreement->text});
    if (step.missing.empty() && !has_agreement && plan.benchmarks.empty())
        step.missing = "nothing to measure on is there";
    append(step.arguments, evaluation.arguments);
    if (evaluation.detector && !evaluation.detector->why_missing())
        append(step.arguments, {"--detector", evaluation.detector->text});
    if (const std::string faces = faces_to_show(recipe, plan, done); !faces.empty())
        append(step.arguments, {"--faces", faces});
    for (const std::string& what : missing) step.arguments.push_back("--missing=" + what);
    add_outputs(evaluation, plan.out, step);
    return step;
}

std::string shell_line(const std::vector<std::string>& arguments) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+%@";
    std::string line;
    for (const std::string& argument : arguments) {
        std::string word = argument;
        if (argument.empty() || argument.find_first_not_of(kPlain) != std::string::npos) {
            word = "'";
            for (const char c : argument) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
            word += "'";
        }
        line += (line.empty() ? "" : " ") + word;
    }
    return line;
}

}  // namespace quantface
