// SPDX-License-Identifier: BSD-2-Clause
// Frames in a pcap file, which is there as long as its object.
#pragma once

#include <string>
#include <vector>

#include "support/packet.h"

namespace xdpctl::test {

class CaptureFile {
public:
    // Throws std::runtime_error when it cannot be written.
    explicit CaptureFile(const std::vector<Bytes>& frames);
    ~CaptureFile();
    CaptureFile(const CaptureFile&) = delete;
    CaptureFile& operator=(const CaptureFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace xdpctl::test
