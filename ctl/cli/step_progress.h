// SPDX-License-Identifier: BSD-2-Clause
// Says on standard error what a command is doing that takes more than a second: on a terminal in one line that goes
// away, else in a line every now and then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace xdpctl::cli {

class StepProgress {
public:
    using Time = std::chrono::steady_clock::duration;
    enum class Form { None, OneLine, Lines };

    explicit StepProgress(Form form, int fd = 2, Time silence = std::chrono::seconds(1));
    StepProgress(const StepProgress&) = delete;
    StepProgress& operator=(const StepProgress&) = delete;
    ~StepProgress() { stop(); }

    // What goes on from here: "reading rules.nft".
    void step(std::string what);
    // How much of the step is done.
    void share(std::size_t done, std::size_t total);
    // Until the next step nothing is said, and this process has no thread for it.
    void stop();

private:
    void report(const std::stop_token& stop);
    void write(const std::string& line) const;

    Form form_;
    int fd_;
    Time silence_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::string what_;
    std::optional<unsigned> percent_;
    std::jthread thread_;
};

}  // namespace xdpctl::cli
