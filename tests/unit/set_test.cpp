// SPDX-License-Identifier: BSD-2-Clause
// Named sets: text to model and back, what is refused, edits, and handles across an apply.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "compile/compile.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/edit.h"
#include "ruleset/ifname.h"

namespace xdpctl::ruleset {
namespace {

using testing::HasSubstr;

constexpr std::string_view canonical = R"(table netdev t {
	set blocked {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8, 11.0.0.1,
			     192.0.2.0/24, 198.51.100.1-198.51.100.9,
			     203.0.113.7 }
	}

	set ports {
		type inet_service
		size 100
		flags dynamic,timeout
		timeout 1h30m
		gc-interval 10s
		counter
		comment "seen ports"
		elements = { 1, 2, 3, 4, 5,
			     6, 22 counter packets 5 bytes 6, 80 timeout 1d2h3m4s5ms comment "web", 443 timeout 5m expires 1m }
	}

	set nets {
		type ipv6_addr
		flags interval
		auto-merge
		elements = { ::1,
			     2001:db8::/32 }
	}

	set wires {
		type ifname
		flags interval
		elements = { "eth*",
			     "lo" }
	}

	set tags {
		typeof vlan id
		elements = { 1, 5 }
	}

	set empty {
		type ether_addr
	}

	set combined {
		type tcp_flag
		flags constant
		elements = { syn, syn | ack }
	}

	chain c {
		type filter hook ingress device "eth0" priority filter; policy accept;
		ip saddr @blocked drop
		tcp dport != @ports counter packets 0 bytes 0
		ip6 daddr @nets udp dport @ports accept
		iifname @wires drop
		vlan id @tags ether saddr != @empty drop
		tcp flags @combined drop
	}
}
)";

Ruleset parsed(std::string_view text) {
    auto ruleset = lang::parse_ruleset(text, "test");
    EXPECT_TRUE(ruleset) << ruleset.error().text();
    return ruleset.value_or(Ruleset{});
}

std::string table_of(std::string_view sets, std::string_view rule = "accept") {
    return fmt::format(
        "table netdev t {{\n{}\nchain c {{\ntype filter hook ingress device \"eth0\" priority 0;\n{}\n}}\n}}\n", sets,
        rule);
}

std::string refusal(std::string_view sets, std::string_view rule = "accept") {
    const auto ruleset = lang::parse_ruleset(table_of(sets, rule), "test");
    return ruleset ? "accepted" : ruleset.error().text();
}

TEST(Set, IsPrintedAsNftPrintsIt) {
    const Ruleset ruleset = parsed(canonical);
    EXPECT_EQ(lang::print_ruleset(ruleset), canonical);
    EXPECT_EQ(parsed(lang::print_ruleset(ruleset)), ruleset);
}

TEST(Set, CanBeWrittenInOneLine) {
    EXPECT_EQ(parsed(table_of("set s { type ipv4_addr; elements = { 192.0.2.2, 192.0.2.1, 192.0.2.2 }; }")),
              parsed(table_of("set s {\ntype ipv4_addr\nelements = {\n192.0.2.1,\n192.0.2.2,\n}\n}")));
}

TEST(Set, TakesVariables) {
    EXPECT_EQ(parsed("define hosts = { 192.0.2.1, 192.0.2.2 }\n" +
                     table_of("set s { type ipv4_addr; elements = { $hosts, 192.0.2.3 }; }")),
              parsed(table_of("set s { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2, 192.0.2.3 }; }")));
}

TEST(Set, MergesElementsOnRequest) {
    const Ruleset ruleset =
        parsed(table_of("set s { type ipv4_addr; flags interval; auto-merge; elements = { 192.0.2.0/25 comment \"a\", "
                        "192.0.2.128/25, 198.51.100.1, 192.0.2.7 }; }"));
    const Elements& elements = *ruleset.tables[0].sets[0].elements;
    ASSERT_EQ(elements.size(), 2U);
    EXPECT_EQ(elements.interval(0), (Interval{0xc0000200, 0xc00002ff}));
    EXPECT_TRUE(elements.notes().empty());
}

TEST(Set, KeepsNotesWithTheirElements) {
    const Ruleset ruleset =
        parsed(table_of("set s { type ipv4_addr; elements = { 192.0.2.9 comment \"nine\", 192.0.2.1, 192.0.2.5 "
                        "comment \"five\", 192.0.2.9 comment \"again\" }; }"));
    const Elements& elements = *ruleset.tables[0].sets[0].elements;
    ASSERT_EQ(elements.size(), 3U);
    EXPECT_EQ(elements.note(0), nullptr);
    EXPECT_EQ(elements.note(1)->comment, "five");
    EXPECT_EQ(elements.note(2)->comment, "again");
}

TEST(Set, KeepsSmallKeysSmall) {
    const Ruleset ruleset = parsed(canonical);
    EXPECT_EQ(ruleset.tables[0].find_set("blocked")->elements->narrow().size(), 5U);
    EXPECT_EQ(ruleset.tables[0].find_set("nets")->elements->wide().size(), 2U);
    const Ruleset copy = ruleset;
    EXPECT_EQ(copy.tables[0].sets[0].elements->narrow().data(), ruleset.tables[0].sets[0].elements->narrow().data());
}

TEST(Set, OfNamesHasThemAsNumbers) {
    for (const std::string name : {"eth0", "eth*", "a", "a*", "abcdefghijklmno"})
        EXPECT_EQ(ifname_pattern(ifname_interval(name)), name);
    const Interval wildcard = ifname_interval("eth*");
    EXPECT_LE(wildcard.first, ifname_interval("eth0").first);
    EXPECT_GE(wildcard.last, ifname_interval("eth15").first);
    EXPECT_LT(wildcard.last, ifname_interval("eti").first);
}

struct RefusedSet {
    std::string_view sets;
    std::string_view rule;
    std::string_view error;
};

class EverySetMistake : public testing::TestWithParam<RefusedSet> {};

TEST_P(EverySetMistake, IsNamed) {
    EXPECT_THAT(refusal(GetParam().sets, GetParam().rule), HasSubstr(GetParam().error));
}

constexpr std::string_view addresses = "set s { type ipv4_addr; }";

INSTANTIATE_TEST_SUITE_P(
    Declarations, EverySetMistake,
    testing::Values(
        RefusedSet{"set s { }", "accept", "test:2:5: error: set 's' has no type"},
        RefusedSet{"set s { type ipv4_adr; }", "accept",
                   "unknown type 'ipv4_adr'\n    set s { type ipv4_adr; }\n"
                   "                 ^~~~~~~~\n    did you mean 'ipv4_addr'?"},
        RefusedSet{"set s { type ipv4_addr; type ipv4_addr; }", "accept", "stated twice"},
        RefusedSet{"set s { typeof ip sadr; }", "accept", "did you mean 'saddr'?"},
        RefusedSet{"set s { type ipv4_addr; flags intervall; }", "accept", "did you mean 'interval'?"},
        RefusedSet{"set s { type ipv4_addr; elemnts = { }; }", "accept", "did you mean 'elements'?"},
        RefusedSet{"set s { elements = { 192.0.2.1 }; type ipv4_addr; }", "accept", "put the type first"},
        RefusedSet{"set s { type ipv4_addr; elements = { }; }", "accept", "expected an element"},
        RefusedSet{"set s { type ipv4_addr; elements = { 192.0.2.1 }; elements = { 192.0.2.2 }; }", "accept",
                   "stated twice"},
        RefusedSet{"set s { type ipv4_addr; elements = { 192.0.2.0/24 }; }", "accept", "need flags interval"},
        RefusedSet{"set s { type ipv4_addr; elements = { 2001:db8::1 }; }", "accept",
                   "'2001:db8::1' is not an IPv4 address"},
        RefusedSet{"set s { type inet_service; elements = { 70000 }; }", "accept",
                   "70000 is out of range: type inet_service has values from 0 to 65535"},
        RefusedSet{"set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 10.1.0.0/16 }; }", "accept",
                   "set 's': elements 10.0.0.0/8 and 10.1.0.0/16 overlap"},
        RefusedSet{"set s { type ipv4_addr; auto-merge; }", "accept", "auto-merge needs flags interval"},
        RefusedSet{"set s { type ipv4_addr; elements = { 192.0.2.1 timeout 5s }; }", "accept", "needs flags timeout"},
        RefusedSet{"set s { type ipv4_addr; elements = { 192.0.2.1 counter }; }", "accept", "needs the word counter"},
        RefusedSet{"set s { type ipv4_addr; flags timeout; elements = { 192.0.2.1 timeout 90 }; }", "accept",
                   "expected a time with its unit, found '90'"},
        RefusedSet{"set s { type ipv4_addr; timeout 5x; }", "accept", "'5x' is no time"},
        RefusedSet{"set s { type ipv4_addr; timeout 1s1d; }", "accept", "'1s1d' is no time"},
        RefusedSet{"set s { type ipv4_addr; flags constant; timeout 5s; }", "accept", "cannot expire"},
        RefusedSet{"set s { type ipv4_addr; size 1; elements = { 192.0.2.1, 192.0.2.2 }; }", "accept",
                   "more than its size of 1"},
        RefusedSet{"set s { type ipv4_addr; }\nset s { type ipv4_addr; }", "accept", "set 's' is there twice"},
        RefusedSet{"set tcp { type ipv4_addr; }", "accept", "is a word of the language"},
        RefusedSet{"set s { type ipv4_addr; policy memory; }", "accept", "'policy' of a set is not supported"}));

INSTANTIATE_TEST_SUITE_P(
    References, EverySetMistake,
    testing::Values(RefusedSet{"set blocked { type ipv4_addr; }", "ip saddr @bloked drop",
                               "test:5:11: error: table t has no set 'bloked'\n    ip saddr @bloked drop\n"
                               "              ^\n    did you mean 'blocked'?"},
                    RefusedSet{addresses, "ip6 saddr @s",
                               "set s has elements of type ipv4_addr, which ip6 saddr is not"},
                    RefusedSet{addresses, "tcp dport @s", "which tcp dport is not"},
                    RefusedSet{addresses, "ip saddr < @s", "a named set cannot stand here"},
                    RefusedSet{addresses, "ip saddr { @s }", "a named set cannot stand here"},
                    RefusedSet{addresses, "ip saddr @", "expected the set's name"},
                    RefusedSet{"set s { type ifname; }", "oifname @s", "oifname is not known on the ingress hook"},
                    RefusedSet{"set s { type inet_service; }", "udp sport 1 tcp dport @s", "conflicting protocols"}));

TEST(SetEdit, AddsReplacesAndDeletes) {
    Ruleset ruleset = parsed(table_of("", "accept"));
    Set set;
    set.key = {key_part(*find_key_type("ipv4_addr"))};
    const auto handle = add_set(ruleset, {"t", "s"}, set);
    ASSERT_TRUE(handle) << handle.error().text();
    EXPECT_EQ(ruleset.tables[0].find_set("s")->handle, *handle);
    EXPECT_EQ(add_set(ruleset, {"t", "s"}, set).error().kind, ErrorKind::Input);

    ElementsBuilder range(1, 32);
    range.add({0xc0000200, 0xc00002ff});
    EXPECT_EQ(
        replace_elements(ruleset, {"t", "s"}, *std::move(range).finish(ElementsBuilder::Overlap::Refuse)).error().what,
        "set s: ranges and prefixes need flags interval");
    ElementsBuilder single(1, 32);
    single.add({0xc0000201, 0xc0000201});
    ASSERT_TRUE(replace_elements(ruleset, {"t", "s"}, *std::move(single).finish(ElementsBuilder::Overlap::Refuse)));
    EXPECT_EQ(ruleset.tables[0].find_set("s")->elements->size(), 1U);

    const auto rule = add_rule(ruleset, {"t", "c"}, *lang::parse_rule("ip saddr @s drop", "test"), {});
    ASSERT_TRUE(rule) << rule.error().text();
    EXPECT_EQ(delete_set(ruleset, {"t", "s"}).error().kind, ErrorKind::Busy);
    ASSERT_TRUE(delete_rule(ruleset, {"t", "c"}, *rule));
    ASSERT_TRUE(delete_set(ruleset, {"t", "s"}));
    EXPECT_EQ(delete_set(ruleset, {"t", "s"}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(add_rule(ruleset, {"t", "c"}, *lang::parse_rule("ip saddr @s drop", "test"), {}).error().what,
              "table t has no set 's'");
}

TEST(SetEdit, KeepsTheHandleOfASetOfTheSameType) {
    Ruleset running = parsed(table_of("set s { type ipv4_addr; }\nset u { type ipv4_addr; }"));
    ASSERT_TRUE(adopt_handles({}, running));
    Ruleset next =
        parsed(table_of("set u { type inet_service; }\nset s { type ipv4_addr; elements = { 192.0.2.1 }; }"));
    ASSERT_TRUE(adopt_handles(running, next));
    EXPECT_EQ(next.tables[0].find_set("s")->handle, running.tables[0].find_set("s")->handle);
    EXPECT_GT(next.tables[0].find_set("u")->handle, running.last_handle);
}

TEST(SetLookup, IsCompiledAsAMatchWithTheElements) {
    const Ruleset ruleset =
        parsed(table_of("set blocked { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.1 }; }\n"
                        "set d { type ifname; elements = { lo, eth0 }; }",
                        "ip saddr != @blocked iifname @d drop"));
    const Ruleset plain = parsed(table_of("", "ip saddr != { 192.0.2.0/24, 198.51.100.1 } iifname { lo, eth0 } drop"));
    const RuleSlot slots[] = {RuleSlot{0}};
    const std::vector<std::string> devices{"eth0", "eth1"};
    const auto instructions = [&](const Ruleset& from) {
        const auto program = compile::straight_line(
            from.tables[0].chains[0], {.table = &from.tables[0], .rule_slots = slots, .device_names = devices});
        EXPECT_TRUE(program) << program.error().text();
        std::vector<std::uint64_t> words(program->instructions.size());
        std::memcpy(words.data(), program->instructions.data(), words.size() * sizeof(words[0]));
        return words;
    };
    EXPECT_EQ(instructions(ruleset), instructions(plain));
}

TEST(SetLookup, OfElementsThatExpireIsRefused) {
    const Ruleset ruleset = parsed(canonical);
    const std::vector<RuleSlot> slots(ruleset.tables[0].chains[0].rules.size());
    EXPECT_EQ(compile::compile(ruleset.tables[0].chains[0],
                               {.table = &ruleset.tables[0], .rule_slots = slots, .device_names = {}})
                  .error()
                  .kind,
              ErrorKind::Unsupported);
}

}  // namespace
}  // namespace xdpctl::ruleset
