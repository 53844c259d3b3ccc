// Progress on stderr: a bar on a terminal, plain lines in a log. And stopping on Ctrl-C.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "base/progress.h"

namespace quantface {

// From now on the first SIGINT or SIGTERM asks the work to stop at its next safe place; a second one kills at
// once.
void install_stop_signals();

class TerminalProgress final : public Progress {
  public:
    // A bar where stderr is a terminal or QUANTFACE_PROGRESS is "bar".
    TerminalProgress();
    // Ends a bar left open by an error, so that the error's line stands alone.
    ~TerminalProgress() override;

    // A label "calibrating, images" reads "calibrating: 12 of 256 images".
    void start(const std::string& label, int64_t total) override;
    void advance(int64_t steps) override;
    void finish() override;
    void describe(const std::string& text) override;
    bool stop_requested() const override;

  private:
    using Clock = std::chrono::steady_clock;

    void draw(Clock::time_point now);
    std::string status(double seconds) const;
    void end_line();

    std::mutex mutex_;
    bool is_terminal_ = false;
    bool active_ = false;
    bool bar_open_ = false;  // a bar stands on the current line
    std::string name_, unit_, description_;
    int64_t total_ = 0;
    int64_t done_ = 0;
    Clock::time_point started_, drawn_;
};

}  // namespace quantface
