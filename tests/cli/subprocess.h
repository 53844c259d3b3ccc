// Runs the built program as its users do.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace quantface::test {

struct ProgramResult {
    int exit_code = -1;  // -1: a signal ended it
    int signal = 0;      // which
    std::string out, err;
};

struct RunOptions {
    // Once this returns true (polled), `signal` is sent; the program is killed after `limit_seconds` in any
    // case.
    std::function<bool()> when;
    int signal = 0;
    int limit_seconds = 120;
    std::vector<std::string> environment;  // "NAME=VALUE", beside what the test itself has
};

// Runs `quantface ARGUMENTS` without a shell, stdin empty.
ProgramResult run_program(const std::vector<std::string>& arguments, const RunOptions& options = {});

// An empty folder of its own for a test, removed with everything in it at the end.
class ScratchFolder {
  public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string file(const std::string& name) const { return (path_ / name).string(); }
    // Writes the bytes and returns the file's path.
    std::string write(const std::string& name, const std::string& bytes) const;

  private:
    std::filesystem::path path_;
};

}  // namespace quantface::test
