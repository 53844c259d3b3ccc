#include "cli/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/error.h"

extern char** environ;

namespace quantface {

namespace {

constexpr const char* kProgram = "/proc/self/exe";
constexpr const char* kErrorBegins = "quantface: ";

volatile sig_atomic_t signals_received = 0;
volatile sig_atomic_t last_signal = 0;

extern "C" void quantface_on_signal_for_child(int number) {
    signals_received = signals_received + 1;
    last_signal = number;
}

// While it lives, SIGINT and SIGTERM are counted instead of what they did before.
class CountedSignals {
  public:
    CountedSignals() {
        signals_received = 0;
        struct sigaction action = {};
        action.sa_handler = quantface_on_signal_for_child;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(SIGINT, &action, &before_interrupt_);
        sigaction(SIGTERM, &action, &before_terminate_);
    }
    ~CountedSignals() {
        sigaction(SIGINT, &before_interrupt_, nullptr);
        sigaction(SIGTERM, &before_terminate_, nullptr);
    }
    CountedSignals(const CountedSignals&) = delete;
    CountedSignals& operator=(const CountedSignals&) = delete;

  private:
    struct sigaction before_interrupt_ = {}, before_terminate_ = {};
};

// Both ends are closed in the child but for those that become its stdout and stderr.
class Pipe {
  public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) fail_work(std::string("no pipe: ") + std::strerror(errno));
    }
    ~Pipe() {
        close_writing();
        ::close(ends_[0]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int reading() const { return ends_[0]; }
    int writing() const { return ends_[1]; }
    void close_writing() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }

  private:
    std::array<int, 2> ends_{-1, -1};
};

// A bar is drawn over itself again and again; of each line the log gets what it reads in the end.
std::string_view without_redrawing(std::string_view line) {
    constexpr std::string_view kErase = "\r\033[K";
    const size_t last = line.rfind(kErase);
    return last == std::string_view::npos ? line : line.substr(last + kErase.size());
}

// Text as it comes, to the log line by line.
class LoggedLines {
  public:
    LoggedLines(std::ofstream& log, std::string* error) : log_(log), error_(error) {}

    void add(std::string_view text) {
        line_ += text;
        size_t begin = 0;
        for (size_t end = line_.find('\n'); end != std::string::npos; end = line_.find('\n', begin)) {
            put(std::string_view(line_).substr(begin, end - begin));
            begin = end + 1;
        }
        line_.erase(0, begin);
    }
    void finish() {
        if (!without_redrawing(line_).empty()) put(line_);
        line_.clear();
    }

  private:
    void put(std::string_view line) {
        line = without_redrawing(line);
        log_ << line << '\n' << std::flush;
        if (error_ != nullptr && line.starts_with(kErrorBegins))
            *error_ = line.substr(std::strlen(kErrorBegins));
    }

    std::ofstream& log_;
    std::string* error_;
    std::string line_;
};

// Our terminal may show bars, which the child cannot know behind a pipe.
std::vector<std::string> child_environment() {
    std::vector<std::string> variables;
    if (::isatty(STDERR_FILENO) == 1) variables.push_back("QUANTFACE_PROGRESS=bar");
    for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

pid_t spawn(const std::vector<std::string>& arguments, const Pipe& out, const Pipe& err) {
    std::vector<std::string> words = {"quantface"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> variables = child_environment();
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.writing(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.writing(), STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    pid_t child = 0;
    const int failure = ::posix_spawn(&child, kProgram, &actions, &attributes, pointers_to(words).data(),
                                      pointers_to(variables).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) fail_work(std::string("cannot start a step: ") + std::strerror(failure));
    return child;
}

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // nobody looks; the log has it
        text.remove_prefix(static_cast<size_t>(written));
    }
}

// What is there now, to lines and, where it is one, to `descriptor`. False at the end of the stream.
bool pass_on(int source, LoggedLines& lines, int descriptor) {
    std::array<char, 1 << 16> buffer;
    const ssize_t count = ::read(source, buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) return false;
    const std::string_view text(buffer.data(), static_cast<size_t>(count));
    if (descriptor >= 0) write_all(descriptor, text);
    lines.add(text);
    return true;
}

// The first signal asks the child to stop, the second does not ask.
class SignalForwarder {
  public:
    explicit SignalForwarder(pid_t child) : child_(child) {}
    void look() {
        const int received = signals_received;
        if (received == handed_on_) return;
        ::kill(child_, handed_on_ == 0 && received == 1 ? static_cast<int>(last_signal) : SIGKILL);
        handed_on_ = received;
    }
    bool any() const { return handed_on_ > 0; }

  private:
    pid_t child_;
    int handed_on_ = 0;
};

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace

ChildResult run_child(const ChildRun& run) {
    std::ofstream log(run.log, std::ios::binary | std::ios::app);
    if (!log) fail_work(run.log.string() + ": cannot be written");
    const auto begin = std::chrono::steady_clock::now();
    std::fflush(stdout);
    ChildResult result;
    const CountedSignals signals;
    Pipe out, err;
    const pid_t child = spawn(run.arguments, out, err);
    out.close_writing();
    err.close_writing();
    SignalForwarder forwarder(child);
    LoggedLines out_lines(log, nullptr), err_lines(log, &result.error);
    std::array<pollfd, 2> streams = {pollfd{out.reading(), POLLIN, 0}, pollfd{err.reading(), POLLIN, 0}};
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        ::poll(streams.data(), streams.size(), 100);
        forwarder.look();
        if (streams[0].fd >= 0 && streams[0].revents != 0 &&
            !pass_on(out.reading(), out_lines, run.show_output ? STDOUT_FILENO : -1))
            streams[0].fd = -1;
        if (streams[1].fd >= 0 && streams[1].revents != 0 &&
            !pass_on(err.reading(), err_lines, STDERR_FILENO))
            streams[1].fd = -1;
    }
    const int status = wait_for(child);
    forwarder.look();
    out_lines.finish();
    err_lines.finish();
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    result.interrupted = forwarder.any();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (!log) fail_work(run.log.string() + ": cannot be written");
    return result;
}

}  // namespace quantface
