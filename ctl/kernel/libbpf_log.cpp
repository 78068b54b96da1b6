// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <utility>

namespace xdpctl::kernel {

namespace {

thread_local LibbpfLog* listener = nullptr;

int collect(libbpf_print_level level, const char* format, va_list arguments) {
    if (level != LIBBPF_WARN || listener == nullptr)
        return 0;
    va_list again;
    va_copy(again, arguments);
    const int length = std::vsnprintf(nullptr, 0, format, again);
    va_end(again);
    if (length <= 0)
        return 0;
    std::string line(static_cast<std::size_t>(length) + 1, '\0');
    std::vsnprintf(line.data(), line.size(), format, arguments);
    line.pop_back();
    listener->append(line);
    return length;
}

}  // namespace

LibbpfLog::LibbpfLog() : outer_(std::exchange(listener, this)) {
    libbpf_set_print(collect);
}

LibbpfLog::~LibbpfLog() {
    listener = outer_;
}

std::string last_lines(std::string_view log, unsigned count) {
    while (!log.empty() && log.back() == '\n')
        log.remove_suffix(1);
    std::size_t begin = log.size();
    for (unsigned i = 0; i < count && begin != 0; ++i) {
        const std::size_t newline = log.rfind('\n', begin - 1);
        begin = newline == std::string_view::npos ? 0 : newline;
    }
    if (begin < log.size() && log[begin] == '\n')
        ++begin;
    return std::string(log.substr(begin));
}

}  // namespace xdpctl::kernel
