// SPDX-License-Identifier: BSD-2-Clause
#include "bench/receiver.h"

#include <fmt/format.h>
#include <sched.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>

#include "support/command.h"

namespace xdpctl::bench {

namespace {

// /sys of a network namespace shows its devices only when mounted inside it, as `ip netns exec` does.
std::string sysfs(const test::VethEnd& end, const std::string& command) {
    return test::shell(
        fmt::format("ip netns exec {} sh -c 'cd /sys/class/net/{} && {}'", end.netns().name(), end.name(), command));
}

std::optional<pid_t> process_id(const std::filesystem::path& directory) {
    const std::string name = directory.filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    return error == std::errc{} && end == name.data() + name.size() ? std::optional(pid) : std::nullopt;
}

// The kernel names the thread "napi/DEVICE-NUMBER", cut at 15 characters.
pid_t find_napi_thread(const std::string& device) {
    const std::string start = ("napi/" + device).substr(0, 15);
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const auto pid = process_id(entry.path());
        std::string name;
        if (pid && std::getline(std::ifstream(entry.path() / "comm"), name) && name.starts_with(start))
            return *pid;
    }
    throw std::runtime_error("no NAPI thread of " + device);
}

}  // namespace

Receiver::Receiver(const test::VethEnd& end, unsigned cpu) : end_(end) {
    sysfs(end, "echo 1 > threaded");
    thread_ = find_napi_thread(end.name());
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    // Ahead of whatever else wants the CPU.
    const sched_param priority{.sched_priority = 1};
    if (::sched_setaffinity(thread_, sizeof(cpus), &cpus) != 0 ||
        ::sched_setscheduler(thread_, SCHED_FIFO, &priority) != 0)
        throw std::runtime_error(fmt::format("cannot pin the NAPI thread: {}", std::strerror(errno)));
}

Receiver::Reading Receiver::read() const {
    Reading out;
    std::ifstream schedstat(fmt::format("/proc/{}/schedstat", thread_));
    if (!(schedstat >> out.busy_nanoseconds))
        throw std::runtime_error("the scheduler does not count the NAPI thread's time");
    out.packets = packets();
    return out;
}

void Receiver::settle() const {
    std::uint64_t before = 0;
    for (std::uint64_t now = packets(); now != before; now = packets()) {
        before = now;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

std::uint64_t Receiver::packets() const {
    return std::stoull(sysfs(end_, "cat statistics/rx_packets"));
}

}  // namespace xdpctl::bench
