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
#include <sstream>
#include <stdexcept>
#include <thread>

namespace xdpctl::bench {

namespace {

// A mount of sysfs shows the devices of the network namespace it was made in.
void make_napi_threaded(const test::VethEnd& end) {
    end.netns().shell(fmt::format(
        "unshare --mount sh -c 'mount -t sysfs sysfs /mnt && echo 1 > /mnt/class/net/{}/threaded'", end.name()));
}

std::optional<pid_t> process_id(const std::filesystem::path& directory) {
    const std::string name = directory.filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    return error == std::errc{} && end == name.data() + name.size() ? std::optional(pid) : std::nullopt;
}

// The kernel names the thread "napi/DEVICE-NUMBER", cut at 15 characters.
pid_t find_napi_thread(const std::string& device) {
    const std::string start = ("napi/" + device + "-").substr(0, 15);
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const auto pid = process_id(entry.path());
        std::string name;
        if (pid && std::getline(std::ifstream(entry.path() / "comm"), name) && name.starts_with(start))
            return *pid;
    }
    throw std::runtime_error("no NAPI thread of " + device);
}

// Of a device in the calling thread's namespace. Its line is "NAME: bytes packets ...".
std::uint64_t received_packets(const std::string& device) {
    std::ifstream table("/proc/thread-self/net/dev");
    for (std::string line; std::getline(table, line);) {
        std::istringstream columns(line);
        std::string name;
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        if (columns >> name >> bytes >> packets && name == device + ":")
            return packets;
    }
    throw std::runtime_error("no device " + device);
}

}  // namespace

Receiver::Receiver(const test::VethEnd& end, unsigned cpu) : end_(end) {
    make_napi_threaded(end);
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
    return end_.netns().run([&] { return received_packets(end_.name()); });
}

}  // namespace xdpctl::bench
