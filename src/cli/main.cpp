// The `quantface` program: reads the command line, runs one command, turns errors into one line and an exit
// code.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/terminal_progress.h"
#include "cli/version.h"

namespace quantface {

namespace {

enum ExitCode { kDone = 0, kWorkFailed = 1, kWrongUsage = 2, kBadInputFile = 3 };

// The first line of a message; nothing from a file name or a library may break "errors are one line".
std::string one_line(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return text;
}

int report(ExitCode code, const std::string& message) {
    std::fprintf(stderr, "quantface: %s\n", one_line(message).c_str());
    return code;
}

ExitCode exit_code_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::kUsage:
            return kWrongUsage;
        case ErrorKind::kBadInput:
            return kBadInputFile;
        case ErrorKind::kFailed:
            return kWorkFailed;
    }
    return kWorkFailed;
}

int run_action(const Action& action) {
    install_stop_signals();
    try {
        {
            TerminalProgress progress;
            action(progress);
        }
        // A full disk behind stdout must not look like success.
        if (std::fflush(stdout) != 0 || std::ferror(stdout))
            return report(kWorkFailed, "cannot write to stdout");
        return kDone;
    } catch (const Error& error) {
        return report(exit_code_of(error.kind()), error.what());
    } catch (const std::bad_alloc&) {
        return report(kWorkFailed, "out of memory");
    } catch (const std::exception& error) {
        return report(kWorkFailed, std::string("internal error: ") + error.what());
    }
}

int run(int argc, char** argv) {
    CLI::App program("Turns a full-precision face-recognition network into a small integer network.",
                     "quantface");
    program.set_version_flag("--version", "quantface " + std::string(kProgramVersion));
    program.require_subcommand(1);
    program.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "quantface: " + one_line(error.what()) + " (quantface --help tells more)\n";
    });

    Action action;
    add_inspect_command(program, action);
    add_synth_command(program, action);
    add_assets_command(program, action);
    add_quantize_command(program, action);
    add_eval_command(program, action);
    add_merge_command(program, action);
    add_align_command(program, action);
    add_embed_command(program, action);
    add_verify_command(program, action);
    add_bench_command(program, action);
    add_export_command(program, action);
    add_run_command(program, action);
    add_enroll_command(program, action);
    add_search_command(program, action);
    add_gallery_command(program, action);
    add_index_command(program, action);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // exit() prints help or the version to stdout and returns 0 for them, else one line to stderr.
        return program.exit(error) == 0 ? kDone : kWrongUsage;
    }
    return run_action(action);
}

}  // namespace

}  // namespace quantface

int main(int argc, char** argv) {
    return quantface::run(argc, argv);
}
