// SPDX-License-Identifier: BSD-2-Clause
// Packets through a ruleset's real programs with BPF_PROG_TEST_RUN: loaded privately, nothing attached, nothing pinned,
// no live counter touched.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/datapath.h"
#include "maps/packet.h"
#include "ruleset/model.h"

namespace xdpctl::testrun {

struct Outcome {
    ruleset::Verdict verdict{};
    xdpctl_reason reason{};
    std::optional<Handle> rule;    // that decided
    xdpctl_packet packet{};        // as parsed
    std::vector<std::byte> frame;  // as the program left it
};

// Of rules with a limit: Lasting ones stay full, so that every packet is judged alike; Emptying ones are as they are
// live.
enum class Buckets : std::uint8_t { Lasting, Emptying };

class Runner {
public:
    // `device` names the chain's device the packets come in on; empty: the first. `engine` compares engines: none is
    // the one that a commit would choose. `table` is what the chain stands in; a chain that refers to nothing needs
    // none.
    [[nodiscard]] static Result<Runner> create(const ruleset::Chain& chain, kernel::Layer layer,
                                               std::string_view device = {},
                                               std::optional<compile::Engine> engine = std::nullopt,
                                               const ruleset::Table* table = nullptr,
                                               Buckets buckets = Buckets::Lasting);
    Runner(Runner&&) noexcept;
    Runner& operator=(Runner&&) noexcept;
    ~Runner();

    // One frame from its Ethernet header. Errors: Input for frames BPF_PROG_TEST_RUN cannot take (shorter than 14
    // bytes, too long for this kernel), saying so.
    [[nodiscard]] Result<Outcome> run(std::span<const std::byte> frame);

    struct Timing {
        std::uint32_t return_value = 0;  // of the last run
        std::uint32_t nanoseconds_each = 0;
    };
    // The same frame `repeat` times in one call, for benchmarks.
    [[nodiscard]] Result<Timing> time(std::span<const std::byte> frame, std::uint32_t repeat);

    // Counts so far, by rule handle.
    [[nodiscard]] Result<std::vector<std::pair<Handle, Count>>> rule_counts() const;
    [[nodiscard]] int entry_fd() const;

private:
    struct Impl;
    explicit Runner(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace xdpctl::testrun
