// SPDX-License-Identifier: BSD-2-Clause
// `xdpctl -b`: what a batch does as a whole, line by line, and when a line is wrong.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CliBatchTest : public CliTest {
protected:
    // A set of many elements that drops, and a small one.
    void apply() const {
        std::string filler;
        for (int i = 0; i < 5'000; ++i)
            filler += fmt::format("10.{}.{}.0/24, ", i / 250, i % 250);
        succeed({"apply", "-f", "-"},
                fmt::format(
                    "table netdev xdpctl {{\n set s {{\n type ipv4_addr\n flags interval\n elements = {{ {} }}\n }}\n"
                    " set small {{\n type inet_service\n }}\n"
                    " chain ingress {{\n type filter hook ingress device \"eth0\" priority 0; policy accept;\n"
                    " ip saddr @s counter drop\n udp dport @small counter drop\n }}\n}}\n",
                    filler));
    }

    void refuse_batch(const std::string& batch, ErrorKind kind,
                      const testing::Matcher<const std::string&>& error) const {
        const auto result = xdpctl({"-b", "-"}, batch);
        EXPECT_EQ(result.status, static_cast<int>(kind)) << result.out << result.err;
        EXPECT_THAT(result.err, error);
    }
};

TEST_F(CliBatchTest, DoesChangesOfEveryKind) {
    apply();
    EXPECT_EQ(succeed({"-b", "-"},
                      "# a batch\n"
                      "chain add web\n"
                      "rule add xdpctl web counter accept comment \"two words\"\n"
                      "rule add 'tcp dport { 80, 443 } jump web'\n"
                      "\n"
                      "set add s 192.0.2.0/29\n"
                      "set delete s 10.0.1.0/24\n"
                      "set add small 22, 23\n"
                      "set add small 25\n"
                      "chain policy drop\n"),
              "# handle 7\n# handle 8\n# handle 9\n"
              "xdpctl s: 1 added\nxdpctl s: 1 deleted\nxdpctl small: 2 added\nxdpctl small: 1 added\n"
              "xdpctl ingress: policy drop\n");
    const std::string ruleset = succeed({"list", "ruleset"});
    EXPECT_THAT(ruleset, AllOf(HasSubstr("192.0.2.0/29"), Not(HasSubstr("10.0.1.0/24")), HasSubstr("22, 23, 25"),
                               HasSubstr("comment \"two words\""), HasSubstr("policy drop")));
}

// A group of changes of the ruleset is one generation: the number of generations counts commits.
TEST_F(CliBatchTest, MakesOneGenerationOfAGroup) {
    const auto generation = [&] { return succeed_json({"status"})["generation"].get<std::uint64_t>(); };
    succeed({"rule", "add", "accept"});
    const std::uint64_t before = generation();
    succeed({"-b", "-"}, "rule add tcp dport 1 drop\nrule add tcp dport 2 drop\nrule add tcp dport 3 drop\n");
    EXPECT_EQ(generation(), before + 1);
    succeed({"-b", "-"}, "rule add tcp dport 4 drop\ncommit\nrule add tcp dport 5 drop\n");
    EXPECT_EQ(generation(), before + 3);
    EXPECT_EQ(succeed({"-q", "-b", "-"}, "# nothing\n"), "");
    EXPECT_EQ(generation(), before + 3);
}

TEST_F(CliBatchTest, AGroupWithAWrongLineChangesNothing) {
    apply();
    const std::string before = state();
    refuse_batch("rule add tcp dport 1 drop\nrule delete handle 999\nrule add tcp dport 2 drop\n", ErrorKind::NotFound,
                 AllOf(HasSubstr("line 2: rule delete handle 999"), HasSubstr("nothing was done")));
    EXPECT_EQ(state(), before);
    refuse_batch("set add small 1\n\nstatus\n", ErrorKind::Usage,
                 AllOf(HasSubstr("line 3: status"), HasSubstr("'status' cannot be part of a batch"),
                       HasSubstr("what stands before line 3 is done")));
    EXPECT_THAT(succeed({"set", "list", "small"}), HasSubstr("elements = { 1 }"));
    refuse_batch("rule add tcp dport 3 drop\ncommit\nrule add nonsense\n", ErrorKind::Input,
                 AllOf(HasSubstr("line 3: rule add nonsense"), HasSubstr("what stands before line 3 is done")));
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("tcp dport 3 drop"));
    refuse_batch("set add s 192.0.2.1 'x\n", ErrorKind::Input, HasSubstr("line 1: set add s 192.0.2.1 'x"));
    const auto missing = xdpctl({"-b", "/nonexistent"});
    EXPECT_EQ(missing.status, static_cast<int>(ErrorKind::NotFound)) << missing.err;
}

TEST_F(CliBatchTest, ElementsBeforeAWrongLineStay) {
    apply();
    refuse_batch("set add s 192.0.2.1\nset add s 10.0.0.0/8\nset add s 192.0.2.3\n", ErrorKind::Input,
                 AllOf(HasSubstr("line 2: set add s 10.0.0.0/8"), HasSubstr("overlap"),
                       HasSubstr("what stands before line 2 is done")));
    EXPECT_THAT(succeed({"set", "list", "s"}), AllOf(HasSubstr("192.0.2.1"), Not(HasSubstr("192.0.2.3"))));
    const auto json = xdpctl({"--json", "-b", "-"}, "set add s 192.0.2.4\nset delete s 192.0.2.9\n");
    EXPECT_EQ(json.status, static_cast<int>(ErrorKind::NotFound));
    EXPECT_EQ(nlohmann::json::parse(json.out)["set"]["added"], 1);
    EXPECT_THAT(nlohmann::json::parse(json.err)["error"]["what"].get<std::string>(), HasSubstr("line 2"));
}

// What comes slowly is done when it comes, and keeps nobody from writing in between.
TEST_F(CliBatchTest, ElementsAreChangedAsTheyCome) {
    apply();
    const auto result = shell(
        "( echo 'set add s 192.0.2.1'; sleep 1; $X --lock-timeout 0 set test s 192.0.2.1 >&2 || exit;"
        " $X --lock-timeout 0 -q rule add tcp dport 7 drop;"
        " echo 'set add s 192.0.2.3' ) | $X -b -");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "xdpctl s: 1 added\nxdpctl s: 1 added\n");
    EXPECT_THAT(result.err, HasSubstr("192.0.2.1 is in xdpctl s"));
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("tcp dport 7 drop"));
}

// More changes than an image takes, over and over, while packets flow that one element drops all the time.
TEST_F(CliBatchTest, SustainsChangesUnderTraffic) {
    apply();
    succeed({"set", "add", "s", there_address});
    std::string batch;
    constexpr int changes = 40'000;
    for (int i = 0; i < changes / 2; ++i) {
        const std::string element = fmt::format("172.{}.{}.{}", 16 + i / 62'500, i / 250 % 250, i % 250);
        batch +=
            fmt::format("set add s {0}\n{1}", element, i % 2 == 0 ? fmt::format("set delete s {}\n", element) : "");
    }
    std::atomic<bool> stop = false;
    std::uint64_t sent = 0;
    std::thread sender([&] {
        while (!stop) {
            send(9, 20);
            sent += 20;
        }
    });
    const auto begin = std::chrono::steady_clock::now();
    succeed({"-q", "-b", "-"}, batch);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    stop = true;
    sender.join();
    stats_after(sent);
    RecordProperty("changes_each_second", static_cast<int>(0.75 * changes / took.count()));
    EXPECT_EQ(rule_count(first_rule()).packets, sent);
    EXPECT_EQ(succeed({"set", "test", "s", "172.16.0.1"}), "172.16.0.1 is in xdpctl s\n");
    refuse({"set", "test", "s", "172.16.0.2"}, ErrorKind::NotFound, "does not hold");
}

}  // namespace
}  // namespace xdpctl::test
