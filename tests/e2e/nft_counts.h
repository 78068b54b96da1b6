// SPDX-License-Identifier: BSD-2-Clause
// What nft's rules have counted, asked of the kernel: nft 1.0.6 dies of listing some of the rules that it takes.
#pragma once

#include <string>
#include <vector>

#include "base/types.h"
#include "kernel/netlink.h"
#include "support/netns.h"

namespace xdpctl::test {

class NftCounts {
public:
    explicit NftCounts(const Netns& netns);

    // Of the rules with a counter, in the order of chains and rules. Throws std::runtime_error when the kernel refuses.
    [[nodiscard]] std::vector<Count> of_table(const std::string& table);

private:
    kernel::NetlinkSocket socket_;
};

}  // namespace xdpctl::test
