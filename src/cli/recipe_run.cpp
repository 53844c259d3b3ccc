#include "cli/recipe_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "cli/child_process.h"
#include "cli/recipe_state.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

// One study at a time in a folder. Steps inherit the lock: while one outlives a killed study, no second study
// starts beside it.
class FolderLock {
  public:
    explicit FolderLock(const fs::path& folder) {
        const fs::path file = folder / ".lock";
        descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT, 0644);
        if (descriptor_ < 0) fail_work(file.string() + ": cannot be written: " + std::strerror(errno));
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            ::close(descriptor_);
            fail_work(folder.string() + ": another `quantface run` works there; wait for it or stop it");
        }
    }
    ~FolderLock() { ::close(descriptor_); }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int descriptor_ = -1;
};

void make_folders(const fs::path& out) {
    for (const char* name : {"students", "logs", "steps", "faces", "cache"}) {
        std::error_code error;
        fs::create_directories(out / name, error);
        if (error) fail_work((out / name).string() + ": cannot be made: " + error.message());
    }
}

std::vector<std::string> missing_texts(const std::vector<MissingThing>& missing) {
    std::vector<std::string> texts;
    for (const MissingThing& thing : missing) texts.push_back(thing.what);
    return texts;
}

// The first needed step that is not done, or nothing.
const StepReport* undone_need(const StudyStep& step, const std::vector<StepReport>& before) {
    for (const size_t need : step.needs) {
        const StepState state = before[need].state;
        if (state != StepState::kDone && state != StepState::kRun) return &before[need];
    }
    return nullptr;
}

bool all_outputs_there(const StudyStep& step) {
    return std::all_of(step.outputs.begin(), step.outputs.end(), [](const fs::path& file) {
        std::error_code ignored;
        return fs::exists(file, ignored);
    });
}

std::string failure_text(const ChildResult& child) {
    if (child.signal != 0)
        return fmt::format("ended by signal {} ({})", child.signal, strsignal(child.signal));
    if (!child.error.empty()) return child.error;
    return fmt::format("exit code {}", child.exit_code);
}

class StudyRun {
  public:
    StudyRun(const StudyPlan& plan, bool show_tables, const Progress& progress)
        : plan_(plan), show_tables_(show_tables), progress_(progress) {}

    StepReport run(const StudyStep& step, size_t number, size_t count) {
        StepReport report;
        report.step = step;
        if (is_done(step, state_file(plan_, step), hashes_)) {
            report.state = StepState::kDone;
            return report;
        }
        stop_if_asked();
        announce(step, number, count);
        note_started(step, state_file(plan_, step), hashes_);
        const bool shows = show_tables_ && step.name == kEvaluationName;
        const ChildResult child = run_child({step.arguments, log_file(plan_, step), shows});
        report.seconds = child.seconds;
        if (child.exit_code == 0 && all_outputs_there(step)) {
            note_done(step, state_file(plan_, step), child.seconds, hashes_);
            report.state = StepState::kRun;
        } else {
            report.state = StepState::kFailed;
            report.why = child.exit_code == 0 ? "its output is not there" : failure_text(child);
        }
        if (child.interrupted) fail_interrupted();
        return report;
    }

  private:
    void stop_if_asked() const {
        if (progress_.stop_requested()) fail_interrupted();
    }
    [[noreturn]] static void fail_interrupted() {
        fail_work("interrupted; the same command goes on from here");
    }
    void announce(const StudyStep& step, size_t number, size_t count) const {
        fmt::print(stderr, "---- {} of {}: {} {}\n", number, count, step.arguments.front(), step.name);
        const std::string line = "---- quantface " + shell_line(step.arguments) + "\n";
        if (FILE* log = std::fopen(log_file(plan_, step).c_str(), "ab")) {
            std::fwrite(line.data(), 1, line.size(), log);
            std::fclose(log);
        }
    }

    const StudyPlan& plan_;
    bool show_tables_;
    const Progress& progress_;
    FileHashes hashes_;
};

StepReport left_out(const StudyStep& step, const std::string& why) {
    StepReport report;
    report.step = step;
    report.state = StepState::kMissing;
    report.why = why;
    return report;
}

std::vector<bool> usable(const std::vector<StepReport>& steps, bool also_to_do) {
    std::vector<bool> usable;
    for (const StepReport& report : steps) {
        usable.push_back(report.state == StepState::kDone || report.state == StepState::kRun ||
                         (also_to_do && report.state == StepState::kToDo));
    }
    return usable;
}

}  // namespace

const char* step_state_name(StepState state) {
    switch (state) {
        case StepState::kDone:
            return "done";
        case StepState::kToDo:
            return "to do";
        case StepState::kRun:
            return "done now";
        case StepState::kFailed:
            return "failed";
        case StepState::kMissing:
            return "missing";
    }
    return "";
}

bool StudyReport::any(StepState state) const {
    return std::any_of(steps.begin(), steps.end(), [&](const StepReport& s) { return s.state == state; });
}

StudyReport survey_study(const StudyRecipe& recipe, const StudyPlan& plan) {
    StudyReport report{plan.out, {}, plan.missing};
    FileHashes hashes;
    const auto survey = [&](const StudyStep& step) {
        if (!step.missing.empty()) return left_out(step, step.missing);
        StepReport one;
        one.step = step;
        const StepReport* need = undone_need(step, report.steps);
        if (need == nullptr && is_done(step, state_file(plan, step), hashes)) one.state = StepState::kDone;
        return one;
    };
    for (const StudyStep& step : plan.steps) report.steps.push_back(survey(step));
    StudyStep evaluation =
        evaluation_step(recipe, plan, usable(report.steps, true), missing_texts(plan.missing));
    // Students that are made anew may come out the same; that is only known then.
    const bool something_to_do = report.any(StepState::kToDo);
    report.steps.push_back(survey(evaluation));
    if (something_to_do && report.steps.back().state == StepState::kDone)
        report.steps.back().state = StepState::kToDo;
    return report;
}

StudyReport run_study(const StudyRecipe& recipe, const StudyPlan& plan, bool show_tables,
                      Progress& progress) {
    make_folders(plan.out);
    const FolderLock lock(plan.out);
    StudyReport report{plan.out, {}, plan.missing};
    StudyRun runner(plan, show_tables, progress);
    const size_t count = plan.steps.size() + 1;
    std::vector<std::string> missing = missing_texts(plan.missing);
    for (const StudyStep& step : plan.steps) {
        const StepReport* need = undone_need(step, report.steps);
        if (!step.missing.empty()) {
            report.steps.push_back(left_out(step, step.missing));
        } else if (need != nullptr) {
            report.steps.push_back(left_out(step, need->step.name + " was not made"));
        } else {
            report.steps.push_back(runner.run(step, report.steps.size() + 1, count));
        }
        const StepReport& last = report.steps.back();
        if (last.state == StepState::kFailed) missing.push_back(step.name + ": failed: " + last.why);
    }
    const StudyStep evaluation = evaluation_step(recipe, plan, usable(report.steps, false), missing);
    report.steps.push_back(evaluation.missing.empty() ? runner.run(evaluation, count, count)
                                                      : left_out(evaluation, evaluation.missing));
    return report;
}

}  // namespace quantface
