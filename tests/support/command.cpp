// SPDX-License-Identifier: BSD-2-Clause
#include "support/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "base/fd.h"

namespace xdpctl::test {

namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
    Fd read;
    Fd write;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw std::runtime_error(fmt::format("pipe: {}", std::strerror(errno)));
    return {Fd(ends[0]), Fd(ends[1])};
}

// A file and not a pipe, so that a child that does not read its input cannot block the caller.
Fd input_file(const std::string& input) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), std::fclose);
    if (!file || std::fwrite(input.data(), 1, input.size(), file.get()) != input.size() ||
        std::fflush(file.get()) != 0 || ::lseek(::fileno(file.get()), 0, SEEK_SET) != 0)
        throw std::runtime_error("cannot write a temporary file");
    return Fd(::fcntl(::fileno(file.get()), F_DUPFD_CLOEXEC, 3));
}

[[noreturn]] void exec_child(const std::vector<std::string>& argv, int in, int out, int err) {
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : argv)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

// Reads both ends until they are closed; false when the deadline came first.
bool drain(const Fd& out, const Fd& err, CommandResult& result, Clock::time_point deadline) {
    std::array<pollfd, 2> polls{pollfd{out.get(), POLLIN, 0}, pollfd{err.get(), POLLIN, 0}};
    const std::array<std::string*, 2> texts{&result.out, &result.err};
    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0)
            return false;
        ::poll(polls.data(), polls.size(), static_cast<int>(left.count()));
        for (std::size_t i = 0; i < polls.size(); ++i) {
            if (polls[i].revents == 0)
                continue;
            std::array<char, 4096> buffer{};
            const ssize_t size = ::read(polls[i].fd, buffer.data(), buffer.size());
            if (size > 0)
                texts[i]->append(buffer.data(), static_cast<std::size_t>(size));
            else
                polls[i].fd = -1;
        }
    }
    return true;
}

}  // namespace

CommandResult run_command(const std::vector<std::string>& argv, const std::string& input,
                          std::chrono::milliseconds timeout) {
    const Fd in = input_file(input);
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    const pid_t child = ::fork();
    if (child < 0)
        throw std::runtime_error(fmt::format("fork: {}", std::strerror(errno)));
    if (child == 0)
        exec_child(argv, in.get(), out.write.get(), err.write.get());
    out.write.reset();
    err.write.reset();

    CommandResult result;
    if (!drain(out.read, err.read, result, Clock::now() + timeout))
        ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

std::string shell(const std::string& command) {
    const CommandResult result = run_command({"/bin/sh", "-c", command});
    if (result.status != 0)
        throw std::runtime_error(fmt::format("{}: status {}\n{}{}", command, result.status, result.out, result.err));
    return result.out;
}

}  // namespace xdpctl::test
