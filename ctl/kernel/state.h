// SPDX-License-Identifier: BSD-2-Clause
// Everything alive in a network namespace, pinned below one bpffs directory; see ARCHITECTURE.md, "State". The stored
// ruleset, its counters, its devices, and the only way to change them: commit.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "compile/compile.h"
#include "kernel/attach.h"
#include "kernel/device_count.h"
#include "kernel/device_status.h"
#include "kernel/interface.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

struct CommitOptions {
    // Mode asked for devices that become attached by this commit; auto when not named.
    std::map<std::string, xdpctl_mode> modes;
    // Fail when a device of the ruleset that is not attached yet does not exist; else it is left out with a warning.
    bool require_devices = false;
    compile::Progress progress = {};  // of compiling
};

class State {
public:
    // Readers never wait and never write. A namespace without state reads as an empty ruleset.
    [[nodiscard]] static Result<State> open();
    // Takes the writer's lock (Error kind Locked names the holder's pid after `timeout`), mounts bpffs if it is missing
    // (said in `warnings`), makes the directory, finishes or undoes what a killed writer left, and removes what
    // deleted network namespaces left.
    [[nodiscard]] static Result<State> open_for_writing(std::chrono::milliseconds timeout, Warnings& warnings);

    State(State&&) noexcept;
    State& operator=(State&&) noexcept;
    ~State();

    [[nodiscard]] const ruleset::Ruleset& ruleset() const;
    [[nodiscard]] std::uint64_t generation() const;

    // Makes `next` the running ruleset: compile, load, pin, attach new devices, publish, detach devices no longer
    // named, retire the old generation. All or nothing: on error the running ruleset, its devices and counters are as
    // before. REQUIRES: opened for writing; `next` derived from ruleset() by ruleset/edit.h (handles given, valid).
    [[nodiscard]] Status commit(ruleset::Ruleset next, const CommitOptions& options, Warnings& warnings);

    [[nodiscard]] Result<std::vector<DeviceStatus>> devices() const;
    [[nodiscard]] Result<std::vector<DeviceCount>> device_counts() const;
    // Counts by rule handle, start values included; only rules with a counter.
    [[nodiscard]] Result<std::map<Handle, Count>> rule_counts() const;
    // Sets every counter of rules and devices to zero (`xdpctl stats --reset`); start values too.
    [[nodiscard]] Status reset_counts(Warnings& warnings);

private:
    struct Impl;
    explicit State(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace xdpctl::kernel
