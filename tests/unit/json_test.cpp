// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;

json expression(std::string_view rule) {
    const std::string text = "table netdev t {\nchain c {\ntype filter hook ingress device eth0 priority 0;\n" +
                             std::string(rule) + "\n}\n}\n";
    const auto ruleset = parse_ruleset(text, "test");
    EXPECT_TRUE(ruleset) << ruleset.error().text();
    if (!ruleset)
        return {};
    return ruleset_json(*ruleset)["nftables"][3]["rule"]["expr"][0];
}

struct Written {
    std::string_view rule;
    std::string_view match;  // operator and both sides
};

class EveryForm : public testing::TestWithParam<Written> {};

TEST_P(EveryForm, FollowsTheSchema) {
    EXPECT_EQ(expression(GetParam().rule), json({{"match", json::parse(GetParam().match)}}));
}

#define PAYLOAD(protocol, field) R"("left": {"payload": {"protocol": ")" protocol R"(", "field": ")" field R"("}})"

constexpr Written forms[] = {
    {"tcp dport 22", R"({"op": "==", )" PAYLOAD("tcp", "dport") R"(, "right": 22})"},
    {"tcp dport != 22-25", R"({"op": "!=", )" PAYLOAD("tcp", "dport") R"(, "right": {"range": [22, 25]}})"},
    {"udp dport < 53", R"({"op": "<", )" PAYLOAD("udp", "dport") R"(, "right": 53})"},
    {"tcp dport { 22, 80-90 }",
     R"({"op": "==", )" PAYLOAD("tcp", "dport") R"(, "right": {"set": [22, {"range": [80, 90]}]}})"},
    {"ip saddr 192.0.2.0/24",
     R"({"op": "==", )" PAYLOAD("ip", "saddr") R"(, "right": {"prefix": {"addr": "192.0.2.0", "len": 24}}})"},
    {"ip6 saddr 2001:db8::1", R"({"op": "==", )" PAYLOAD("ip6", "saddr") R"(, "right": "2001:db8::1"})"},
    {"ether type ip", R"({"op": "==", )" PAYLOAD("ether", "type") R"(, "right": "ip"})"},
    {"ether type 0x88cc", R"({"op": "==", )" PAYLOAD("ether", "type") R"(, "right": 35020})"},
    {"ip protocol tcp", R"({"op": "==", )" PAYLOAD("ip", "protocol") R"(, "right": "tcp"})"},
    {"tcp flags syn,ack", R"({"op": "in", )" PAYLOAD("tcp", "flags") R"(, "right": ["syn", "ack"]})"},
    {"tcp flags ! syn", R"({"op": "!", )" PAYLOAD("tcp", "flags") R"(, "right": "syn"})"},
    {"tcp flags == syn,ack", R"({"op": "==", )" PAYLOAD("tcp", "flags") R"(, "right": 18})"},
    {"tcp flags { syn, fin | syn | ack }",
     R"({"op": "==", )" PAYLOAD("tcp",
                                "flags") R"(, "right": {"set": ["syn", {"|": [{"|": ["fin", "syn"]}, "ack"]}]}})"},
    {"tcp flags syn / syn,ack", R"({"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}},
      ["syn", "ack"]]}, "right": "syn"})"},
    {"tcp flags & (syn | ack) > syn", R"({"op": ">", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}},
      {"|": ["syn", "ack"]}]}, "right": "syn"})"},
    {"meta length 100", R"({"op": "==", "left": {"meta": {"key": "length"}}, "right": 100})"},
    {"iifname eth0", R"({"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth0"})"},
    {"iifname { a, b }", R"({"op": "==", "left": {"meta": {"key": "iifname"}}, "right": {"set": ["a", "b"]}})"},
};

#undef PAYLOAD

INSTANTIATE_TEST_SUITE_P(Matches, EveryForm, testing::ValuesIn(forms));

TEST(Json, DescribesTheObjects) {
    const auto ruleset = parse_ruleset(R"(table netdev t { # handle 1
    comment "tables"
    chain c { # handle 2
        type filter hook egress devices = { eth0, eth1 } priority 7; policy drop;
        comment "chains"
        counter packets 1 bytes 2 accept comment "rules" # handle 3
    }
})",
                                       "test", true);
    ASSERT_TRUE(ruleset) << ruleset.error().text();
    EXPECT_EQ(ruleset_json(*ruleset), json::parse(R"({"nftables": [
        {"metainfo": {"json_schema_version": 1}},
        {"table": {"family": "netdev", "name": "t", "handle": 1, "comment": "tables"}},
        {"chain": {"family": "netdev", "table": "t", "name": "c", "handle": 2, "type": "filter", "hook": "egress",
                   "prio": 7, "policy": "drop", "dev": ["eth0", "eth1"], "comment": "chains"}},
        {"rule": {"family": "netdev", "table": "t", "chain": "c", "handle": 3, "comment": "rules",
                  "expr": [{"counter": {"packets": 1, "bytes": 2}}, {"accept": null}]}}]})"));
    EXPECT_EQ(
        ruleset_json(*ruleset, {.handles = false, .stateless = true, .count = {}})["nftables"][3]["rule"]["expr"][0],
        json::parse(R"({"counter": null})"));
}

}  // namespace
}  // namespace xdpctl::lang
