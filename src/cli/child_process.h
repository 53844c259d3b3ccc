// Runs this same program once more, as a step of a longer piece of work.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace quantface {

struct ChildRun {
    std::vector<std::string> arguments;  // behind the program's name
    std::filesystem::path log;           // stdout and stderr are added to it, progress bars left out
    bool show_output = false;            // stdout goes to ours, too; stderr always goes to ours
};

struct ChildResult {
    int exit_code = -1;        // -1: a signal ended it
    int signal = 0;            // which
    std::string error;         // the last line "quantface: ..." of its stderr, without the beginning
    bool interrupted = false;  // SIGINT or SIGTERM came while it ran
    double seconds = 0;
};

// Waits for the end. SIGINT and SIGTERM are handed on to the child, which then stops at its next safe place;
// the second one kills it. The child has a process group of its own, so that Ctrl-C reaches it by this way
// alone, and dies of SIGPIPE at its next line where this process is killed. Throws Error(kFailed) where it
// cannot be started or the log cannot be written.
ChildResult run_child(const ChildRun& run);

}  // namespace quantface
