// A program that answers one line for each line it is given, run beside this one.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

namespace quantface::peers {

class PeerProcess {
  public:
    // Throws Error(kFailed) where it cannot be started. The program is looked for in $PATH.
    explicit PeerProcess(const std::vector<std::string>& command_line);
    ~PeerProcess();
    PeerProcess(const PeerProcess&) = delete;
    PeerProcess& operator=(const PeerProcess&) = delete;

    // What it answers behind "ok". Throws Error(kFailed) where it answers anything else or has ended.
    std::string ask(const std::string& command);

    // Returns once the process has taken no more of the CPU for a while: threads of a finished job may spin
    // on.
    void wait_until_idle() const;

    // Of the CPU, by all its threads so far, in clock ticks (sysconf(_SC_CLK_TCK) a second).
    long cpu_ticks() const;

  private:
    pid_t process_ = -1;
    FILE* to_ = nullptr;
    FILE* from_ = nullptr;
};

}  // namespace quantface::peers
