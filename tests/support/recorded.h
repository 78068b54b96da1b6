// SPDX-License-Identifier: BSD-2-Clause
// Packets that somebody recorded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/packet.h"

namespace xdpctl::test {

struct RecordedFrame {
    Bytes bytes;
    std::uint32_t length = 0;  // on the wire
};

struct Recorded {
    int link_type = -1;  // DLT_EN10MB, ...
    std::vector<RecordedFrame> frames;
};

// A pcap or pcapng file, compressed or not. Throws std::runtime_error when it is none.
[[nodiscard]] Recorded read_recorded(const std::string& path);

}  // namespace xdpctl::test
