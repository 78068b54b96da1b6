// SPDX-License-Identifier: BSD-2-Clause
#include "bench/chains.h"

#include <fmt/format.h>

#include <stdexcept>

#include "lang/parse.h"

namespace xdpctl::bench {

namespace {

ruleset::Rule rule_of(std::string_view text, std::uint64_t handle) {
    auto rule = lang::parse_rule(text, "bench");
    if (!rule)
        throw std::logic_error(rule.error().text());
    rule->handle = Handle{handle};
    return *std::move(rule);
}

ruleset::Chain empty_chain() {
    ruleset::Chain chain;
    chain.name = "bench";
    chain.devices = {"bench0"};
    return chain;
}

}  // namespace

ruleset::Chain chain_of(std::size_t rules, Family family, bool counted) {
    ruleset::Chain chain = empty_chain();
    for (std::size_t left = rules; left > 0; --left) {
        const std::string address = family == Family::Ipv4 ? fmt::format("ip saddr 192.0.{}.{}", left >> 8, left & 0xff)
                                                           : fmt::format("ip6 saddr 2001:db8::{:x}", left);
        chain.rules.push_back(rule_of(address + (counted ? " counter drop" : " drop"), chain.rules.size() + 1));
    }
    return chain;
}

test::Bytes tcp_frame(Family family) {
    using namespace test;
    const Tcp tcp{.dport = 22};
    return family == Family::Ipv4 ? frame({Ether{}, Ipv4{.saddr = "192.0.0.1"}, tcp, Bytes(10)})
                                  : frame({Ether{}, Ipv6{.saddr = "2001:db8::1"}, tcp});
}

ruleset::Chain chain_of(std::string_view rule) {
    ruleset::Chain chain = empty_chain();
    chain.rules.push_back(rule_of(rule, 1));
    return chain;
}

}  // namespace xdpctl::bench
