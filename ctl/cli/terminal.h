// SPDX-License-Identifier: BSD-2-Clause
// Drawing in place on a terminal, and the signals that belong to it.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>

namespace xdpctl::cli {

// Whether the descriptor is a terminal that understands cursor movement.
[[nodiscard]] bool is_terminal(int fd);

// The terminal's second screen, from construction to destruction; the first comes back as it was.
class Screen {
public:
    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // Replaces what is shown. What does not fit is left out, and said to be.
    void draw(const std::string& text) const;
};

// Gives the terminal back, stops the process as Ctrl-Z is meant to, and takes the terminal again when it goes on.
void suspend(std::optional<Screen>& screen);

// Waits, and hears of signals only while it waits: they can interrupt nothing else.
class Ticker {
public:
    enum class Event { Tick, Redraw, Suspend, Stop };

    // Blocks the signals until destruction.
    explicit Ticker(std::chrono::nanoseconds interval);
    ~Ticker();
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;

    // Ticks come at fixed times whatever happens between them.
    [[nodiscard]] Event wait();

private:
    std::chrono::nanoseconds interval_;
    std::chrono::steady_clock::time_point next_;
    sigset_t signals_;
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
