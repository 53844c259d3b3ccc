#include "machine_load.h"

#include <sys/times.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace quantface::peers {

namespace {

// Of all cores together: the first line of /proc/stat, "cpu user nice system idle iowait irq softirq steal
// ...".
long busy_ticks() {
    std::ifstream file("/proc/stat");
    std::string name;
    long user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft_interrupts = 0,
         stolen = 0;
    file >> name >> user >> nice >> system >> idle >> waiting >> interrupts >> soft_interrupts >> stolen;
    return user + nice + system + interrupts + soft_interrupts + stolen;
}

long own_ticks() {
    tms times{};
    ::times(&times);
    return times.tms_utime + times.tms_stime;
}

}  // namespace

MachineLoad::MachineLoad(const PeerProcess& peer)
    : peer_(peer), start_(std::chrono::steady_clock::now()), ticks_at_start_(foreign_ticks()) {}

long MachineLoad::foreign_ticks() const {
    return busy_ticks() - own_ticks() - peer_.cpu_ticks();
}

double MachineLoad::cores_taken_by_others() const {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const auto ticks = static_cast<double>(foreign_ticks() - ticks_at_start_);
    return std::max(0.0, ticks / static_cast<double>(sysconf(_SC_CLK_TCK)) / seconds);
}

}  // namespace quantface::peers
