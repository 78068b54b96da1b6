// SPDX-License-Identifier: BSD-2-Clause
// Drawing in place on a terminal, and the signals that belong to it.
#pragma once

#include <termios.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"

namespace xdpctl::cli {

// Whether the descriptor is a terminal that understands cursor movement.
[[nodiscard]] bool is_terminal(int fd);

struct TerminalSize {
    std::size_t rows = 24;
    std::size_t columns = 80;
};
[[nodiscard]] TerminalSize terminal_size();

// The terminal's second screen, from construction to destruction; the first comes back as it was.
class Screen {
public:
    // With keys: what is typed is not echoed, and can be read at once from standard input.
    explicit Screen(bool with_keys = false);
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // Replaces what is shown. What does not fit is left out, and said to be.
    void draw(const std::string& text) const;

    [[nodiscard]] bool has_keys() const { return cooked_.has_value(); }

private:
    std::optional<termios> cooked_;  // how standard input was
};

// Gives the terminal back, stops the process as Ctrl-Z is meant to, and takes the terminal again when it goes on.
void suspend(std::optional<Screen>& screen);

// Waits, and hears of signals only while it waits: they can interrupt nothing else.
class Ticker {
public:
    enum class Event { Tick, Redraw, Suspend, Stop, Input };

    // Blocks the signals until destruction. With `input` it waits for something to read there too.
    explicit Ticker(std::chrono::nanoseconds interval, int input = -1);
    ~Ticker();
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;

    // Ticks come at fixed times whatever happens between them.
    [[nodiscard]] Event wait();

private:
    std::chrono::nanoseconds interval_;
    std::chrono::steady_clock::time_point next_;
    int input_;
    Fd signals_;
    sigset_t previous_;
};

// "12345 packets" on standard error while a long command runs with its output elsewhere. Silent for quick commands, and
// when nobody watches.
class Progress {
public:
    Progress();
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void update(std::uint64_t packets);

private:
    bool watched_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace xdpctl::cli
