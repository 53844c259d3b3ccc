#include "quantize/pass_verification.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "graph/passes/pass.h"
#include "runtime/float_executor.h"

namespace quantface {

double largest_embedding_difference(const Graph& before, const Graph& after) {
    constexpr int kInputs = 2;
    const FloatExecutor executor_before(before), executor_after(after);
    const auto workspace_before = executor_before.make_workspace(),
               workspace_after = executor_after.make_workspace();
    std::vector<float> input(static_cast<size_t>(before.values[before.input].shape.size()));
    std::vector<float> expected(before.embedding_size()), got(after.embedding_size());
    QF_CHECK(expected.size() == got.size());
    double largest_difference = 0, largest = 0;
    Rng rng(0x7061737365);
    for (int round = 0; round < kInputs; ++round) {
        for (float& number : input) number = static_cast<float>(rng.uniform(-1, 1));
        executor_before.run(input, expected, *workspace_before);
        executor_after.run(input, got, *workspace_after);
        for (size_t index = 0; index < got.size(); ++index) {
            largest_difference =
                std::max(largest_difference, std::fabs(double{got[index]} - expected[index]));
            largest = std::max(largest, std::fabs(double{expected[index]}));
        }
    }
    return largest > 0 ? largest_difference / largest : largest_difference;
}

std::vector<PassReport> run_verified_passes(Graph& graph, std::span<const std::string> skip) {
    std::vector<PassReport> reports;
    run_passes(graph, skip, [&](const GraphPass& pass, int changes, const Graph& before, const Graph& after) {
        const double difference = largest_embedding_difference(before, after);
        QF_CHECK(difference < kPassTolerance);
        reports.push_back({pass.name, changes, difference});
    });
    return reports;
}

void check_pass_names(std::span<const std::string> names) {
    for (const std::string& name : names) {
        std::string known = "equalize";
        bool found = name == known;
        for (const GraphPass& pass : graph_passes()) {
            found = found || name == pass.name;
            known += std::string(", ") + pass.name;
        }
        if (!found) fail_usage("no pass is named '" + name + "'; the passes are " + known);
    }
}

}  // namespace quantface
