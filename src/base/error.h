// Errors that input or the user can cause (quantface::Error), and checks of our own invariants (QF_CHECK).
#pragma once

#include <stdexcept>
#include <string>

namespace quantface {

// Why the work stopped. The program's exit code follows from it.
enum class ErrorKind {
    kFailed,    // the work itself failed (disk full, interrupted): exit code 1
    kUsage,     // the caller asked for something that makes no sense: exit code 2
    kBadInput,  // a file is missing, truncated, hostile, of the wrong shape or not supported: exit code 3
};

// One line for the user: what, where in which file, what to do.
class Error : public std::runtime_error {
  public:
    Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
    ErrorKind kind() const { return kind_; }

  private:
    ErrorKind kind_;
};

[[noreturn]] void fail_bad_input(const std::string& message);
[[noreturn]] void fail_usage(const std::string& message);
[[noreturn]] void fail_work(const std::string& message);

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace quantface

// A broken invariant is a defect of ours, never reachable from input: it throws std::logic_error.
#define QF_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::quantface::check_failed(#condition, __FILE__, __LINE__))
