// SPDX-License-Identifier: BSD-2-Clause
#include "lang/outline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lang/parse.h"
#include "lang/print.h"
#include "support/random_ruleset.h"

namespace xdpctl::lang {
namespace {

const PrintOptions stored{.handles = true, .stateless = false, .count = {}};
const PrintOptions shown{.handles = false, .stateless = true, .count = {}};

constexpr std::string_view text = R"(table netdev t { # handle 1
	comment "a table # handle 9"
	set s { # handle 2
		type ipv4_addr
		counter
		elements = { 192.0.2.1 counter packets 7 bytes 8 comment "counter packets 1 bytes 2",
			     192.0.2.2 counter packets 0 bytes 0 }
	}

	chain a { # handle 3
		comment "a chain # handle 9"
		counter packets 5 bytes 420 # handle 5
		accept comment "counter packets 1 bytes 2" # handle 6
		log prefix " counter packets 3 bytes 4" counter packets 18446744073709551615 bytes 1 drop comment "# handle 8" # handle 7
		ip saddr @s drop # handle 8
	}

	chain b { # handle 4
		type filter hook ingress device "eth0" priority filter; policy drop;
		jump a # handle 9
	}
}
table netdev u { # handle 10
	chain a { # handle 11
		iifname "counter" counter packets 1 bytes 60 # handle 12
	}
}
)";

Outline outline_of(std::string_view printed) {
    auto outline = read_outline(printed, "test");
    EXPECT_TRUE(outline) << outline.error().text();
    return outline ? *std::move(outline) : Outline();
}

TEST(Outline, HasTheLinesOfRules) {
    const Outline outline = outline_of(text);
    ASSERT_EQ(outline.rules.size(), 3U);
    const auto& rules = outline.rules.at(Handle{3});
    ASSERT_EQ(rules.size(), 4U);
    EXPECT_EQ(rules[0].handle, Handle{5});
    EXPECT_EQ(rules[0].start, (Count{5, 420}));
    EXPECT_EQ(rules[0].stateless(), "counter");
    EXPECT_EQ(rules[1].start, std::nullopt);
    EXPECT_EQ(rules[1].stateless(), "accept comment \"counter packets 1 bytes 2\"");
    EXPECT_EQ(rules[2].start, (Count{18446744073709551615U, 1}));
    EXPECT_EQ(rules[2].stateless(), "log prefix \" counter packets 3 bytes 4\" counter drop comment \"# handle 8\"");
    EXPECT_EQ(rules[3].text, "ip saddr @s drop");
    EXPECT_EQ(outline.rules.at(Handle{11}).front().stateless(), "iifname \"counter\" counter");
}

TEST(Outline, HasEverythingElseAsItIs) {
    const Outline outline = outline_of(text);
    ruleset::Ruleset expected = parse_ruleset(text, "test", true).value();
    for (ruleset::Table& table : expected.tables)
        for (ruleset::Chain& chain : table.chains)
            chain.rules.clear();
    EXPECT_EQ(print_ruleset(outline.ruleset, stored), print_ruleset(expected, stored));
    EXPECT_EQ(&outline.rules_of(outline.ruleset.tables[1].chains[0]), &outline.rules.at(Handle{11}));
}

TEST(Outline, AgreesWithWhatIsPrinted) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        ruleset::Ruleset ruleset = test::RandomRuleset(seed).ruleset();
        ruleset::Chain& chain = ruleset.tables.front().chains.front();
        chain.handle = Handle{1};
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            chain.rules[i].handle = Handle{i + 2};
            chain.rules[i].start_counter({i, i * seed});
        }
        const std::string printed = print_ruleset(ruleset, stored);
        const Outline outline = outline_of(printed);
        const auto& lines = outline.rules_of(chain);
        ASSERT_EQ(lines.size(), chain.rules.size()) << printed;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const ruleset::Counter* counter = chain.rules[i].counter();
            EXPECT_EQ(lines[i].handle, chain.rules[i].handle);
            EXPECT_EQ(lines[i].stateless(), print_rule(chain.rules[i], shown));
            EXPECT_EQ(lines[i].start, counter ? std::optional(counter->start) : std::nullopt);
        }
    }
}

TEST(Outline, RefusesWhatIsNotPrintedSo) {
    for (const std::string_view wrong : {"table netdev t {\n\tchain c { # handle 1\n\t\taccept\n\t}\n}\n",
                                         "table netdev t {\n\tchain c {\n\t\taccept # handle 1\n\t}\n}\n",
                                         "table netdev t {\n\tchain c { # handle 1\n"})
        EXPECT_FALSE(read_outline(wrong, "test")) << wrong;
}

}  // namespace
}  // namespace xdpctl::lang
