// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/on_terminal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace xdpctl::test {

OnTerminal::OnTerminal(const Netns& netns, std::vector<std::string> arguments) {
    std::vector<char*> argv;
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    int fd = -1;
    netns.run([&] {
        child_ = ::forkpty(&fd, nullptr, nullptr, &size);
        if (child_ == 0) {
            ::setenv("TERM", "xterm", 1);
            ::setenv("LC_ALL", "C.UTF-8", 1);
            ::execv(argv.front(), argv.data());
            ::_exit(127);
        }
    });
    if (child_ < 0)
        throw std::runtime_error("forkpty");
    terminal_ = Fd(fd);
}

OnTerminal::~OnTerminal() {
    if (child_ > 0) {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
}

bool OnTerminal::wait_for(const std::string& text, int times) {
    while (count(text) < times && read_some()) {
    }
    return count(text) >= times;
}

void OnTerminal::type(char key) const {
    ASSERT_EQ(::write(terminal_.get(), &key, 1), 1);
}

void OnTerminal::resize(unsigned short rows, unsigned short columns) const {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(terminal_.get(), TIOCSWINSZ, &size);
}

void OnTerminal::resume() const {
    ::kill(child_, SIGCONT);
}

bool OnTerminal::stopped() const {
    int status = 0;
    return ::waitpid(child_, &status, WUNTRACED) == child_ && WIFSTOPPED(status);
}

void OnTerminal::hang_up() {
    terminal_.reset();
}

bool OnTerminal::is_gone() {
    constexpr int attempts = 500;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (::waitpid(child_, nullptr, WNOHANG) == child_) {
            child_ = -1;
            return true;
        }
        ::usleep(10000);
    }
    return false;
}

int OnTerminal::finish() {
    while (read_some()) {
    }
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool OnTerminal::is_cooked() const {
    termios settings{};
    constexpr tcflag_t cooked = ICANON | ECHO | ISIG;
    return ::tcgetattr(terminal_.get(), &settings) == 0 && (settings.c_lflag & cooked) == cooked;
}

bool OnTerminal::read_some() {
    pollfd readable{.fd = terminal_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, 5000) <= 0)
        return false;
    char buffer[4096];
    const ssize_t size = ::read(terminal_.get(), buffer, sizeof(buffer));
    if (size > 0)
        output_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
}

int OnTerminal::count(const std::string& text) const {
    int times = 0;
    for (std::size_t at = output_.find(text); at != std::string::npos; at = output_.find(text, at + 1))
        ++times;
    return times;
}

}  // namespace xdpctl::test
