#include "subprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace quantface::test {

namespace {

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// stdout and stderr go to files: pipes would need draining while we wait.
std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& more_environment,
            const std::string& out, const std::string& err) {
    std::vector<std::string> words = {QUANTFACE_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const std::vector<char*> pointers = pointers_to(words);
    std::vector<std::string> variables = more_environment;  // the first of a name counts
    for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    const std::vector<char*> environment = pointers_to(variables);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    pid_t child = 0;
    const int failure =
        posix_spawn(&child, QUANTFACE_PROGRAM, &actions, nullptr, pointers.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) throw std::runtime_error("cannot start " QUANTFACE_PROGRAM);
    return child;
}

int wait_for(pid_t child, const RunOptions& options) {
    using Clock = std::chrono::steady_clock;
    const auto limit = Clock::now() + std::chrono::seconds(options.limit_seconds);
    bool signalled = false;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (!signalled && options.when && options.when()) {
            kill(child, options.signal);
            signalled = true;
        }
        if (Clock::now() > limit) kill(child, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return status;
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments, const RunOptions& options) {
    const ScratchFolder folder;
    const pid_t child = spawn(arguments, options.environment, folder.file("out"), folder.file("err"));
    const int status = wait_for(child, options);
    ProgramResult result;
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    result.out = read_text(folder.file("out"));
    result.err = read_text(folder.file("err"));
    return result;
}

ScratchFolder::ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "quantface_cli_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + name);
    path_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::write(const std::string& name, const std::string& bytes) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return (path_ / name).string();
}

}  // namespace quantface::test
