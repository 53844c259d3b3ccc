#include <CLI/CLI.hpp>

#include "cli/quantize_training.h"

namespace quantface {

void add_training_options(CLI::App& command, TrainingOptions& options) {
    const std::string group = "Training";
    command.add_option("--steps", options.steps, "Training steps (the recipe's: 4000, paper 11341)")
        ->check(CLI::Range(int64_t{1}, int64_t{100000000}))
        ->group(group);
    command
        .add_option("--train-images", options.images, "Images to train on (the recipe's: 4096, paper 528227)")
        ->check(CLI::Range(int64_t{2}, int64_t{1000000000}))
        ->group(group);
    command
        .add_option("--recipe", options.recipe, "How to train: default, or paper (Boutros et al., ICPR 2022)")
        ->check(CLI::IsMember({"default", "paper"}))
        ->capture_default_str()
        ->group(group);
    command.add_option("--set", options.set, "Change numbers of the recipe (a wrong NAME lists them all)")
        ->type_name("NAME=NUMBER...")
        ->group(group);
    command
        .add_option("--precision", options.precision,
                    "Of training: float32, bfloat16 or what suits the CPU and bits")
        ->check(CLI::IsMember({"auto", "float32", "bfloat16"}))
        ->capture_default_str()
        ->group(group);
    command.add_option("--device", options.device, "To train on; auto: CUDA where libtorch has it")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
        ->capture_default_str()
        ->group(group);
    command
        .add_option("--patience", options.patience,
                    "Stop after this many judgements (20 a run) without a better model; 0: never")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str()
        ->group(group);
    command
        .add_option("--checkpoint", options.checkpoint,
                    "Where an interrupted run is kept (OUT.qfm.checkpoint)")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option("--checkpoint-seconds", options.checkpoint_seconds, "How often it is brought up to date")
        ->check(CLI::Range(0.0, 1e9))
        ->capture_default_str()
        ->group(group);
    command.add_flag("--no-checkpoint", options.no_checkpoint, "Keep nothing of an interrupted run")
        ->group(group);
}

}  // namespace quantface
