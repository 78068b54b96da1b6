// SPDX-License-Identifier: BSD-2-Clause
// What libbpf says while it works: kept for error causes instead of printed.
#pragma once

#include <string>
#include <string_view>

namespace xdpctl::kernel {

// While one exists on a thread, libbpf's warnings of that thread go here. libbpf has one print function a process and
// gives it no context, so the object must not outlive its scope, and the innermost one listens.
class LibbpfLog {
public:
    LibbpfLog();
    ~LibbpfLog();
    LibbpfLog(const LibbpfLog&) = delete;
    LibbpfLog& operator=(const LibbpfLog&) = delete;

    [[nodiscard]] const std::string& text() const { return text_; }
    void append(std::string_view line) { text_ += line; }

private:
    LibbpfLog* outer_;
    std::string text_;
};

// The end of a log, where the verifier says what it refused.
[[nodiscard]] std::string last_lines(std::string_view log, unsigned count);

}  // namespace xdpctl::kernel
