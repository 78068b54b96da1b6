// SPDX-License-Identifier: BSD-2-Clause
// Lookups in sets by the real programs, under both engines, against the elements.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "compile/lookups.h"
#include "lang/parse.h"
#include "support/packet.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using compile::Engine;
using kernel::Layer;

// Enough elements for a set that is looked up, and then those of the test.
std::string padded(std::string_view elements, const std::function<std::string(int)>& filler) {
    std::string out(elements);
    for (int i = 0; i < 100; ++i)
        out += (out.empty() ? "" : ", ") + filler(i);
    return out;
}

class SetLookup : public testing::TestWithParam<std::tuple<Layer, Engine>> {
protected:
    // A table with one set `s` and one chain with the rule.
    void load(std::string_view declaration, std::string_view elements, std::string_view rule) {
        const std::string text = fmt::format(
            "table netdev t {{\n set s {{ {}; elements = {{ {} }}\n }}\n chain c {{ type filter hook ingress device "
            "\"lo\" priority 0; policy accept;\n {}\n }}\n}}\n",
            declaration, elements, rule);
        auto ruleset = lang::parse_ruleset(text, "test");
        ASSERT_TRUE(ruleset.has_value()) << ruleset.error().text();
        const ruleset::Table& table = ruleset->tables.front();
        ASSERT_TRUE(compile::is_looked_up(table.sets.front()));
        auto runner =
            testrun::Runner::create(table.chains.front(), std::get<0>(GetParam()), {}, std::get<1>(GetParam()), &table);
        ASSERT_TRUE(runner.has_value()) << runner.error().text();
        runner_.emplace(*std::move(runner));
    }

    bool drops(const Bytes& frame) {
        const auto outcome = runner_->run(frame);
        EXPECT_TRUE(outcome.has_value()) << outcome.error().text();
        return outcome && outcome->verdict == ruleset::Verdict::Drop;
    }

    std::optional<testrun::Runner> runner_;
};

Bytes from(const std::string& address) {
    return address.contains(':') ? frame({Ether{}, Ipv6{.saddr = address}, Tcp{.dport = 22}})
                                 : frame({Ether{}, Ipv4{.saddr = address}, Tcp{.dport = 22}, Bytes(10)});
}

Bytes to_port(int port) {
    return frame({Ether{}, Ipv4{}, Tcp{.dport = static_cast<std::uint16_t>(port)}, Bytes(10)});
}

TEST_P(SetLookup, finds_ipv4_prefixes) {
    load("type ipv4_addr; flags interval",
         padded("192.0.2.0/24, 198.51.100.7, 203.0.113.16-203.0.113.20",
                [](int i) { return fmt::format("10.{}.0.0/16", i); }),
         "ip saddr @s drop");
    for (const auto* address : {"192.0.2.0", "192.0.2.255", "198.51.100.7", "203.0.113.16", "203.0.113.20", "10.0.0.0",
                                "10.99.255.255", "10.50.1.2"})
        EXPECT_TRUE(drops(from(address))) << address;
    for (const auto* address : {"192.0.1.255", "192.0.3.0", "198.51.100.6", "198.51.100.8", "203.0.113.15",
                                "203.0.113.21", "10.100.0.0", "9.255.255.255", "2001:db8::1"})
        EXPECT_FALSE(drops(from(address))) << address;
}

TEST_P(SetLookup, finds_ipv4_addresses) {
    load("type ipv4_addr", padded("192.0.2.1", [](int i) { return fmt::format("10.7.{}.1", i); }), "ip saddr @s drop");
    EXPECT_TRUE(drops(from("192.0.2.1")));
    EXPECT_TRUE(drops(from("10.7.42.1")));
    EXPECT_FALSE(drops(from("192.0.2.2")));
    EXPECT_FALSE(drops(from("10.7.100.1")));
    EXPECT_FALSE(drops(from("0.0.0.0")));
}

TEST_P(SetLookup, finds_ipv6_prefixes) {
    load("type ipv6_addr; flags interval",
         padded("2001:db8:1::/48, 2001:db8:2::7, 2001:db8:3::1-2001:db8:3::f",
                [](int i) { return fmt::format("2001:db8:8000:{:x}::/64", i); }),
         "ip6 saddr @s drop");
    for (const auto* address : {"2001:db8:1::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", "2001:db8:2::7", "2001:db8:3::1",
                                "2001:db8:3::f", "2001:db8:8000:63::5"})
        EXPECT_TRUE(drops(from(address))) << address;
    for (const auto* address : {"2001:db8::", "2001:db8:2::", "2001:db8:2::8", "2001:db8:3::", "2001:db8:3::10",
                                "2001:db8:8000:64::", "192.0.2.1"})
        EXPECT_FALSE(drops(from(address))) << address;
}

TEST_P(SetLookup, finds_ipv6_addresses) {
    load("type ipv6_addr", padded("2001:db8::1", [](int i) { return fmt::format("2001:db8:1::{:x}", i); }),
         "ip6 saddr @s drop");
    EXPECT_TRUE(drops(from("2001:db8::1")));
    EXPECT_TRUE(drops(from("2001:db8:1::40")));
    EXPECT_FALSE(drops(from("2001:db8::2")));
    EXPECT_FALSE(drops(from("2001:db8:1::64")));
}

TEST_P(SetLookup, finds_ports) {
    load("type inet_service; flags interval",
         padded("22, 60000-65535", [](int i) { return std::to_string(1000 + 2 * i); }), "tcp dport @s drop");
    for (const int port : {22, 1000, 1198, 60000, 65535})
        EXPECT_TRUE(drops(to_port(port))) << port;
    for (const int port : {0, 21, 23, 1001, 1200, 59999})
        EXPECT_FALSE(drops(to_port(port))) << port;
    // A packet without the field is in no set, and outside none.
    EXPECT_FALSE(drops(frame({Ether{}, Ipv4{}, Udp{.dport = 22}, Bytes(10)})));
}

TEST_P(SetLookup, finds_ether_addresses) {
    load("type ether_addr", padded("02:00:00:00:00:01", [](int i) { return fmt::format("02:01:00:00:00:{:02x}", i); }),
         "ether saddr @s drop");
    EXPECT_TRUE(drops(frame({Ether{.saddr = {0x02, 0x00, 0x00, 0x00, 0x00, 0x01}}, Ipv4{}, Tcp{}, Bytes(10)})));
    EXPECT_TRUE(drops(frame({Ether{.saddr = {0x02, 0x01, 0x00, 0x00, 0x00, 0x63}}, Ipv4{}, Tcp{}, Bytes(10)})));
    EXPECT_FALSE(drops(frame({Ether{.saddr = {0x02, 0x00, 0x00, 0x00, 0x00, 0x02}}, Ipv4{}, Tcp{}, Bytes(10)})));
    EXPECT_FALSE(drops(frame({Ether{.saddr = {0x03, 0x01, 0x00, 0x00, 0x00, 0x63}}, Ipv4{}, Tcp{}, Bytes(10)})));
}

TEST_P(SetLookup, negates) {
    load("type ipv4_addr", padded("192.0.2.1", [](int i) { return fmt::format("10.7.{}.1", i); }),
         "ip saddr != @s drop");
    EXPECT_FALSE(drops(from("192.0.2.1")));
    EXPECT_TRUE(drops(from("192.0.2.2")));
    EXPECT_FALSE(drops(from("2001:db8::1")));  // has no such field
}

TEST_P(SetLookup, goes_on_behind_a_failed_lookup) {
    load("type ipv4_addr", padded("192.0.2.1", [](int i) { return fmt::format("10.7.{}.1", i); }),
         "ip saddr @s tcp dport 80 drop\n ip saddr @s udp dport 53 drop\n tcp dport 22 ip saddr != @s drop");
    EXPECT_FALSE(drops(from("192.0.2.1")));
    EXPECT_TRUE(drops(from("192.0.2.2")));
    EXPECT_TRUE(drops(frame({Ether{}, Ipv4{.saddr = "10.7.3.1"}, Udp{.dport = 53}, Bytes(10)})));
    EXPECT_FALSE(drops(frame({Ether{}, Ipv4{.saddr = "10.8.3.1"}, Udp{.dport = 53}, Bytes(10)})));
}

TEST_P(SetLookup, counts_and_expires) {
    load("type ipv4_addr; flags timeout; counter", "192.0.2.1, 192.0.2.2 timeout 1ms, 192.0.2.3 timeout 1h",
         "ip saddr @s drop");
    EXPECT_TRUE(drops(from("192.0.2.1")));
    EXPECT_FALSE(drops(from("192.0.2.2")));
    EXPECT_TRUE(drops(from("192.0.2.3")));
    EXPECT_FALSE(drops(from("192.0.2.4")));
}

// What is looked up in several sets is looked up once: which of them holds it has to be told apart.
class JointLookup : public testing::TestWithParam<std::tuple<Layer, Engine, bool>> {
protected:
    static bool is_ipv6() { return std::get<2>(GetParam()); }

    static std::string address(unsigned number) {
        return is_ipv6() ? fmt::format("2001:db8:{:x}::{:x}", number % 7, number)
                         : fmt::format("10.{}.{}.9", number % 7 * 2 + number / 256, number % 256);
    }

    static Bytes packet(unsigned from, unsigned to) {
        return is_ipv6()
                   ? frame({Ether{}, Ipv6{.saddr = address(from), .daddr = address(to)}, Tcp{.dport = 22}})
                   : frame({Ether{}, Ipv4{.saddr = address(from), .daddr = address(to)}, Tcp{.dport = 22}, Bytes(10)});
    }

    // Set i, of intervals when i is even, has every number that is divisible by i + 2.
    static bool has(unsigned set, unsigned number) { return number % (set + 2) == 0; }

    static constexpr unsigned sets = 5;
    static constexpr unsigned numbers = 250;
};

TEST_P(JointLookup, TellsSetsApart) {
    const std::string_view family = is_ipv6() ? "ip6" : "ip";
    std::string text = "table netdev t {\n";
    for (unsigned set = 0; set < sets; ++set) {
        std::string elements;
        for (unsigned number = 0; number < 2 * numbers; ++number)
            if (has(set, number))
                elements += fmt::format("{}{}", elements.empty() ? "" : ", ", address(number));
        text += fmt::format(" set s{} {{ type {}_addr{}; elements = {{ {} }}\n }}\n", set, is_ipv6() ? "ipv6" : "ipv4",
                            set % 2 == 0 ? "; flags interval" : "", elements);
    }
    text += fmt::format(
        " chain c {{ type filter hook ingress device \"lo\" priority 0; policy accept;\n"
        " {0} saddr @s0 {0} daddr != @s1 drop\n {0} saddr @s1 {0} saddr @s2 accept\n {0} daddr @s3 drop\n"
        " {0} saddr != @s4 accept\n {0} daddr @s0 drop\n }}\n}}\n",
        family);
    const auto ruleset = lang::parse_ruleset(text, "test");
    ASSERT_TRUE(ruleset.has_value()) << ruleset.error().text();
    const ruleset::Table& table = ruleset->tables.front();
    auto runner =
        testrun::Runner::create(table.chains.front(), std::get<0>(GetParam()), {}, std::get<1>(GetParam()), &table);
    ASSERT_TRUE(runner.has_value()) << runner.error().text();
    const auto expected = [](unsigned from, unsigned to) {
        if (has(0, from) && !has(1, to))
            return ruleset::Verdict::Drop;
        if (has(1, from) && has(2, from))
            return ruleset::Verdict::Accept;
        if (has(3, to))
            return ruleset::Verdict::Drop;
        if (!has(4, from))
            return ruleset::Verdict::Accept;
        return has(0, to) ? ruleset::Verdict::Drop : ruleset::Verdict::Accept;
    };
    for (unsigned from = 0; from < numbers; ++from) {
        const unsigned to = from * 89 % numbers;
        const auto outcome = runner->run(packet(from, to));
        ASSERT_TRUE(outcome.has_value()) << outcome.error().text();
        EXPECT_EQ(outcome->verdict, expected(from, to)) << address(from) << " > " << address(to);
    }
    // The other family asks for none of it.
    const Bytes other = is_ipv6() ? frame({Ether{}, Ipv4{}, Tcp{}, Bytes(10)}) : frame({Ether{}, Ipv6{}, Tcp{}});
    const auto outcome = runner->run(other);
    ASSERT_TRUE(outcome.has_value()) << outcome.error().text();
    EXPECT_EQ(outcome->verdict, ruleset::Verdict::Accept);
}

INSTANTIATE_TEST_SUITE_P(All, JointLookup,
                         testing::Combine(testing::Values(Layer::Xdp, Layer::TcIngress),
                                          testing::Values(Engine::StraightLine, Engine::TupleTree), testing::Bool()));

INSTANTIATE_TEST_SUITE_P(All, SetLookup,
                         testing::Combine(testing::Values(Layer::Xdp, Layer::TcIngress),
                                          testing::Values(Engine::StraightLine, Engine::TupleTree)));

}  // namespace
}  // namespace xdpctl::test
