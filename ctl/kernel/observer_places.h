// SPDX-License-Identifier: BSD-2-Clause
// The places of observers: stages behind the exit, each held by one process at a time. A place is a directory
// observer-<N> in the state directory with a lock on it, which the kernel drops when the holder dies: whoever takes the
// writer's lock next then clears the place.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/fd.h"
#include "kernel/layout.h"
#include "kernel/live.h"

namespace xdpctl::kernel {

// Held until its object ends; the stages are cleared by the next tidy_observers().
class ObserverPlace {
public:
    // Errors: Limit when all places are held, naming the holders. REQUIRES: the writer's lock; tidy_observers() was
    // called.
    [[nodiscard]] static Result<ObserverPlace> take(const Layout& layout);

    [[nodiscard]] std::uint32_t number() const { return number_; }
    // Says that devices get timed entries (timed_entries.h), which end with the place. Errors: Limit when another one
    // says so.
    [[nodiscard]] Status take_times(const Layout& layout) const;

private:
    ObserverPlace(std::uint32_t number, Fd held) : number_(number), held_(std::move(held)) {}

    std::uint32_t number_;
    Fd held_;
};

// Takes programs of places that nobody holds out of the stages and their timed entries off devices, and removes these
// places. The first place leads to the others: it is filled as long as there is any. REQUIRES: the writer's lock; open
// layers.
[[nodiscard]] Status tidy_observers(const Live& live);

}  // namespace xdpctl::kernel
