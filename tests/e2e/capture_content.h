// SPDX-License-Identifier: BSD-2-Clause
// The content of a capture file as tcpdump writes it, in the byte order of this machine.
#pragma once

#include <cstdint>
#include <string>

#include "support/packet.h"

namespace xdpctl::test {

class Capture {
public:
    explicit Capture(std::uint32_t link_type = 1);  // Ethernet
    // A second after the one before; `wire_length` when the frame was longer than what is captured.
    Capture& add(const Bytes& frame, std::size_t wire_length = 0);
    [[nodiscard]] const std::string& content() const { return content_; }

private:
    std::string content_;
    std::uint32_t seconds_ = 0;
};

}  // namespace xdpctl::test
