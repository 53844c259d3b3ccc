#include "cli/machine_description.h"

#include <fstream>

#include "base/thread_pool.h"
#include "kernels/kernel_set.h"

namespace quantface {

namespace {

std::string cpu_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        const size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "unknown";
}

}  // namespace

MachineDescription describe_machine() {
    return {cpu_name(), available_cores(), chosen_kernel_set().name};
}

}  // namespace quantface
