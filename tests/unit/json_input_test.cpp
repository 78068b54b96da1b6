// SPDX-License-Identifier: BSD-2-Clause
// libnftables' JSON read: everything that is printed comes back, what is wrong is told by its place.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lang/parse.h"
#include "lang/print.h"
#include "support/random_ruleset.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;
using ruleset::Ruleset;
using testing::HasSubstr;

Ruleset parsed(std::string_view text) {
    auto ruleset = parse_ruleset(text, "test");
    EXPECT_TRUE(ruleset) << ruleset.error().text();
    return ruleset.value_or(Ruleset{});
}

class RandomJson : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomJson, ComesBack) {
    test::RandomRuleset random(GetParam(), {.rules = 300, .devices = {"eth0", "eth1"}});
    const Ruleset ruleset = random.ruleset();
    const std::string document = ruleset_json(ruleset).dump();
    const auto read = parse_ruleset(document, "test");
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, ruleset) << print_ruleset(*read);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomJson, testing::Range(std::uint64_t{0}, std::uint64_t{16}));

TEST(JsonInput, ReadsWhatIsPrinted) {
    const Ruleset ruleset = parsed(R"(table netdev other {
	chain regular {
		comment "nothing yet"
	}
}
table netdev t {
	comment "tables"
	set pairs {
		typeof ip saddr . tcp dport
		flags interval
		comment "sets"
		elements = { 192.0.2.1 . 22, 198.51.100.0/24 . 80-90 }
	}
	set tags {
		typeof vlan id
		elements = { 1, 5 }
	}
	set mixed {
		typeof ip ttl . iifname
		elements = { 1 . "eth0" }
	}
	set blocked {
		type ipv6_addr
		flags interval
		auto-merge
		counter
		size 100
		elements = { 2001:db8::/32 counter packets 5 bytes 6 comment "known", ::1 counter packets 0 bytes 0 }
	}
	set wires {
		type ifname
		flags interval
		elements = { "eth0", "veth*" }
	}
	set states {
		type tcp_flag
		flags constant
		elements = { syn, syn | ack }
	}
	map services {
		type inet_service : verdict
		elements = { 5 : continue, 6 : return, 22 : accept, 25 : drop, 80 : jump web, 443 : goto web }
	}
	chain web {
		counter packets 7 bytes 8 return comment "rules"
	}
	chain empty {
	}
	chain c {
		type filter hook egress devices = { "eth0", eth1.5 } priority -7; policy drop;
		comment "chains"
		ip saddr . tcp dport @pairs drop
		ip saddr . udp dport != { 192.0.2.1 . 53, 198.51.100.0/24 . 80-90 } continue
		vlan id @tags ip6 saddr != @blocked oifname @wires tcp flags @states
		tcp dport vmap @services
		udp dport vmap { 53 : accept, 80-90 : jump web, 443 : goto empty }
		meta priority 1:10 meta mark & 0x000000ff | 0x00000100 == 0x00000105
		meta priority { 1:10, none } meta pkttype broadcast
		tcp flags & (fin | syn | rst) == { fin, syn | rst } counter packets 0 bytes 0 jump web
		tcp flags ! syn,ack log prefix "a: " group 3 snaplen 64
		tcp flags syn / syn,ack log level debug
		tcp flags fin,rst log accept
		exthdr frag exists frag id 5 exthdr hbh missing
		@nh,96,32 0xc0000201 @th,0,128 0x0123456789abcdef0123456789abcdef
		arp saddr ip 192.0.2.1 arp daddr ether != 00:00:5e:00:53:01
		vlan type 8021q vlan id 6 vlan dei 1
		ip dscp { ef, cs1 } ip ecn ce ip ttl < 5 oifname { "a", "b*" }
		icmp type echo-request icmp id 5 goto empty
	}
}
)");
    const std::string document = ruleset_json(ruleset).dump(2);
    const auto read = parse_ruleset(document, "test");
    ASSERT_TRUE(read) << read.error().text() << document;
    EXPECT_EQ(print_ruleset(*read), print_ruleset(ruleset));
    EXPECT_EQ(*read, ruleset);
}

TEST(JsonInput, ReadsCommandsThatAdd) {
    const Ruleset ruleset = parsed(R"( {"nftables": [
        {"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
        {"flush": {"ruleset": null}},
        {"add": {"table": {"family": "netdev", "name": "t"}}},
        {"create": {"set": {"family": "netdev", "table": "t", "name": "s", "type": "ipv4_addr", "flags": "constant"}}},
        {"add": {"element": {"family": "netdev", "table": "t", "name": "s", "elem": ["192.0.2.1", "192.0.2.2"]}}},
        {"add": {"element": {"family": "netdev", "table": "t", "name": "s", "elem": "192.0.2.3"}}},
        {"add": {"chain": {"family": "netdev", "table": "t", "name": "c"}}},
        {"add": {"rule": {"family": "netdev", "table": "t", "chain": "c", "expr": [{"match":
            {"left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@s"}}, {"drop": null}]}}}]})");
    EXPECT_EQ(print_ruleset(ruleset), R"(table netdev t {
	set s {
		type ipv4_addr
		flags constant
		elements = { 192.0.2.1, 192.0.2.2,
			     192.0.2.3 }
	}

	chain c {
		ip saddr @s drop
	}
}
)");
}

std::string document_of(std::string_view statements) {
    return fmt::format(R"({{"nftables": [{{"metainfo": {{}}}}, {{"table": {{"family": "netdev", "name": "t"}}}},
{{"chain": {{"family": "netdev", "table": "t", "name": "c"}}}},
{{"rule": {{"family": "netdev", "table": "t", "chain": "c", "expr": [{}]}}}}]}})",
                       statements);
}

struct Refused {
    std::string_view statements;
    std::string_view pointer;  // behind the rule's statements
    std::string_view message;
};

class EveryRefusal : public testing::TestWithParam<Refused> {};

TEST_P(EveryRefusal, NamesThePlace) {
    const auto read = parse_ruleset(document_of(GetParam().statements), "test");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::Input);
    EXPECT_THAT(read.error().what,
                HasSubstr(fmt::format("test: /nftables/3/rule/expr{}: error: ", GetParam().pointer)));
    EXPECT_THAT(read.error().what, HasSubstr(GetParam().message));
}

#define DPORT R"({"payload": {"protocol": "tcp", "field": "dport"}})"

INSTANTIATE_TEST_SUITE_P(
    Statements, EveryRefusal,
    testing::Values(
        Refused{R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dprt"}}, "right": 22}})",
                "/0/match/left/payload/field", "unknown field 'dprt' of tcp\n    \"dprt\"\n    did you mean 'dport'?"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(, "right": "22 accept"}})", "/0/match/right",
                "'22 accept' is not a port"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(, "right": "1\" accept \""}})", "/0/match/right",
                "leave quotation marks"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(, "right": -1}})", "/0/match/right",
                "expected a value, found a number"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(, "right": 65536}})", "/0/match/right",
                "65536 is out of range"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(, "right": {"range": [5, 3]}}})",
                "/0/match/right/range/0", "the range is reversed"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(, "right": {"set": [1, {"range": [5]}]}}})",
                "/0/match/right/set/1/range", "an array of the first and the last value"},
        Refused{R"({"match": {"op": "=", "left": )" DPORT R"(, "right": 1}})", "/0/match/op", "this is no operator"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(}})", "/0/match", "expected the key 'right'"},
        Refused{R"({"match": {"op": "==", "left": )" DPORT R"(, "right": 1, "size": 2}})", "/0/match/size",
                "'size' of a match is not supported"},
        Refused{R"({"match": {"op": "==", "left": {"ct": {"key": "state"}}, "right": "new"}})", "/0/match/left",
                "'ct' is not supported yet"},
        Refused{R"({"match": {"op": "==", "left": {"tcp option": {"name": "maxseg"}}, "right": 1}})", "/0/match/left",
                "'tcp option' is not supported yet"},
        Refused{R"({"match": {"op": "==", "left": {"payload": {"protocol": "include", "field": "x"}}, "right": 1}})",
                "/0/match/left/payload/protocol", "unknown protocol 'include'"},
        Refused{R"({"match": {"op": "==", "left": {"exthdr": {"name": "rt", "field": "type"}}, "right": 1}})",
                "/0/match/left/exthdr/name", "'rt' is not supported yet"},
        Refused{R"({"match": {"op": "==", "left": {"meta": {"key": "skuid"}}, "right": 1}})", "/0/match/left/meta/key",
                "'meta skuid' is not supported yet"},
        Refused{R"({"accept": null}, {"quota": {"val": 5, "val_unit": "bytes"}})", "/1", "'quota' is not supported yet"},
        Refused{R"({"mangle": {}})", "/0", "'mangle' is not supported yet"},
        Refused{R"({"acept": null})", "/0", "unknown statement 'acept'"},
        Refused{R"({"accept": null, "drop": null})", "/0", "an object with one key"},
        Refused{R"({"accept": null}, {"counter": null})", "/1/counter", "nothing can follow 'accept'"},
        Refused{R"({"counter": "named"})", "/0/counter", "named counters are not supported yet"},
        Refused{R"({"jump": {"target": "gone"}})", "/0/jump", "table t has no chain 'gone'"},
        Refused{R"({"jump": {"target": "a b"}})", "/0/jump/target", "this is not a chain's name"},
        Refused{R"({"drop": 5})", "/0/drop", "expected null, found a number"},
        Refused{R"({"log": {"flags": "all"}})", "/0/log/flags", "'flags' of log is not supported"},
        Refused{R"({"vmap": {"key": )" DPORT R"(, "data": {"set": [[22, {"drop": null}], [5, {"quota": 1}]]}}})",
                "/0/vmap/data/set/1/1", "'quota' is not supported yet"}));

#undef DPORT

struct RefusedObject {
    std::string_view objects;
    std::string_view message;
};

class EveryRefusedObject : public testing::TestWithParam<RefusedObject> {};

TEST_P(EveryRefusedObject, NamesThePlace) {
    const auto read = parse_ruleset(fmt::format(R"({{"nftables": [{}]}})", GetParam().objects), "test");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().what, HasSubstr(GetParam().message));
}

#define TABLE R"({"table": {"family": "netdev", "name": "t"}})"

INSTANTIATE_TEST_SUITE_P(
    Objects, EveryRefusedObject,
    testing::Values(
        RefusedObject{R"({"table": {"family": "inet", "name": "t"}})",
                      "/nftables/0/table/family: error: the family 'inet' is not supported yet"},
        RefusedObject{R"({"table": {"family": "netdev", "name": "t", "flags": "dormant"}})",
                      "/nftables/0/table/flags: error: 'flags' of a table is not supported"},
        RefusedObject{R"({"table": {"family": "netdev", "name": "a\n}"}})", "/nftables/0/table/name: error: "},
        RefusedObject{R"({"table": {"family": "netdev"}})", "/nftables/0/table: error: expected the key 'name'"},
        RefusedObject{TABLE ", " TABLE, "/nftables/1/table/name: error: this table is there twice"},
        RefusedObject{R"({"chain": {"family": "netdev", "table": "t", "name": "c"}})",
                      "/nftables/0/chain/table: error: no such table"},
        RefusedObject{TABLE R"(, {"rule": {"family": "netdev", "table": "t", "chain": "c", "expr": [{"drop": null}]}})",
                      "/nftables/1/rule/chain: error: nothing of this name"},
        RefusedObject{TABLE R"(, {"chain": {"family": "netdev", "table": "t", "name": "c", "type": "filter",
                      "hook": "ingress", "prio": 0, "policy": "accept"}})",
                      "/nftables/1/chain: error: the chain has no 'dev'"},
        RefusedObject{TABLE R"(, {"chain": {"family": "netdev", "table": "t", "name": "c", "type": "filter",
                      "hook": "input", "prio": 0, "dev": "eth0"}})",
                      "/nftables/1/chain/hook: error: unknown hook 'input'"},
        RefusedObject{TABLE R"(, {"set": {"family": "netdev", "table": "t", "name": "s", "type": "ipv4_adr"}})",
                      "/nftables/1/set/type: error: unknown type 'ipv4_adr'"},
        RefusedObject{TABLE R"(, {"set": {"family": "netdev", "table": "t", "name": "s", "type": "ipv4_addr",
                      "elem": ["192.0.2.1", "x"]}})",
                      "/nftables/1/set/elem/1: error: 'x' is not an IPv4 address"},
        RefusedObject{TABLE R"(, {"set": {"family": "netdev", "table": "t", "name": "s", "type": "ipv4_addr",
                      "policy": "memory"}})",
                      "/nftables/1/set/policy: error: 'policy' of a set is not supported"},
        RefusedObject{TABLE R"(, {"map": {"family": "netdev", "table": "t", "name": "s", "type": "mark",
                      "map": "mark"}})",
                      "/nftables/1/map/map: error: only maps to verdicts"},
        RefusedObject{R"({"ct helper": {}})", "/nftables/0: error: 'ct helper' is not supported yet"},
        RefusedObject{R"({"tabel": {}})",
                      "/nftables/0: error: unknown object 'tabel'\n    {\"tabel\":{}}\n    did you "
                      "mean 'table'?"},
        RefusedObject{R"({"delete": {"table": {}}})", "/nftables/0: error: 'delete' is not supported yet"},
        RefusedObject{TABLE R"(, {"flush": {"ruleset": null}})", "/nftables/1/flush: error: 'flush ruleset' behind"},
        RefusedObject{TABLE R"(, {"add": {"rule": {"handle": 5}}})",
                      "/nftables/1/add/rule: error: a place between rules"},
        RefusedObject{"5", "/nftables/0: error: expected an object with one key"}));

#undef TABLE

TEST(JsonInput, TellsSeveralErrors) {
    const auto read = parse_ruleset(document_of(R"({"x": 1}]}}, {"rule": {"family": "netdev", "table": "t",
"chain": "c", "expr": [{"y": 1})"),
                                    "test");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().what, HasSubstr("/nftables/3/rule/expr/0: error: unknown statement 'x'"));
    EXPECT_THAT(read.error().what, HasSubstr("/nftables/4/rule/expr/0: error: unknown statement 'y'"));
}

TEST(JsonInput, RefusesWhatIsNoDocument) {
    const auto refusal = [](const std::string& text) {
        const auto read = parse_ruleset(text, "test");
        return read ? std::string("nothing") : read.error().what;
    };
    EXPECT_THAT(refusal("{"), HasSubstr("test:1:1: error: "));
    EXPECT_THAT(refusal("{\n \"nftables\": [}"), HasSubstr("test:2:15: error: "));
    EXPECT_THAT(refusal("{}"), HasSubstr("test: /: error: expected the key 'nftables'"));
    EXPECT_THAT(refusal(R"({"nftables": 1})"), HasSubstr("test: /nftables: error: expected an array"));
    EXPECT_THAT(refusal(R"({"nftables": [1e999]})"), HasSubstr("error: "));
    EXPECT_THAT(refusal(std::string(R"({"nftables": )") + std::string(1 << 20, '[')), HasSubstr("nested too deeply"));
    EXPECT_EQ(refusal(R"({"nftables": []})"), "nothing");
}

}  // namespace
}  // namespace xdpctl::lang
