#include "base/error.h"
#include "eval/benchmarks/benchmark.h"
#include "faces/ijb_layout.h"

namespace quantface {

std::unique_ptr<Benchmark> open_benchmark(const std::string& spec, const BenchmarkOptions& options) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    if (fs::is_directory(spec, ignored)) {
        return is_ijb_layout(spec) ? open_ijb_benchmark(spec, options)
                                   : open_identity_benchmark(spec, options);
    }
    // A file of that very name comes before what its colons could mean.
    const size_t colon = fs::exists(spec, ignored) ? std::string::npos : spec.rfind(':');
    if (colon != std::string::npos)
        return open_pair_list_benchmark(spec.substr(0, colon), spec.substr(colon + 1), options);
    const fs::path path = spec;
    if (path.extension() == ".txt" || path.extension() == ".csv") {
        return open_pair_list_benchmark(path, path.has_parent_path() ? path.parent_path() : ".", options);
    }
    return open_pack_benchmark(path, options);
}

}  // namespace quantface
