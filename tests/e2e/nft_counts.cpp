// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/nft_counts.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <endian.h>

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace xdpctl::test {

namespace {

using kernel::for_each_attribute;
using kernel::for_each_nested;

Count count_of(const nlattr* counter) {
    Count out;
    for_each_nested(counter, [&](int type, const nlattr* attribute) {
        if (type == NFTA_COUNTER_PACKETS)
            out.packets = be64toh(mnl_attr_get_u64(attribute));
        else if (type == NFTA_COUNTER_BYTES)
            out.bytes = be64toh(mnl_attr_get_u64(attribute));
    });
    return out;
}

// Adds the count, if the expression is a counter.
void add_count(const nlattr* expression, std::vector<Count>& counts) {
    bool is_counter = false;
    const nlattr* data = nullptr;
    for_each_nested(expression, [&](int type, const nlattr* attribute) {
        if (type == NFTA_EXPR_NAME)
            is_counter = std::string_view(mnl_attr_get_str(attribute)) == "counter";
        else if (type == NFTA_EXPR_DATA)
            data = attribute;
    });
    if (is_counter && data != nullptr)
        counts.push_back(count_of(data));
}

}  // namespace

NftCounts::NftCounts(const Netns& netns)
    : socket_(netns.run([] { return kernel::NetlinkSocket::open(NETLINK_NETFILTER).value(); })) {}

std::vector<Count> NftCounts::of_table(const std::string& table) {
    kernel::NetlinkMessage request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_DUMP);
    request.extra<nfgenmsg>() = {.nfgen_family = NFPROTO_NETDEV, .version = NFNETLINK_V0, .res_id = 0};
    mnl_attr_put_strz(request.get(), NFTA_RULE_TABLE, table.c_str());
    std::vector<Count> out;
    const auto answered = socket_.talk(request, [&](const nlmsghdr& message) {
        for_each_attribute(message, sizeof(nfgenmsg), [&](int type, const nlattr* attribute) {
            if (type == NFTA_RULE_EXPRESSIONS)
                for_each_nested(attribute, [&](int, const nlattr* expression) { add_count(expression, out); });
        });
    });
    if (!answered)
        throw std::runtime_error("cannot list nft's rules: " + answered.error().message);
    return out;
}

}  // namespace xdpctl::test
