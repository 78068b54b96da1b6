// SPDX-License-Identifier: BSD-2-Clause
// Regular chains, jumps, verdict maps and concatenations: text to model and back, what is refused, edits.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "lang/parse.h"
#include "lang/print.h"
#include "ruleset/edit.h"
#include "ruleset/idle.h"
#include "ruleset/reach.h"

namespace xdpctl::ruleset {
namespace {

using testing::HasSubstr;

constexpr std::string_view canonical = R"(table netdev t {
	set pairs {
		typeof ip saddr . tcp dport
		flags interval
		elements = { 192.0.2.1 . 22,
			     198.51.100.0/24 . 80-90 }
	}

	map services {
		type inet_service : verdict
		elements = { 5 : continue, 6 : return, 22 : accept, 25 : drop, 80 : jump web,
			     443 : goto web }
	}

	map both {
		type ipv4_addr . inet_service : verdict
		flags interval
		elements = { 192.0.2.1 . 22 : accept,
			     198.51.100.0/24 . 80-90 comment "web" : jump web }
	}

	chain web {
		ip saddr 192.0.2.1 return
		counter packets 0 bytes 0 accept
	}

	chain empty {
		comment "nothing yet"
	}

	chain c {
		type filter hook ingress device "eth0" priority filter; policy accept;
		ip saddr . tcp dport @pairs drop
		ip saddr . udp dport != { 192.0.2.1 . 53, 198.51.100.0/24 . 80-90 } counter packets 0 bytes 0
		continue
		tcp dport vmap @services
		ip saddr . tcp dport vmap @both
		udp dport vmap { 53 : accept, 80-90 : jump web, 443 : goto empty }
		tcp dport 22 jump web
		counter packets 0 bytes 0 goto empty
	}
}
)";

Ruleset parsed(std::string_view text) {
    auto ruleset = lang::parse_ruleset(text, "test");
    EXPECT_TRUE(ruleset) << ruleset.error().text();
    return ruleset.value_or(Ruleset{});
}

std::string table_of(std::string_view objects, std::string_view rules = "accept") {
    return fmt::format(
        "table netdev t {{\n{}\nchain c {{\ntype filter hook ingress device \"eth0\" priority 0;\n{}\n}}\n}}\n",
        objects, rules);
}

std::string refusal(std::string_view objects, std::string_view rules = "accept") {
    const auto ruleset = lang::parse_ruleset(table_of(objects, rules), "test");
    return ruleset ? "accepted" : ruleset.error().text();
}

TEST(Structure, IsPrintedAsNftPrintsIt) {
    const Ruleset ruleset = parsed(canonical);
    EXPECT_EQ(lang::print_ruleset(ruleset), canonical);
    EXPECT_EQ(parsed(lang::print_ruleset(ruleset)), ruleset);
}

TEST(Structure, CanComeInAnyOrder) {
    EXPECT_EQ(refusal("", "jump d\n}\nchain d {\naccept"), "accepted");
}

struct RefusedStructure {
    std::string_view objects;
    std::string_view rules;
    std::string_view error;
};

class EveryStructure : public testing::TestWithParam<RefusedStructure> {};

TEST_P(EveryStructure, IsRefusedByName) {
    EXPECT_THAT(refusal(GetParam().objects, GetParam().rules), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, EveryStructure,
    testing::Values(
        RefusedStructure{"chain web { }", "jump wbe",
                         "table t has no chain 'wbe' to go to\n    jump wbe\n    ^\n    did "
                         "you mean 'web'?"},
        RefusedStructure{"", "jump c", "chain 'c' has a hook"},
        RefusedStructure{"", "jump", "expected the chain's name"},
        RefusedStructure{"chain a { jump a; }", "accept", "its jumps make a loop: a -> a"},
        RefusedStructure{"chain a { goto b; }\nchain b { tcp dport vmap { 1 : jump a }; }", "jump a",
                         "its jumps make a loop: a -> b -> a"},
        RefusedStructure{"chain a { accept; }", "jump a counter", "nothing can follow 'jump'"},
        RefusedStructure{"", "tcp dport vmap { 22 : accept } counter", "nothing can follow 'tcp'"},
        RefusedStructure{"", "tcp dport vmap { 22 : accept, 22-25 : drop }", "elements 22 and 22-25 overlap"},
        RefusedStructure{"", "tcp dport vmap { 22 }", "expected ':' and a verdict"},
        RefusedStructure{"", "tcp dport vmap { 22 : deny }", "expected accept, drop, continue, return, jump or goto"},
        RefusedStructure{"", "tcp dport vmap { 22 : jump x }", "no chain 'x'"},
        RefusedStructure{"", "tcp dport vmap @m", "table t has no map 'm'"},
        RefusedStructure{"map m { type inet_service : verdict; elements = { 22 : jump x }; }", "accept",
                         "no chain 'x'"},
        RefusedStructure{"map m { type inet_service : verdict; }", "tcp dport @m", "'m' is no set"},
        RefusedStructure{"set m { type inet_service; }", "tcp dport vmap @m", "'m' is no map"},
        RefusedStructure{"map m { type inet_service : mark; }", "accept", "only maps to verdicts are supported"},
        RefusedStructure{"map m { type inet_service; }", "accept", "expected ':'"},
        RefusedStructure{"map m { type inet_service : verdict; elements = { 22 }; }", "accept", "expected ':'"},
        RefusedStructure{"set s { type inet_service; elements = { 22 : accept }; }", "accept",
                         "an element has a verdict only in a verdict map"},
        RefusedStructure{"", "ip saddr . tcp dport 192.0.2.1 . 22", "expected '{' or '@'"},
        RefusedStructure{"", "ip saddr . tcp dport { 192.0.2.1 }", "expected '.' and the rest of the key"},
        RefusedStructure{"", "ip saddr . tcp dport { 192.0.2.1 . 22 . 23 }", "more parts than there are fields"},
        RefusedStructure{"", "ip saddr . ip6 saddr { 192.0.2.1 . ::1 }", "conflicting protocols"},
        RefusedStructure{"", "ip saddr 192.0.2.1 vlan id vmap { 5 : drop }", "conflicting protocols: ip vs. vlan"},
        RefusedStructure{"", "comp flags . ip saddr { 1 . 192.0.2.1 }", "comp flags can be no part of a key"},
        RefusedStructure{"set s { type ipv4_addr . inet_service; }", "ip saddr @s",
                         "set s has elements of type ipv4_addr . inet_service, which ip saddr is not"},
        RefusedStructure{"chain a { policy drop; }", "accept", "has a policy and no hook"},
        RefusedStructure{"chain a { oifname \"eth1\" drop; }", "jump a", "oifname is not known on the ingress hook"}));

// As nft: a base chain and 15 below it.
TEST(Structure, IsBoundedInDepth) {
    const auto nested = [](int depth) {
        std::string chains;
        for (int i = 1; i < depth; ++i)
            chains += fmt::format("chain x{} {{ jump x{}; }}\n", i, i + 1);
        return chains + fmt::format("chain x{} {{ accept; }}\n", depth);
    };
    EXPECT_EQ(refusal(nested(15), "jump x1"), "accepted");
    EXPECT_THAT(refusal(nested(16), "jump x1"), HasSubstr("its jumps go 17 chains deep, at most 16 are possible: c -> "
                                                          "x1 -> x2"));
}

TEST(Structure, IsBoundedInSize) {
    std::string chains = "chain x0 { accept; }\n";
    for (int i = 1; i < 12; ++i)
        chains += fmt::format("chain x{0} {{ jump x{1}; jump x{1}; jump x{1}; jump x{1}; }}\n", i, i - 1);
    EXPECT_THAT(refusal(chains, "jump x11"), HasSubstr("rules, at most 1048576 are possible"));
}

TEST(Structure, WithoutEffectIsFound) {
    const Ruleset ruleset =
        parsed(table_of("set unused { type ipv4_addr; }\nset empty { type ipv4_addr; }\n"
                        "set learns { type ipv4_addr; flags dynamic; }\n"
                        "map known { type inet_service : verdict; elements = { 22 : jump b }; }\n"
                        "chain lost { jump b; }\nchain b { accept; }",
                        "ip saddr @empty drop\nip saddr @learns drop\ntcp dport vmap @known"));
    EXPECT_THAT(idle_parts(ruleset), testing::ElementsAre("set t unused is used by no rule",
                                                          "set t empty has no element: lookups in it find nothing",
                                                          "chain t lost has no hook, and no jump leads there"));
}

TEST(StructureEdit, MakesRenamesAndDeletesChains) {
    Ruleset ruleset = parsed(table_of("map m { type inet_service : verdict; }"));
    ASSERT_TRUE(add_regular_chain(ruleset, {"t", "web"}));
    EXPECT_EQ(add_regular_chain(ruleset, {"t", "web"}).error().kind, ErrorKind::Input);
    const auto jump = add_rule(ruleset, {"t", "c"}, *lang::parse_rule("tcp dport vmap { 80 : jump web }", "test"), {});
    ASSERT_TRUE(jump) << jump.error().text();
    ASSERT_TRUE(add_rule(ruleset, {"t", "web"}, *lang::parse_rule("counter drop", "test"), {}));
    EXPECT_EQ(delete_chain(ruleset, {"t", "web"}).error().kind, ErrorKind::Busy);
    EXPECT_THAT(add_rule(ruleset, {"t", "web"}, *lang::parse_rule("jump web", "test"), {}).error().what,
                HasSubstr("loop: web -> web"));
    EXPECT_THAT(add_rule(ruleset, {"t", "web"}, *lang::parse_rule("oifname \"eth1\" drop", "test"), {}).error().what,
                HasSubstr("not known on the ingress hook"));
    EXPECT_EQ(set_policy(ruleset, {"t", "web"}, Verdict::Drop).error().kind, ErrorKind::Input);
    ASSERT_TRUE(rename_chain(ruleset, {"t", "web"}, "www"));
    EXPECT_EQ(lang::print_rule(ruleset.tables[0].find_chain("c")->rules.back()), "tcp dport vmap { 80 : jump www }");
    EXPECT_EQ(rename_chain(ruleset, {"t", "www"}, "c").error().kind, ErrorKind::Input);
    ASSERT_TRUE(delete_rule(ruleset, {"t", "c"}, *jump));
    ASSERT_TRUE(delete_chain(ruleset, {"t", "www"}));
    EXPECT_EQ(delete_chain(ruleset, {"t", "www"}).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(delete_chain(ruleset, {"t", "c"}).error().kind, ErrorKind::Busy);
}

TEST(StructureEdit, KeepsHandlesOfRulesInRegularChains) {
    Ruleset running = parsed(canonical);
    ASSERT_TRUE(adopt_handles({}, running));
    Ruleset next = parsed(canonical);
    ASSERT_TRUE(adopt_handles(running, next));
    EXPECT_EQ(lang::print_ruleset(next, {.handles = true, .count = {}}),
              lang::print_ruleset(running, {.handles = true, .count = {}}));
}

}  // namespace
}  // namespace xdpctl::ruleset
