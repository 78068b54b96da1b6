// SPDX-License-Identifier: BSD-2-Clause
#include "lang/print.h"

#include <gtest/gtest.h>

#include "lang/parse.h"

namespace xdpctl::lang {
namespace {

using ruleset::Ruleset;

constexpr std::string_view canonical = R"(table netdev xdpctl {
	comment "edge filter"
	chain ingress {
		comment "towards us"
		type filter hook ingress devices = { eth0, eth1 } priority filter - 5; policy drop;
		tcp dport 22 counter packets 3 bytes 180 accept comment "ssh"
		tcp dport 23 log prefix "telnet: " level debug drop
		log group 3 snaplen 64
		drop
	}

	chain egress {
		type filter hook egress device "eth0" priority 300; policy accept;
	}
}
table netdev other {
}
)";

Ruleset parsed(std::string_view text, bool with_handles = false) {
    Result<Ruleset> ruleset = parse_ruleset(text, "test", with_handles);
    EXPECT_TRUE(ruleset) << ruleset.error().text();
    return ruleset.value_or(Ruleset{});
}

TEST(Print, IsWhatNftPrints) {
    EXPECT_EQ(print_ruleset(parsed(canonical)), canonical);
}

TEST(Print, ShowsHandles) {
    constexpr std::string_view text = R"(table netdev t { # handle 1
	chain c { # handle 2
		type filter hook ingress device "eth0" priority filter; policy accept;
		tcp dport 22 drop # handle 7
		accept comment "all" # handle 4
	}
}
)";
    const Ruleset ruleset = parsed(text, true);
    EXPECT_EQ(print_ruleset(ruleset, {.handles = true, .stateless = false, .count = {}}), text);
    EXPECT_EQ(ruleset.last_handle, Handle{7});
    EXPECT_EQ(ruleset.tables[0].chains[0].rules[1].handle, Handle{4});
    EXPECT_EQ(parsed(text).tables[0].chains[0].rules[0].handle, Handle{});
}

TEST(Print, ShowsLiveCounts) {
    const auto count = [](const ruleset::Rule&) { return Count{.packets = 9, .bytes = 99}; };
    const ruleset::Rule rule = *parse_rule("counter packets 1 bytes 1 drop", "test");
    EXPECT_EQ(print_rule(rule, {.handles = false, .stateless = false, .count = count}),
              "counter packets 9 bytes 99 drop");
    EXPECT_EQ(print_rule(rule, {.handles = false, .stateless = true, .count = count}), "counter drop");
    EXPECT_EQ(print_rule(rule), "counter packets 1 bytes 1 drop");
}

TEST(Print, NamesPrioritiesNearFilter) {
    const std::pair<std::int32_t, std::string_view> priorities[] = {
        {0, "priority filter;"},
        {1, "priority filter + 1;"},
        {10, "priority filter + 10;"},
        {11, "priority 11;"},
        {-10, "priority filter - 10;"},
        {-11, "priority -11;"},
        {2147483647, "priority 2147483647;"},
    };
    for (const auto& [priority, text] : priorities) {
        ruleset::Chain chain;
        chain.name = "c";
        chain.priority = priority;
        EXPECT_NE(print_chain(chain).find(text), std::string::npos) << print_chain(chain);
    }
}

// A chain whose devices were all detached is no chain for nft, but keeps its rules in xdpctl.
TEST(Print, LeavesOutADeviceThatIsNotThere) {
    constexpr std::string_view text =
        "table netdev t {\n\tchain c {\n\t\ttype filter hook egress priority filter; policy accept;\n\t}\n}\n";
    EXPECT_EQ(print_ruleset(parsed(text)), text);
}

TEST(Print, QuotesDevicesThatAreNoWords) {
    constexpr std::string_view text =
        "table netdev t {\n\tchain c {\n\t\ttype filter hook ingress devices = { eth0, \"5g\", \"a@b\", \"tcp\" } "
        "priority filter; policy accept;\n\t}\n}\n";
    EXPECT_EQ(print_ruleset(parsed(text)), text);
}

}  // namespace
}  // namespace xdpctl::lang
