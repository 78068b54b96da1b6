// SPDX-License-Identifier: BSD-2-Clause
#include "cli/step_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace xdpctl::cli {

namespace {

using std::chrono::steady_clock;

// How often something is said.
steady_clock::duration interval(StepProgress::Form form) {
    return form == StepProgress::Form::OneLine ? std::chrono::milliseconds(200) : std::chrono::seconds(1);
}

}  // namespace

StepProgress::StepProgress(Form form, int fd, Time silence) : form_(form), fd_(fd), silence_(silence) {}

void StepProgress::step(std::string what) {
    if (form_ == Form::None)
        return;
    {
        const std::lock_guard guard(mutex_);
        what_ = std::move(what);
        percent_.reset();
    }
    if (thread_.joinable())
        return;
    try {
        thread_ = std::jthread([this](const std::stop_token& stop) { report(stop); });
    } catch (const std::system_error&) {
        form_ = Form::None;  // what the command does matters more
    }
}

void StepProgress::share(std::size_t done, std::size_t total) {
    const std::lock_guard guard(mutex_);
    percent_ = total == 0 ? 100 : static_cast<unsigned>(done * 100 / total);
}

void StepProgress::stop() {
    if (!thread_.joinable())
        return;
    thread_.request_stop();
    thread_.join();
    thread_ = {};
}

void StepProgress::report(const std::stop_token& stop) {
    std::unique_lock guard(mutex_);
    bool said = false;
    const auto never = [] { return false; };
    auto next = start_ + silence_;
    while (!wake_.wait_until(guard, stop, next, never) && !stop.stop_requested()) {
        const double seconds = std::chrono::duration<double>(steady_clock::now() - start_).count();
        const std::string share = percent_ ? fmt::format(", {} %", *percent_) : "";
        const std::string text = fmt::format("xdpctl: {}{}, {:.0f} s", what_, share, seconds);
        // The cursor stays in front, where a warning would begin.
        write(text + (form_ == Form::OneLine ? "\x1b[K\r" : "\n"));
        said = true;
        next = steady_clock::now() + interval(form_);
    }
    if (said && form_ == Form::OneLine)
        write("\x1b[K");
}

// Nobody has to read it.
void StepProgress::write(const std::string& line) const {
    [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace xdpctl::cli
