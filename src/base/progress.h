// How long work reports itself. The library never prints: the program hands in an implementation that does.
#pragma once

#include <cstdint>
#include <string>

namespace quantface {

class Progress {
  public:
    virtual ~Progress() = default;
    // A stage of `total` steps begins; `label` names it and its unit ("calibrating, images").
    virtual void start(const std::string& label, int64_t total) = 0;
    // May be called from any thread.
    virtual void advance(int64_t steps) = 0;
    virtual void finish() = 0;
    // What stands behind the count from now on, until the stage finishes: "loss 0.021".
    virtual void describe(const std::string&) {}
    // True once the user asked to stop (Ctrl-C): the work stops at the next safe place with
    // fail_work("interrupted").
    virtual bool stop_requested() const { return false; }
};

// Reports nothing.
class SilentProgress final : public Progress {
  public:
    void start(const std::string&, int64_t) override {}
    void advance(int64_t) override {}
    void finish() override {}
};

}  // namespace quantface
