// SPDX-License-Identifier: BSD-2-Clause
// Rules as text: what each word means, and how it is printed.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::lang {
namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Rule;
using ruleset::Value;

Match match_of(std::string_view text) {
    const Result<Rule> rule = parse_rule(text, "test");
    EXPECT_TRUE(rule) << rule.error().text();
    if (!rule || rule->statements.size() != 1)
        return {};
    return std::get<Match>(rule->statements.front());
}

std::vector<Interval> one(Value value) {
    return {{.first = value, .last = value}};
}

struct Written {
    std::string_view text;
    std::string_view printed;  // as nft 1.0.6 lists it
};

class EveryWord : public testing::TestWithParam<Written> {};

TEST_P(EveryWord, IsReadAndPrintedAsNftPrintsIt) {
    const auto& [text, printed] = GetParam();
    const Result<Rule> rule = parse_rule(text, "test");
    ASSERT_TRUE(rule) << rule.error().text();
    EXPECT_EQ(print_rule(*rule, {.handles = false, .stateless = true, .count = {}}), printed);
    const Result<Rule> again = parse_rule(print_rule(*rule), "test");
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(*again, *rule);
}

constexpr Written plain_values[] = {
    {"ether saddr 00:00:5E:00:53:01", "ether saddr 00:00:5e:00:53:01"},
    {"ether daddr 0:0:5e:0:53:1", "ether daddr 00:00:5e:00:53:01"},
    {"ether saddr 00:00:5e:00:53:01/24", "ether saddr 00:00:5e:00:00:00-00:00:5e:ff:ff:ff"},
    {"ether type ip", "ether type ip"},
    {"ether type 0x0800", "ether type ip"},
    {"ether type 0x88cc", "ether type 0x88cc"},
    {"ether type vlan", "ether type 8021q"},
    {"ether type 8021ad", "ether type 8021ad"},
    {"ether type ip - ip6", "ether type 0x0800-0x86dd"},
    {"vlan id 5", "vlan id 5"},
    {"vlan id 1-4095", "vlan id 1-4095"},
    {"ip protocol tcp", "ip protocol tcp"},
    {"ip protocol TCP", "ip protocol tcp"},
    {"ip protocol 6", "ip protocol tcp"},
    {"ip protocol 7", "ip protocol 7"},
    {"ip protocol 6-17", "ip protocol 6-17"},
    {"ip6 nexthdr icmpv6", "ip6 nexthdr ipv6-icmp"},
    {"ip saddr 192.0.2.1", "ip saddr 192.0.2.1"},
    {"ip saddr \"192.0.2.1\"", "ip saddr 192.0.2.1"},
    {"ip saddr 192.0.2.77/24", "ip saddr 192.0.2.0/24"},
    {"ip saddr 192.0.2.0/32", "ip saddr 192.0.2.0"},
    {"ip saddr 0.0.0.0/0", "ip saddr 0.0.0.0/0"},
    {"ip daddr 192.0.2.1-192.0.2.9", "ip daddr 192.0.2.1-192.0.2.9"},
    {"ip saddr 3221225985", "ip saddr 192.0.2.1"},
    {"ip6 saddr 2001:DB8::1", "ip6 saddr 2001:db8::1"},
    {"ip6 saddr [2001:db8::1]", "ip6 saddr 2001:db8::1"},
    {"ip6 daddr 2001:db8::1/32", "ip6 daddr 2001:db8::/32"},
    {"ip6 daddr ::192.0.2.1", "ip6 daddr ::192.0.2.1"},
    {"ip6 saddr ::/0", "ip6 saddr ::/0"},
    {"ip6 saddr 2001:db8::2-2001:db8::9", "ip6 saddr 2001:db8::2-2001:db8::9"},
    {"tcp dport 22", "tcp dport 22"},
    {"tcp dport 022", "tcp dport 18"},
    {"tcp dport 08", "tcp dport 8"},
    {"tcp dport 0x16", "tcp dport 22"},
    {"tcp dport ssh", "tcp dport 22"},
    {"tcp dport \"ssh\"", "tcp dport 22"},
    {"tcp dport ssh - http", "tcp dport 22-80"},
    {"tcp dport 22 - 25", "tcp dport 22-25"},
    {"tcp dport 80-80", "tcp dport 80"},
    {"tcp sport ftp-data", "tcp sport 20"},
    {"udp dport 0-65535", "udp dport 0-65535"},
    {"udp sport domain", "udp sport 53"},
    {"sctp sport 9", "sctp sport 9"},
    {"sctp dport { 36412, 38412 }", "sctp dport { 36412, 38412 }"},
    {"icmp type 8", "icmp type echo-request"},
    {"icmp type 8-10", "icmp type 8-10"},
    {"icmp type 99", "icmp type 99"},
    {"icmp code 3", "icmp code port-unreachable"},
    {"icmp code 33", "icmp code 33"},
    {"icmpv6 type nd-neighbor-solicit", "icmpv6 type nd-neighbor-solicit"},
    {"icmpv6 type mld-listener-reduction", "icmpv6 type mld-listener-done"},
    {"icmpv6 code 4", "icmpv6 code port-unreachable"},
    {"meta l4proto icmpv6", "meta l4proto ipv6-icmp"},
    {"meta length 100-200", "meta length 100-200"},
    {"meta length 4294967295", "meta length 4294967295"},
    {"iifname eth0", "iifname \"eth0\""},
    {"meta iifname \"eth0.5\"", "iifname \"eth0.5\""},
    {"oifname eth*", "oifname \"eth*\""},
    {"meta oifname != \"a\"", "oifname != \"a\""},
};

INSTANTIATE_TEST_SUITE_P(Values, EveryWord, testing::ValuesIn(plain_values));

constexpr Written operators[] = {
    {"tcp dport == 22", "tcp dport 22"},
    {"tcp dport eq 22", "tcp dport 22"},
    {"tcp dport != 22", "tcp dport != 22"},
    {"tcp dport ne 22-25", "tcp dport != 22-25"},
    {"tcp dport < 22", "tcp dport < 22"},
    {"tcp dport lt 22", "tcp dport < 22"},
    {"tcp dport > 22", "tcp dport > 22"},
    {"tcp dport gt { 22 }", "tcp dport > 22"},
    {"tcp dport <= 22", "tcp dport <= 22"},
    {"tcp dport le 22", "tcp dport <= 22"},
    {"tcp dport >= 22", "tcp dport >= 22"},
    {"tcp dport ge ssh", "tcp dport >= 22"},
    {"ip saddr < 192.0.2.1", "ip saddr < 192.0.2.1"},
    {"icmp type > 8", "icmp type > echo-request"},
    {"ether saddr >= 00:00:5e:00:53:01", "ether saddr >= 00:00:5e:00:53:01"},
};

INSTANTIATE_TEST_SUITE_P(Operators, EveryWord, testing::ValuesIn(operators));

constexpr Written sets[] = {
    {"tcp dport { 22 }", "tcp dport 22"},
    {"tcp dport { 443, 22, 80, }", "tcp dport { 22, 80, 443 }"},
    {"tcp dport { 80, 81 }", "tcp dport { 80, 81 }"},
    {"tcp dport { 80, 80 }", "tcp dport 80"},
    {"tcp dport { 80-90, 91, 100 }", "tcp dport { 80-91, 100 }"},
    {"tcp dport { 80-90, 85-95 }", "tcp dport 80-95"},
    {"tcp dport { 22, { 23, { 24 } } }", "tcp dport { 22, 23, 24 }"},
    {"tcp dport {\n22,\n\n23\n}", "tcp dport { 22, 23 }"},
    {"tcp dport { 22\n, 23 }", "tcp dport { 22, 23 }"},
    {"tcp dport != { ssh, http-alt }", "tcp dport != { 22, 8080 }"},
    {"ip saddr { 192.0.2.0/25, 192.0.2.128/25 }", "ip saddr 192.0.2.0/24"},
    {"ip saddr { 198.51.100.1-198.51.100.9, 192.0.2.0/24 }", "ip saddr { 192.0.2.0/24, 198.51.100.1-198.51.100.9 }"},
    {"ip saddr { 192.0.2.0-192.0.2.127, 203.0.113.7 }", "ip saddr { 192.0.2.0/25, 203.0.113.7 }"},
    {"ip saddr { 192.0.2.5/24, 192.0.2.7 }", "ip saddr 192.0.2.0/24"},
    {"ip6 saddr { 2001:db8:3::/48, 2001:db8:1::/48 }", "ip6 saddr { 2001:db8:1::/48, 2001:db8:3::/48 }"},
    {"ip6 saddr { ::/1, 8000::/1 }", "ip6 saddr ::/0"},
    {"ether type { arp, 0x1234, ip }", "ether type { ip, arp, 0x1234 }"},
    {"icmp type { echo-request, echo-reply }", "icmp type { echo-reply, echo-request }"},
    {"ip protocol { udp, tcp, 200 }", "ip protocol { tcp, udp, 200 }"},
    {"vlan id { 7-9, 5 }", "vlan id { 5, 7-9 }"},
    {"iifname { eth1, \"eth0\", eth1 }", "iifname { \"eth0\", \"eth1\" }"},
    {"iifname { eth0 }", "iifname \"eth0\""},
};

INSTANTIATE_TEST_SUITE_P(Sets, EveryWord, testing::ValuesIn(sets));

constexpr Written flags[] = {
    {"tcp flags syn", "tcp flags syn"},
    {"tcp flags syn,ack", "tcp flags syn,ack"},
    {"tcp flags ack | syn", "tcp flags syn,ack"},
    {"tcp flags (syn or ack)", "tcp flags syn,ack"},
    {"tcp flags 0x12", "tcp flags syn,ack"},
    {"tcp flags { syn }", "tcp flags syn"},
    {"tcp flags 0xff", "tcp flags != 0x0"},
    {"tcp flags 0", "tcp flags 0x0"},
    {"tcp flags & (syn | ack) != 0", "tcp flags syn,ack"},
    {"tcp flags ! syn", "tcp flags ! syn"},
    {"tcp flags not syn,ack", "tcp flags ! syn,ack"},
    {"tcp flags & syn == 0", "tcp flags ! syn"},
    {"tcp flags & 0xff == 0", "tcp flags == 0x0"},
    {"tcp flags == syn", "tcp flags == syn"},
    {"tcp flags == { syn }", "tcp flags == syn"},
    {"tcp flags == syn,ack", "tcp flags == 0x12"},
    {"tcp flags != syn | ack", "tcp flags != 0x12"},
    {"tcp flags & 0xff == syn", "tcp flags == syn"},
    {"tcp flags < 5", "tcp flags < 0x5"},
    {"tcp flags 1-5", "tcp flags 0x1-0x5"},
    {"tcp flags & (fin|syn|rst|ack) == syn", "tcp flags syn / fin,syn,rst,ack"},
    {"tcp flags & (fin|syn|rst|ack) syn", "tcp flags syn / fin,syn,rst,ack"},
    {"tcp flags syn / syn,ack", "tcp flags syn / syn,ack"},
    {"tcp flags != syn,ack / syn,ack,fin", "tcp flags != syn,ack / fin,syn,ack"},
    {"tcp flags & (syn|ack) == (syn|ack)", "tcp flags syn,ack / syn,ack"},
    {"tcp flags & syn == syn", "tcp flags & syn == syn"},
    {"tcp flags & syn != syn", "tcp flags & syn != syn"},
    {"tcp flags and syn == ack", "tcp flags & syn == ack"},
    {"tcp flags & (syn|ack) > syn", "tcp flags & (syn | ack) > syn"},
    {"tcp flags & (syn|ack) == { ack, syn }", "tcp flags & (syn | ack) == { syn, ack }"},
    {"tcp flags != { syn, syn|ack }", "tcp flags != { syn, syn | ack }"},
    {"tcp flags { 0x12, 2 }", "tcp flags { syn, syn | ack }"},
    {"tcp flags { syn,ack | fin }", "tcp flags { syn, fin | ack }"},
};

INSTANTIATE_TEST_SUITE_P(Flags, EveryWord, testing::ValuesIn(flags));

constexpr Written statements[] = {
    {"accept", "accept"},
    {"drop", "drop"},
    {"counter", "counter"},
    {"counter packets 5 bytes 0x10 drop", "counter drop"},
    {"tcp dport 22 counter drop comment \"ssh # not; here\"", "tcp dport 22 counter drop comment \"ssh # not; here\""},
    {"drop comment word", "drop comment \"word\""},
    {"drop comment \"\"", "drop"},
    {"counter ip saddr 192.0.2.1 ip daddr 192.0.2.2 drop", "counter ip saddr 192.0.2.1 ip daddr 192.0.2.2 drop"},
    {"tcp dport \\\n 22 \\\n accept", "tcp dport 22 accept"},
    {"tcp dport 22 accept # comment", "tcp dport 22 accept"},
    {"tcp dport 22 accept;", "tcp dport 22 accept"},
    {"tcp dport 22 ip6 saddr 2001:db8::1", "tcp dport 22 ip6 saddr 2001:db8::1"},
    {"ip6 saddr 2001:db8::1 icmp type 8", "ip6 saddr 2001:db8::1 icmp type echo-request"},
    {"ether type vlan ip saddr 192.0.2.1", "ether type 8021q ip saddr 192.0.2.1"},
    {"vlan id 5 ether type ip", "vlan id 5 ether type ip"},
    {"vlan id 5 ip saddr 192.0.2.1 vlan pcp 7", "vlan id 5 ip saddr 192.0.2.1 vlan pcp 7"},
    {"ether type vlan tcp dport 22 ip6 hoplimit 1 vlan id 5", "ether type 8021q tcp dport 22 ip6 hoplimit 1 vlan id 5"},
    {"icmp type echo-request icmp id 5", "icmp type echo-request icmp id 5"},
    {"icmpv6 type echo-reply icmpv6 sequence 5", "icmpv6 type echo-reply icmpv6 sequence 5"},
    {"ip protocol != udp tcp dport 22", "ip protocol != udp tcp dport 22"},
    {"tcp dport 22 meta l4proto udp", "tcp dport 22 meta l4proto udp"},
};

INSTANTIATE_TEST_SUITE_P(Statements, EveryWord, testing::ValuesIn(statements));

TEST(Match, HoldsValuesInHostOrder) {
    EXPECT_EQ(match_of("ip saddr 192.0.2.1").values, one(0xc0000201));
    EXPECT_EQ(match_of("tcp dport 22").values, one(22));
    EXPECT_EQ(match_of("ether saddr 00:00:5e:00:53:01").values, one(0x00005e005301));
    const Value documentation = Value{0x20010db8} << 96U;
    EXPECT_EQ(match_of("ip6 saddr 2001:db8::1").values, one(documentation + 1));
    EXPECT_EQ(match_of("ip6 saddr 2001:db8::/32").values,
              (std::vector<Interval>{{.first = documentation, .last = documentation + (Value{1} << 96U) - 1}}));
}

TEST(Match, KnowsFlagsFromValues) {
    const Match any = match_of("tcp flags syn,ack");
    EXPECT_TRUE(any.is_flags);
    EXPECT_EQ(any.mask, Value{0x12});
    EXPECT_TRUE(any.values.empty());

    const Match none = match_of("tcp flags ! syn");
    EXPECT_FALSE(none.is_flags);
    EXPECT_EQ(none.mask, Value{0x02});
    EXPECT_EQ(none.values, one(0));
    EXPECT_EQ(none.relation, Relation::Equal);

    const Match masked = match_of("tcp flags != syn / syn,ack");
    EXPECT_EQ(masked.relation, Relation::NotEqual);
    EXPECT_EQ(masked.mask, Value{0x12});
    EXPECT_EQ(masked.values, one(0x02));

    const Match plain = match_of("tcp flags == syn");
    EXPECT_FALSE(plain.mask);
    EXPECT_EQ(plain.values, one(0x02));
}

TEST(Match, TakesCounterStart) {
    const Result<Rule> rule = parse_rule("counter bytes 7 packets 3", "test");
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->counter()->start, (Count{.packets = 3, .bytes = 7}));
    EXPECT_FALSE(rule->verdict());
}

std::string_view example(ruleset::ValueType type) {
    switch (type) {
    case ruleset::ValueType::EtherAddr:
        return "00:00:5e:00:53:01";
    case ruleset::ValueType::Ipv4Addr:
        return "192.0.2.1";
    case ruleset::ValueType::Ipv6Addr:
        return "2001:db8::1";
    case ruleset::ValueType::Ifindex:
    case ruleset::ValueType::Ifname:
        return "eth0";
    default:
        return "1";
    }
}

TEST(Match, EveryFieldIsReadByItsName) {
    for (const ruleset::FieldInfo& field : ruleset::fields()) {
        if (field.field == Field::Raw)
            continue;
        const bool is_inner = ruleset::find_field(field.protocol, field.name) != field.field;
        const std::string text = fmt::format("{}{} {} {}", is_inner ? "vlan type 8021q " : "", field.protocol,
                                             field.name, example(field.type));
        const Result<Rule> rule = parse_rule(text, "test");
        ASSERT_TRUE(rule) << rule.error().text();
        EXPECT_EQ(std::get<Match>(rule->statements.back()).field, field.field) << text;
        const Result<Rule> again = parse_rule(print_rule(*rule), "test");
        ASSERT_TRUE(again) << again.error().text();
        EXPECT_EQ(*again, *rule) << print_rule(*rule);
    }
}

TEST(Match, MeansTheSecondTagBehindATypeThatIsOne) {
    const auto field_behind = [](std::string_view type) {
        const Result<Rule> rule = parse_rule(fmt::format("vlan type {} vlan id 5", type), "test");
        EXPECT_TRUE(rule) << rule.error().text();
        return std::get<Match>(rule->statements.back()).field;
    };
    EXPECT_EQ(field_behind("8021q"), Field::VlanInnerId);
    EXPECT_EQ(field_behind("8021ad"), Field::VlanInnerId);
    EXPECT_EQ(field_behind("ip"), Field::VlanId);
    EXPECT_EQ(field_behind("0x88cc"), Field::VlanId);
    EXPECT_EQ(field_behind("!= 8021q"), Field::VlanId);
}

TEST(Match, ReadsRawPayload) {
    const Match match = match_of("@nh,96,32 != 0xc0000201");
    EXPECT_EQ(match.field, Field::Raw);
    EXPECT_EQ(match.payload,
              (ruleset::RawPayload{.base = ruleset::RawPayload::Base::Network, .offset = 96, .length = 32}));
    EXPECT_EQ(match.values, one(0xc0000201));
    EXPECT_EQ(match_of("@ll,0,128 0x0123456789abcdef0123456789abcdef").values,
              one(Value{0x0123456789abcdef} << 64U | 0x0123456789abcdef));
}

// Each spelling and the one that it means.
TEST(Match, MakesBitOperatorsPlain) {
    for (const auto& [written, meant] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"ip ttl & 1 == 1", "ip ttl & 1 == 1"},
             {"ip ttl & 0xff == 1", "ip ttl 1"},
             {"ip ttl & 0x3f & 0x30 == 16", "ip ttl & 48 == 16"},
             {"ip ttl & (1 | 2) == 3", "ip ttl & 3 == 3"},
             {"ip ttl and 1 eq 1", "ip ttl & 1 == 1"},
             {"ip ttl | 1 == 5", "ip ttl | 1 == 5"},
             {"ip ttl & 7 | 8 == 9", "ip ttl & 15 | 8 == 9"},
             {"ip ttl ^ 1 == 5", "ip ttl 4"},
             {"ip ttl ^ 1 { 4, 6 }", "ip ttl { 5, 7 }"},
             {"ip ttl & 3 ^ 1 == 1", "ip ttl & 3 == 0"},
             {"ip ttl << 1 == 4", "ip ttl 2"},
             {"ip id >> 8 == 4", "ip id 1024-1279"},
             {"ip id >> 8 != 4", "ip id != 1024-1279"},
             {"ip saddr & 255.255.255.0 == 192.0.2.0", "ip saddr 192.0.2.0/24"},
             {"ip saddr & 0xff == 1", "ip saddr & 0.0.0.255 == 0.0.0.1"},
             {"ip6 saddr & ffff:: == 2001::", "ip6 saddr 2001::/16"},
             {"meta mark & 0xff | 0x100 == 0x105", "meta mark & 0x000001ff | 0x00000100 == 0x00000105"},
             {"tcp dport 1/6", "tcp dport 0-1023"},
             {"meta nfproto { ipv4, ipv6 }", "meta protocol { ip, ip6 }"},
             {"mark 5", "meta mark 0x00000005"},
             {"meta priority 1:2", "meta priority 1:2"},
             {"meta priority a0:", "meta priority a0:0"},
             {"exthdr frag 0", "exthdr frag missing"},
             {"vlan cfi 1", "vlan dei 1"},
             {"pkttype unicast", "meta pkttype host"},
             {"arp saddr ether 0:0:5e:0:53:1", "arp saddr ether 00:00:5e:00:53:01"},
         }) {
        const Result<Rule> rule = parse_rule(written, "test");
        ASSERT_TRUE(rule) << rule.error().text();
        EXPECT_EQ(print_rule(*rule), meant) << written;
    }
}

}  // namespace
}  // namespace xdpctl::lang
