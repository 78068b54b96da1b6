// SPDX-License-Identifier: BSD-2-Clause
// Frames as they come in on an interface or go out, through libpcap and so AF_PACKET.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "cli/capture.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

class LiveCapture {
public:
    using Clock = std::chrono::steady_clock;

    // `expression` is libpcap's, empty for all frames. Errors: NotFound for the interface, Input for the expression
    // and for an interface without Ethernet frames.
    [[nodiscard]] static Result<LiveCapture> open(const std::string& interface, ruleset::Hook direction,
                                                  const std::string& expression);

    // The next frame if one is there, without waiting. Errors: Failed, such as an interface that went down.
    [[nodiscard]] Result<std::optional<CapturedFrame>> next();
    // Readable when there may be a frame.
    [[nodiscard]] int descriptor() const;
    // Frames that came while nobody read.
    [[nodiscard]] std::uint64_t lost() const;

private:
    LiveCapture(std::string interface, std::unique_ptr<pcap, ClosePcap> pcap)
        : interface_(std::move(interface)), pcap_(std::move(pcap)) {}

    std::string interface_;
    std::unique_ptr<pcap, ClosePcap> pcap_;
};

}  // namespace xdpctl::cli
