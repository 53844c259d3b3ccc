// The command line of `quantface eval`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/input_options.h"
#include "cli/json_output.h"
#include "cli/photos.h"
#include "eval/embedding_store.h"

namespace CLI {
class App;
}

namespace quantface {

struct EvalOptions {
    std::vector<std::string> models;
    std::string teacher;
    std::vector<std::string> benchmarks;
    std::string data;
    int64_t images = 256;
    bool flip = false;
    std::string ijb = "N1D1F2";
    std::vector<double> fars;
    int bootstrap = 1000;
    double confidence = 0.95;
    uint64_t seed = 1;
    std::string cache, shard;
    std::string html, csv, faces;
    bool layers = false, speed = false, no_pictures = false;
    std::vector<std::string> missing;
    int threads = 0;
    PhotoOptions photos;
    InputOptions input;
    JsonOptions json;
};

void add_eval_options(CLI::App& command, EvalOptions& options);

// "K/N": the Kth of N shards, from 1; empty: all. Throws Error(kUsage).
Shard parse_shard(const std::string& text);

}  // namespace quantface
