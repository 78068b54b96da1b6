// SPDX-License-Identifier: BSD-2-Clause
// Finds what an operation left behind in this process and in the kernel.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "support/netns.h"

namespace xdpctl::test {

// What is there at a moment, one line for each thing: open descriptors of this process, pins below $XDPCTL_BPFFS, named
// namespaces that this process made, and in each given namespace its devices with their XDP programs, queueing
// disciplines, TC filters and TCX programs. A BPF program or link that is not held by one of these does not exist.
class Snapshot {
public:
    explicit Snapshot(const std::vector<const Netns*>& namespaces = {});

    // Lines there now that were not there then, and lines that went away, marked + and -. Empty when all is as it was.
    [[nodiscard]] std::vector<std::string> differences() const;

private:
    [[nodiscard]] std::set<std::string> look() const;

    std::vector<const Netns*> namespaces_;
    std::set<std::string> before_;
};

}  // namespace xdpctl::test
