// SPDX-License-Identifier: BSD-2-Clause
// Named sets while packets pass: the set commands, and what rules that refer to sets then do.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// More elements than are compiled into rules.
constexpr int many = 5'000;

std::string filler(int count = many) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += fmt::format("{}10.{}.{}.0/24", i == 0 ? "" : ", ", i / 250, i % 250);
    return out;
}

class CliSetTest : public CliTest {
protected:
    // A set `s` and a chain whose only rule drops what it holds. Returns the rule's handle.
    std::uint64_t apply_set(const std::string& declaration, const std::string& elements) const {
        succeed({"apply", "-f", "-"},
                fmt::format("table netdev xdpctl {{\n set s {{\n {}\n elements = {{ {} }}\n }}\n"
                            " chain ingress {{\n type filter hook ingress device \"eth0\" priority 0; policy accept;\n"
                            " ip saddr @s counter drop\n }}\n}}\n",
                            declaration, elements));
        return first_rule();
    }

    // Sends datagrams from there, and tells how many of them the rule dropped.
    [[nodiscard]] std::uint64_t dropped(std::uint64_t rule, unsigned count = 5) {
        const std::uint64_t before = rule_count(rule).packets;
        sent_ += count;
        send(9, count);
        stats_after(sent_);
        return rule_count(rule).packets - before;
    }

private:
    std::uint64_t sent_ = 0;
};

TEST_F(CliSetTest, ElementsChangeInPlace) {
    const auto rule = apply_set("type ipv4_addr\n flags interval", filler());
    EXPECT_EQ(dropped(rule), 0U);
    EXPECT_EQ(succeed({"set", "add", "s", there_address}), "xdpctl s: 1 added\n");
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_EQ(succeed({"set", "add", "s", there_address}), "xdpctl s: 0 added, 1 unchanged\n");
    EXPECT_THAT(succeed({"set", "list", "s"}), HasSubstr("192.0.2.2"));
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("192.0.2.2"));
    EXPECT_EQ(succeed({"set", "delete", "s", there_address}), "xdpctl s: 1 deleted\n");
    EXPECT_EQ(dropped(rule), 0U);
    EXPECT_THAT(succeed({"set", "list", "s"}), Not(HasSubstr("192.0.2.2")));

    // What the image has goes and comes back.
    succeed({"set", "delete", "s", "10.0.7.0/24,", "10.0.9.0/24"});
    EXPECT_THAT(succeed({"set", "list", "s"}), Not(HasSubstr("10.0.7.0/24")));
    EXPECT_THAT(succeed({"set", "list", "s"}), HasSubstr("10.0.8.0/24"));
    succeed({"set", "add", "s", "10.0.7.0/24"});
    EXPECT_THAT(succeed({"set", "list", "s"}), HasSubstr("10.0.7.0/24"));
}

// Two sets that are looked up at once, by generated code and by tables.
TEST_F(CliSetTest, ElementsOfSetsThatShareALookupChangeInPlace) {
    const std::string sets = fmt::format(
        " set s {{\n type ipv4_addr\n flags interval\n elements = {{ {0} }}\n }}\n"
        " set other {{\n type ipv4_addr\n flags interval\n elements = {{ {0}, 192.0.2.0/24 }}\n }}\n",
        filler());
    std::string many_rules;
    for (int port = 20'000; port < 20'500; ++port)
        many_rules += fmt::format(" ip daddr 198.51.100.{} tcp dport {} drop\n", port % 250, port);
    for (const std::string& rules : {std::string(), many_rules}) {
        succeed({"apply", "-f", "-"},
                fmt::format("table netdev xdpctl {{\n{} chain ingress {{\n type filter hook ingress device \"eth0\" "
                            "priority 0; policy accept;\n ip saddr @s counter drop\n ip saddr @other counter drop\n{} "
                            "}}\n}}\n",
                            sets, rules));
        EXPECT_EQ(succeed_json({"list", "ruleset", "--cost"}).at("cost").at(0).at("engine"),
                  rules.empty() ? "code" : "tables");
        const auto in_s = first_rule();
        const auto in_other = in_s + 1;
        EXPECT_EQ(dropped(in_other), 5U);
        succeed({"set", "add", "s", there_address});
        EXPECT_EQ(dropped(in_s), 5U) << "what was added to the set asked first";
        succeed({"set", "delete", "other", "192.0.2.0/24"});
        EXPECT_EQ(dropped(in_s), 5U);
        succeed({"set", "delete", "s", there_address});
        EXPECT_EQ(dropped(in_other), 0U) << "what was deleted from both";
        // Tables stay, other rules are compiled anew, and tables with a lookup are compiled anew.
        add_rule({"tcp", "dport", "22", "drop"});
        EXPECT_EQ(dropped(in_other), 0U) << "with an image of elements that changed";
        succeed({"set", "add", "other", there_address});
        EXPECT_EQ(dropped(in_other), 5U);
        add_rule({"ip", "saddr", "@s", "tcp", "dport", "23", "drop"});
        EXPECT_EQ(dropped(in_other), 5U);
        succeed({"set", "add", "s", there_address});
        EXPECT_EQ(dropped(in_s), 5U);
    }
}

TEST_F(CliSetTest, ElementsOutliveChangesOfRules) {
    const auto rule = apply_set("type ipv4_addr\n flags interval", filler());
    succeed({"set", "add", "s", "192.0.2.0/29"});
    succeed({"set", "delete", "s", "10.0.1.0/24"});
    add_rule({"tcp", "dport", "22", "drop"});
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_THAT(succeed({"set", "list", "s"}), Not(HasSubstr("10.0.1.0/24")));
    succeed({"chain", "policy", "accept"});
    EXPECT_EQ(succeed_json({"set", "test", "s", there_address})["held"], true);
}

TEST_F(CliSetTest, ASmallSetChangesWithItsRules) {
    const auto rule = apply_set("type ipv4_addr", "192.0.2.77, 192.0.2.78");
    EXPECT_EQ(dropped(rule), 0U);
    EXPECT_EQ(succeed({"set", "add", "s", there_address}), "xdpctl s: 1 added\n");
    EXPECT_EQ(dropped(rule), 5U);
    succeed({"set", "delete", "s", there_address});
    EXPECT_EQ(dropped(rule), 0U);
}

TEST_F(CliSetTest, ElementsExpire) {
    const auto rule = apply_set("type ipv4_addr\n flags timeout", "192.0.2.77 timeout 1h");
    succeed({"set", "add", "s", there_address, "timeout", "2s"});
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_THAT(succeed({"set", "list", "s"}), HasSubstr("192.0.2.2 timeout 2s expires"));
    std::this_thread::sleep_for(std::chrono::milliseconds(2'100));
    EXPECT_EQ(dropped(rule), 0U);
    EXPECT_THAT(succeed({"set", "list", "s"}), Not(HasSubstr("192.0.2.2 ")));
    succeed({"set", "add", "s", there_address});
    EXPECT_EQ(dropped(rule), 5U) << "an expired element can come again";
}

TEST_F(CliSetTest, ElementsCount) {
    const auto rule = apply_set("type ipv4_addr\n counter", "192.0.2.77");
    succeed({"set", "add", "s", there_address});
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_THAT(succeed({"set", "list", "s"}),
                HasSubstr(fmt::format("192.0.2.2 counter packets 5 bytes {}", 5 * datagram_bytes())));
    add_rule({"tcp", "dport", "22", "drop"});
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_THAT(succeed({"set", "list", "s"}), HasSubstr("192.0.2.2 counter packets 10 "));
}

TEST_F(CliSetTest, HasNoMoreElementsThanItsSize) {
    const auto rule = apply_set("type ipv4_addr\n size 5002\n flags interval", filler());
    EXPECT_EQ(succeed({"set", "add", "s", there_address}), "xdpctl s: 1 added\n");
    refuse({"set", "add", "s", "192.0.2.7,", "192.0.2.9"}, ErrorKind::Input, "5002");
    EXPECT_EQ(succeed({"set", "add", "s", "192.0.2.7"}), "xdpctl s: 1 added\n");
    refuse({"set", "add", "s", "192.0.2.9"}, ErrorKind::Input, "5002");
    succeed({"set", "delete", "s", "10.0.1.0/24"});
    EXPECT_EQ(succeed({"set", "add", "s", "192.0.2.9"}), "xdpctl s: 1 added\n");
    EXPECT_EQ(dropped(rule), 5U);
}

// What is saved goes on where it was: with the time that is left, and the counts.
TEST_F(CliSetTest, SavesTimesAndCounts) {
    apply_set("type ipv4_addr\n flags timeout\n counter", "192.0.2.77 timeout 1h");
    succeed({"set", "add", "s", there_address, "timeout", "1h"});
    send(9, 5);
    stats_after(5);
    std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
    const std::string saved = file("saved", "");
    succeed({"save", "--counters", saved});
    succeed({"flush", "ruleset"});
    succeed({"restore", saved});
    EXPECT_THAT(succeed({"set", "list", "s"}), HasSubstr("192.0.2.2 counter packets 5 "));
    succeed({"save", saved});
    succeed({"restore", saved});
    const std::string listed = succeed({"set", "list", "s"});
    EXPECT_THAT(listed, testing::ContainsRegex("192\\.0\\.2\\.2 [a-z0-9 ]* timeout 1h expires 59m5[0-8]s"));
}

TEST_F(CliSetTest, LoadsListsOfEveryKind) {
    const auto rule = apply_set("type ipv4_addr\n flags interval", filler());
    const std::string comma_separated = "address,reason\n192.0.2.0/30,scanner\n198.51.100.9,\"spam, much\"\n";
    EXPECT_EQ(succeed({"set", "load", "s", "-f", "-"}, comma_separated), "xdpctl s: 2 loaded\n");
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_EQ(succeed({"set", "load", "s", "-f", "-"}, "# netset\n198.51.100.0/24\n203.0.113.7 ; one\n\n"),
              "xdpctl s: 2 loaded\n");
    EXPECT_EQ(dropped(rule), 0U);
    EXPECT_EQ(succeed({"set", "load", "s", "-f", "-"},
                      "create bad hash:net family inet\nadd bad 192.0.2.2 comment \"it\"\nadd bad 10.0.0.0/8\n"),
              "xdpctl s: 2 loaded\n");
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_EQ(succeed({"set", "load", "s", "-f", "-"}, "elements = { 198.51.100.1,\n 198.51.100.2 }\n"),
              "xdpctl s: 2 loaded\n");
    std::string large;
    for (int i = 0; i < 100'000; ++i)
        large += fmt::format("10.{}.{}.{}\n", i / 62'500, i / 250 % 250, i % 250);
    EXPECT_EQ(succeed({"set", "load", "s", "-f", "-"}, large), "xdpctl s: 100000 loaded\n");
    refuse({"set", "load", "s", "-f", "-"}, ErrorKind::Input, "2:", "198.51.100.0/24\n2001:db8::1\n");
}

TEST_F(CliSetTest, FlushesAndSwaps) {
    const auto rule = apply_set("type ipv4_addr\n flags interval", filler() + ", 192.0.2.0/24");
    EXPECT_EQ(dropped(rule), 5U);
    succeed({"apply", "-f", "-"},
            succeed({"list", "ruleset"}).insert(23, " set other { type ipv4_addr; flags interval;\n }\n"));
    succeed({"set", "swap", "s", "other"});
    EXPECT_THAT(succeed({"set", "list", "other"}), HasSubstr("192.0.2.0/24"));
    EXPECT_EQ(dropped(rule), 0U);
    succeed({"set", "swap", "s", "other"});
    EXPECT_EQ(dropped(rule), 5U);
    EXPECT_EQ(succeed({"set", "flush", "s"}), fmt::format("xdpctl s: {} deleted\n", many + 1));
    EXPECT_EQ(dropped(rule), 0U);
}

TEST_F(CliSetTest, RefusesAndChangesNothing) {
    apply_set("type ipv4_addr\n flags interval", filler());
    refuse({"set", "add", "s", "10.0.0.0/16"}, ErrorKind::Input, "overlap");
    refuse({"set", "add", "s", "10.0.0.7"}, ErrorKind::Input, "overlap");
    refuse({"set", "add", "s", "192.0.2.2,", "10.0.0.7"}, ErrorKind::Input, "overlap");
    refuse({"set", "delete", "s", "192.0.2.2"}, ErrorKind::NotFound, "no such element");
    refuse({"set", "delete", "s", "10.0.0.0/24,", "192.0.2.2"}, ErrorKind::NotFound, "no such element");
    refuse({"set", "add", "s", "2001:db8::1"}, ErrorKind::Input, "2001:db8::1");
    refuse({"set", "add", "missing", "192.0.2.1"}, ErrorKind::NotFound, "there is no set missing");
    refuse({"set", "test", "s", "192.0.2.2"}, ErrorKind::NotFound, "does not hold");
    refuse({"set", "swap", "s", "missing"}, ErrorKind::NotFound, "no set missing");
}

// Every packet is dropped while elements around it, and the whole set, change.
TEST_F(CliSetTest, ChangesUnderTrafficAreNoGap) {
    const auto rule = apply_set("type ipv4_addr\n flags interval", filler() + ", 192.0.2.0/24");
    std::atomic<bool> stop = false;
    std::uint64_t sent = 0;
    std::thread sender([&] {
        while (!stop) {
            send(9, 20);
            sent += 20;
        }
    });
    for (int i = 0; i < 5; ++i) {
        succeed({"set", "add", "s", fmt::format("198.51.100.{}", i)});
        succeed({"set", "delete", "s", fmt::format("10.0.{}.0/24", i)});
        succeed({"set", "load", "s", "-f", "-"}, fmt::format("192.0.2.0/24\n203.0.113.0/2{}\n", 4 + i));
        succeed({"set", "load", "s", "-f", "-"}, succeed({"set", "list", "s"}));
        succeed({"set", "add", "s", "{", filler(), "}"});
    }
    stop = true;
    sender.join();
    stats_after(sent);
    EXPECT_EQ(rule_count(rule).packets, sent);
}

}  // namespace
}  // namespace xdpctl::test
