// The contents of a benchmark in one hash.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "eval/benchmarks/benchmark.h"

namespace quantface {

// Of one file its SHA-256; of several the SHA-256 of lines "SHA-256, two blanks, name" in their order, so
// that it is the same wherever they lie; "missing" stands for a file that cannot be read. Throws
// Error(kFailed) "interrupted".
std::string hash_data_files(const std::vector<Benchmark::DataFile>& files, ThreadPool& pool,
                            Progress& progress);

}  // namespace quantface
