// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/observer_places.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ranges>
#include <string>
#include <vector>

#include "kernel/lock.h"
#include "kernel/observer_program.h"
#include "kernel/timed_entries.h"
#include "maps/observe.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

// In the directory of a place for which devices have timed entries.
constexpr const char* times = "times";

enum class Held : std::uint8_t { Absent, Left, Held };

// With the lock when nobody else has it.
struct Directory {
    Held held = Held::Absent;
    Fd fd;
};

Result<Directory> look_at(const fs::path& path) {
    Directory out;
    out.fd = Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!out.fd.valid()) {
        if (errno == ENOENT)
            return out;
        return fail_errno(errno, fmt::format("cannot open {}", path.string()));
    }
    const bool is_free = ::flock(out.fd.get(), LOCK_EX | LOCK_NB) == 0;
    if (!is_free && errno != EWOULDBLOCK)
        return fail_errno(errno, fmt::format("cannot lock {}", path.string()));
    out.held = is_free ? Held::Left : Held::Held;
    return out;
}

}  // namespace

Result<ObserverPlace> ObserverPlace::take(const Layout& layout) {
    std::vector<std::string> holders;
    for (std::uint32_t number = 0; number < XDPCTL_OBSERVERS_MAX; ++number) {
        const fs::path path = layout.observer(number);
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
            return fail_errno(errno, fmt::format("cannot make {}", path.string()));
        auto directory = look_at(path);
        if (!directory)
            return std::unexpected(std::move(directory).error());
        if (directory->held == Held::Left)
            return ObserverPlace(number, std::move(directory->fd));
        holders.push_back(lock_holder(directory->fd));
    }
    return fail(ErrorKind::Limit, fmt::format("{} observers look on already", XDPCTL_OBSERVERS_MAX),
                fmt::format("{}", fmt::join(holders, ", ")), "end one of them first");
}

Status ObserverPlace::take_times(const Layout& layout) const {
    for (std::uint32_t number = 0; number < XDPCTL_OBSERVERS_MAX; ++number)
        if (number != number_ && fs::exists(layout.observer(number) / times))
            return fail(ErrorKind::Limit, "somebody takes times already",
                        lock_holder(Fd(::open(layout.observer(number).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))),
                        "end that first");
    const fs::path path = layout.observer(number_) / times;
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return fail_errno(errno, fmt::format("cannot make {}", path.string()));
    return {};
}

Status tidy_observers(const Live& live) {
    std::array<Directory, XDPCTL_OBSERVERS_MAX> places;
    bool any_held = false;
    bool any_left = false;
    for (std::uint32_t number = 0; number < places.size(); ++number) {
        auto place = look_at(live.layout.observer(number));
        if (!place)
            return std::unexpected(std::move(place).error());
        any_held = any_held || place->held == Held::Held;
        any_left = any_left || place->held == Held::Left;
        places[number] = std::move(*place);
    }
    if (!any_left)
        return {};
    for (std::uint32_t number = 0; number < places.size(); ++number) {
        const fs::path path = live.layout.observer(number) / times;
        if (places[number].held != Held::Left || !fs::exists(path))
            continue;
        XDPCTL_TRY(untime_entries(live));
        if (::rmdir(path.c_str()) != 0)
            return fail_errno(errno, fmt::format("cannot remove {}", path.string()));
    }
    for (const auto& chain : live.chains | std::views::values) {
        for (const Datapath& datapath : chain->layers() | std::views::values) {
            for (std::uint32_t number = 1; number < places.size(); ++number)
                if (places[number].held != Held::Held)
                    XDPCTL_TRY(datapath.clear_observer(number));
            if (places[0].held == Held::Held)
                continue;
            XDPCTL_TRY(any_held ? put_idle_observer(datapath) : datapath.clear_observer(0));
        }
    }
    for (std::uint32_t number = 0; number < places.size(); ++number)
        if (places[number].held == Held::Left && ::rmdir(live.layout.observer(number).c_str()) != 0)
            return fail_errno(errno, fmt::format("cannot remove {}", live.layout.observer(number).string()));
    return {};
}

}  // namespace xdpctl::kernel
