// What other programs take of the machine while something is measured.
#pragma once

#include <chrono>

#include "peer_process.h"

namespace quantface::peers {

class MachineLoad {
  public:
    // From now on. What the peer takes counts as ours.
    explicit MachineLoad(const PeerProcess& peer);

    // Mean number of cores that others kept busy.
    double cores_taken_by_others() const;

  private:
    long foreign_ticks() const;

    const PeerProcess& peer_;
    std::chrono::steady_clock::time_point start_;
    long ticks_at_start_;
};

}  // namespace quantface::peers
