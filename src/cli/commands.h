// The program's commands. Each file command_*.cpp declares its options and turns them into one action.
#pragma once

#include <functional>

#include "base/progress.h"

namespace CLI {
class App;
}

namespace quantface {

// The work of the command that the user named; run after the command line was read as a whole.
using Action = std::function<void(Progress& progress)>;

void add_inspect_command(CLI::App& program, Action& action);
void add_synth_command(CLI::App& program, Action& action);
void add_assets_command(CLI::App& program, Action& action);
void add_quantize_command(CLI::App& program, Action& action);
void add_eval_command(CLI::App& program, Action& action);
void add_merge_command(CLI::App& program, Action& action);
void add_align_command(CLI::App& program, Action& action);
void add_embed_command(CLI::App& program, Action& action);
void add_verify_command(CLI::App& program, Action& action);
void add_bench_command(CLI::App& program, Action& action);
void add_export_command(CLI::App& program, Action& action);
void add_run_command(CLI::App& program, Action& action);
void add_enroll_command(CLI::App& program, Action& action);
void add_search_command(CLI::App& program, Action& action);
void add_gallery_command(CLI::App& program, Action& action);
void add_index_command(CLI::App& program, Action& action);

}  // namespace quantface
