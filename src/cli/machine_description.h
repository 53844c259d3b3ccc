// The machine that figures were measured on, in words.
#pragma once

#include <string>

namespace quantface {

struct MachineDescription {
    std::string cpu;              // as the operating system names it; "unknown" where it does not
    int cores = 1;                // available to this process
    std::string instruction_set;  // whose kernels run
};

MachineDescription describe_machine();

}  // namespace quantface
