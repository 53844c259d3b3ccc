#include "cli/terminal_progress.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace quantface {

namespace {

volatile sig_atomic_t stop_flag = 0;

extern "C" void quantface_on_stop_signal(int) {
    stop_flag = 1;
}

// "7 s", "3 min 20 s", "2 h 5 min"
std::string duration(double seconds) {
    const auto whole = static_cast<int64_t>(std::min(std::max(seconds, 0.0), 1e9) + 0.5);
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

}  // namespace

void install_stop_signals() {
    struct sigaction action = {};
    action.sa_handler = quantface_on_stop_signal;
    // The default action returns after the first signal: a second one ends the program even where it hangs.
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

TerminalProgress::TerminalProgress() {
    // A study shows what its steps write; where it has a terminal, so have they.
    const char* wanted = std::getenv("QUANTFACE_PROGRESS");
    is_terminal_ = isatty(STDERR_FILENO) == 1 || (wanted != nullptr && std::string_view(wanted) == "bar");
}

TerminalProgress::~TerminalProgress() {
    end_line();
}

void TerminalProgress::start(const std::string& label, int64_t total) {
    std::lock_guard lock(mutex_);
    end_line();
    const size_t comma = label.rfind(", ");
    name_ = label.substr(0, comma);
    unit_ = comma == std::string::npos ? "" : " " + label.substr(comma + 2);
    description_.clear();
    total_ = total;
    done_ = 0;
    active_ = true;
    started_ = drawn_ = Clock::now();
    if (is_terminal_) draw(started_);
}

void TerminalProgress::advance(int64_t steps) {
    constexpr auto kBarInterval = std::chrono::milliseconds(100);
    constexpr auto kLineInterval = std::chrono::seconds(10);
    std::lock_guard lock(mutex_);
    done_ += steps;
    const auto now = Clock::now();
    if (active_ &&
        now - drawn_ >= (is_terminal_ ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval))) {
        draw(now);
    }
}

void TerminalProgress::finish() {
    std::lock_guard lock(mutex_);
    if (!active_) return;
    active_ = false;
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    std::string text = fmt::format("{}: {}{} in {}", name_, done_, unit_, duration(seconds));
    if (!description_.empty()) text += ", " + description_;
    if (is_terminal_) {
        fmt::print(stderr, "\r\033[K{}\n", text);
        bar_open_ = false;
    } else {
        fmt::print(stderr, "{}\n", text);
    }
}

void TerminalProgress::describe(const std::string& text) {
    std::lock_guard lock(mutex_);
    description_ = text;
}

bool TerminalProgress::stop_requested() const {
    return stop_flag != 0;
}

// "120 of 256 images, 35.2/s, 4 s left"
std::string TerminalProgress::status(double seconds) const {
    std::string text =
        total_ > 0 ? fmt::format("{} of {}{}", done_, total_, unit_) : fmt::format("{}{}", done_, unit_);
    if (done_ > 0 && seconds > 0.2) {
        const double rate = static_cast<double>(done_) / seconds;
        text += fmt::format(", {:.{}f}/s", rate, rate < 100 ? 1 : 0);
        if (total_ > done_)
            text += fmt::format(", {} left", duration(static_cast<double>(total_ - done_) / rate));
    }
    if (!description_.empty()) text += ", " + description_;
    return text;
}

void TerminalProgress::draw(Clock::time_point now) {
    constexpr int64_t kBarWidth = 24;  // columns
    drawn_ = now;
    const std::string text = status(std::chrono::duration<double>(now - started_).count());
    if (!is_terminal_) {
        fmt::print(stderr, "{}: {}\n", name_, text);
        return;
    }
    const int64_t full = total_ > 0 ? std::clamp<int64_t>(done_ * kBarWidth / total_, 0, kBarWidth) : 0;
    const std::string bar =
        std::string(static_cast<size_t>(full), '#') + std::string(static_cast<size_t>(kBarWidth - full), '.');
    fmt::print(stderr, "\r\033[K{} [{}] {}", name_, bar, text);
    std::fflush(stderr);
    bar_open_ = true;
}

void TerminalProgress::end_line() {
    if (bar_open_) fmt::print(stderr, "\r\033[K");
    bar_open_ = false;
}

}  // namespace quantface
