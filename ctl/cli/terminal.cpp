// SPDX-License-Identifier: BSD-2-Clause
#include "cli/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace xdpctl::cli {

namespace {

using Clock = std::chrono::steady_clock;

// Control sequences of ECMA-48 and xterm.
constexpr std::string_view enter = "\033[?1049h\033[?25l\033[?7l";  // second screen, no cursor, no line wrap
constexpr std::string_view leave = "\033[?7h\033[?25h\033[?1049l";
constexpr std::string_view home = "\033[H";
constexpr std::string_view clear_to_line_end = "\033[K";
constexpr std::string_view clear_below = "\033[J";

constexpr std::chrono::milliseconds progress_interval(200);

void write_out(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

}  // namespace

bool is_terminal(int fd) {
    const char* type = std::getenv("TERM");
    return isatty(fd) == 1 && type != nullptr && std::string_view(type) != "dumb";
}

TerminalSize terminal_size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 2 || size.ws_col < 2)
        return {};
    return {size.ws_row, size.ws_col};
}

Screen::Screen(bool with_keys) {
    termios settings{};
    if (with_keys && tcgetattr(STDIN_FILENO, &settings) == 0) {
        cooked_ = settings;
        settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &settings);
    }
    write_out(enter);
}

Screen::~Screen() {
    write_out(leave);
    // What was typed and not read belongs to nobody.
    if (cooked_)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &*cooked_);
}

void Screen::draw(const std::string& text) const {
    const std::size_t lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    const std::size_t rows = terminal_size().rows;
    // One row stays free for the line that says what is missing.
    const std::size_t shown = lines < rows ? lines : rows - 2;
    std::string frame(home);
    std::size_t begin = 0;
    for (std::size_t line = 0; line < shown; ++line) {
        const std::size_t end = text.find('\n', begin);
        frame.append(text, begin, end - begin);
        frame.append(clear_to_line_end).append("\n");
        begin = end + 1;
    }
    if (shown < lines)
        frame += fmt::format("... {} more lines{}", lines - shown, clear_to_line_end);
    write_out(frame.append(clear_below));
}

void suspend(std::optional<Screen>& screen) {
    const bool drawing = screen.has_value();
    const bool with_keys = drawing && screen->has_keys();
    screen.reset();
    kill(getpid(), SIGSTOP);
    if (drawing)
        screen.emplace(with_keys);
}

Ticker::Ticker(std::chrono::nanoseconds interval, int input)
    : interval_(interval), next_(Clock::now() + interval), input_(input) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH})
        sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, &previous_);
    signals_ = Fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

Ticker::~Ticker() {
    // One that came after the last wait meant the same as what ended it.
    signalfd_siginfo unread{};
    while (read(signals_.get(), &unread, sizeof unread) == sizeof unread) {
    }
    sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

Ticker::Event Ticker::wait() {
    const auto left = std::max(std::chrono::nanoseconds(next_ - Clock::now()), std::chrono::nanoseconds::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    std::array<pollfd, 2> sources{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = input_, .events = POLLIN, .revents = 0}};
    if (ppoll(sources.data(), sources.size(), &timeout, nullptr) <= 0) {
        // Late by more than one interval, as after a stop: no ticks to make up for.
        next_ = std::max(next_ + interval_, Clock::now());
        return Event::Tick;
    }
    signalfd_siginfo signal{};
    if (read(signals_.get(), &signal, sizeof signal) != sizeof signal)
        return Event::Input;
    switch (signal.ssi_signo) {
    case SIGTSTP:
        return Event::Suspend;
    case SIGWINCH:
        return Event::Redraw;
    default:
        return Event::Stop;
    }
}

Progress::Progress()
    : watched_(is_terminal(STDERR_FILENO) && isatty(STDOUT_FILENO) == 0), next_(Clock::now() + progress_interval) {}

Progress::~Progress() {
    if (shown_)
        std::fputs("\r\033[K", stderr);
}

void Progress::update(std::uint64_t packets) {
    if (!watched_ || Clock::now() < next_)
        return;
    next_ = Clock::now() + progress_interval;
    shown_ = true;
    std::fputs(fmt::format("\r{} packets", packets).c_str(), stderr);
}

}  // namespace xdpctl::cli
