// SPDX-License-Identifier: BSD-2-Clause
// Packets as they pass now. Where the filter is attached an observer sees all that it judges, dropped ones too;
// elsewhere they come through AF_PACKET.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/live_capture.h"
#include "kernel/observer.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

class TrafficSample {
public:
    struct Source {
        std::string interface;
        ruleset::Hook hook{};
    };
    // Gets the place of a source, a frame and its length on the wire. False ends the sample.
    using Take =
        std::function<Result<bool>(std::size_t source, std::span<const std::byte> frame, std::uint32_t length)>;

    // Errors: those of LiveCapture.
    [[nodiscard]] static Result<TrafficSample> open(std::vector<Source> sources,
                                                    std::chrono::milliseconds lock_timeout);

    [[nodiscard]] Status run(LiveCapture::Clock::duration time, const Take& take);

    [[nodiscard]] const std::vector<Source>& sources() const { return sources_; }
    // Packets that came while nobody read.
    [[nodiscard]] std::uint64_t lost() const;
    // Why packets that the filter drops are missing although it is attached.
    [[nodiscard]] const std::optional<Error>& blind() const { return blind_; }

private:
    struct Captured {
        std::size_t source;
        LiveCapture capture;
    };

    void observe(std::chrono::milliseconds lock_timeout);
    [[nodiscard]] std::optional<std::size_t> source_of(const xdpctl_event& event) const;
    [[nodiscard]] Result<bool> read_observed(const Take& take);
    [[nodiscard]] Result<bool> read_captured(const Take& take);

    std::vector<Source> sources_;
    std::optional<kernel::Observer> observer_;
    std::optional<Error> blind_;
    std::vector<Captured> captured_;
};

}  // namespace xdpctl::cli
