#include "peer_process.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/error.h"

extern char** environ;

namespace quantface::peers {

PeerProcess::PeerProcess(const std::vector<std::string>& command_line) {
    // Its end shows as an answer that does not come.
    std::signal(SIGPIPE, SIG_IGN);
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) fail_work("no pipe to be had");
    std::vector<char*> arguments;
    for (const std::string& argument : command_line) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    for (const int end : {to[0], to[1], from[0], from[1]}) posix_spawn_file_actions_addclose(&actions, end);
    const int error = posix_spawnp(&process_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    to_ = fdopen(to[1], "w");
    from_ = fdopen(from[0], "r");
    if (error != 0) fail_work(command_line[0] + ": cannot be started");
}

PeerProcess::~PeerProcess() {
    std::fclose(to_);
    std::fclose(from_);
    if (process_ > 0) waitpid(process_, nullptr, 0);
}

std::string PeerProcess::ask(const std::string& command) {
    std::fprintf(to_, "%s\n", command.c_str());
    std::fflush(to_);
    std::string answer;
    for (int c = std::fgetc(from_); c != '\n'; c = std::fgetc(from_)) {
        if (c == EOF) fail_work("the peer has ended");
        answer.push_back(static_cast<char>(c));
    }
    if (answer.rfind("ok", 0) != 0) fail_work(command + ": " + answer);
    return answer.size() > 3 ? answer.substr(3) : "";
}

// Of all its threads, in user and system mode: fields 14 and 15 of /proc/PID/stat.
long PeerProcess::cpu_ticks() const {
    std::ifstream file("/proc/" + std::to_string(process_) + "/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    long user = 0, system = 0;
    fields >> user >> system;
    return user + system;
}

void PeerProcess::wait_until_idle() const {
    constexpr auto kPause = std::chrono::milliseconds(40);  // four ticks
    for (int attempt = 0; attempt < 100; ++attempt) {
        const long before = cpu_ticks();
        std::this_thread::sleep_for(kPause);
        if (cpu_ticks() == before) return;
    }
    fail_work("the peer never comes to rest");
}

}  // namespace quantface::peers
