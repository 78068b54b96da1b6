// SPDX-License-Identifier: BSD-2-Clause
// top on a terminal, where keys change it, and elsewhere.
#include <sstream>

#include "e2e/cli_fixture.h"
#include "e2e/on_terminal.h"

namespace xdpctl::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class CliTop : public CliTest {
protected:
    CliTop() {
        succeed({"attach", "eth0"});
        succeed({"rule", "add", "udp", "dport", "5000", "counter", "drop"});
        succeed({"rule", "add", "udp", "dport", "5001", "counter", "drop"});
    }
};

TEST_F(CliTop, ShowsRatesAndLeavesTheTerminalAsItWas) {
    OnTerminal top(here, {XDPCTL_BINARY, "top", "--interval", "0.2"});
    ASSERT_TRUE(top.wait_for("udp dport 5001")) << top.output();
    EXPECT_FALSE(top.is_cooked()) << "keys are read at once";
    for (int i = 0; i < 20 && !top.output().contains("▁") && !top.output().contains("█"); ++i) {
        send(5000, 50);
        ASSERT_TRUE(top.wait_for("udp dport 5001", i + 2));
    }
    EXPECT_THAT(top.output(), HasSubstr("█")) << "a sparkline";
    top.type('q');
    EXPECT_EQ(top.finish(), 0);
    EXPECT_THAT(top.output(), HasSubstr(enter_screen));
    EXPECT_THAT(top.output(), EndsWith(leave_screen));
    EXPECT_TRUE(top.is_cooked());
}

TEST_F(CliTop, ObeysKeys) {
    OnTerminal top(here, {XDPCTL_BINARY, "top", "--interval", "60"});
    ASSERT_TRUE(top.wait_for("udp dport 5001"));
    top.type('s');
    EXPECT_TRUE(top.wait_for("sort: bytes"));
    top.type('r');
    EXPECT_TRUE(top.wait_for("reversed"));
    top.type('v');
    EXPECT_TRUE(top.wait_for("REASON"));
    top.type('v');
    EXPECT_TRUE(top.wait_for("RULE (2)"));
    for (const char key : std::string("/5001\r"))
        top.type(key);
    EXPECT_TRUE(top.wait_for("RULE (1 of 2)"));
    top.type('p');
    EXPECT_TRUE(top.wait_for("PAUSED"));
    top.type('h');
    EXPECT_TRUE(top.wait_for("any key goes back"));
    top.type('q');
    EXPECT_EQ(top.finish(), 0);
}

TEST_F(CliTop, FollowsTheSizeOfTheTerminal) {
    for (int i = 0; i < 20; ++i)
        succeed({"rule", "add", "udp", "dport", std::to_string(6000 + i), "counter", "drop"});
    OnTerminal top(here, {XDPCTL_BINARY, "top", "--interval", "60"});
    ASSERT_TRUE(top.wait_for("q quit"));
    EXPECT_THAT(top.output(), Not(HasSubstr("udp dport 6019")));
    top.resize(60);
    EXPECT_TRUE(top.wait_for("udp dport 6019")) << "a new size redraws at once";
    top.type('\x03');
    EXPECT_EQ(top.finish(), 0);
    EXPECT_TRUE(top.is_cooked());
}

TEST_F(CliTop, GivesTheTerminalBackWhileItIsStopped) {
    OnTerminal top(here, {XDPCTL_BINARY, "top", "--interval", "60"});
    ASSERT_TRUE(top.wait_for("udp dport 5001"));
    top.type('\x1a');
    ASSERT_TRUE(top.wait_for(leave_screen));
    ASSERT_TRUE(top.stopped());
    EXPECT_TRUE(top.is_cooked());
    top.forget();
    top.resume();
    EXPECT_TRUE(top.wait_for("udp dport 5001"));
    EXPECT_FALSE(top.is_cooked());
    top.type('q');
    EXPECT_EQ(top.finish(), 0);
}

TEST_F(CliTop, GivesTheTerminalBackBeforeAnError) {
    OnTerminal top(here, {XDPCTL_BINARY, "top", "eth0", "--interval", "0.1"});
    ASSERT_TRUE(top.wait_for("udp dport 5001"));
    succeed({"detach", "eth0"});
    EXPECT_EQ(top.finish(), static_cast<int>(ErrorKind::NotFound));
    EXPECT_LT(top.output().find(leave_screen), top.output().find("no statistics of eth0")) << top.output();
    EXPECT_TRUE(top.is_cooked());
}

TEST_F(CliTop, EndsWithItsTerminal) {
    OnTerminal top(here, {XDPCTL_BINARY, "top"});
    ASSERT_TRUE(top.wait_for("udp dport 5001"));
    top.hang_up();
    EXPECT_TRUE(top.is_gone());
}

TEST_F(CliTop, IsPlainTextWithoutATerminal) {
    const CommandResult result = shell("$X top --interval 0.2 --count 2 --sort handle");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, Not(HasSubstr("\033")));
    EXPECT_THAT(result.out, Not(HasSubstr("q quit")));
    EXPECT_THAT(result.out, HasSubstr("sort: handle"));
    std::istringstream lines(result.out);
    int pictures = 0;
    for (std::string line; std::getline(lines, line);)
        pictures += line.starts_with("VERDICT") ? 1 : 0;
    EXPECT_EQ(pictures, 2);
}

TEST_F(CliTop, PrintsAJsonDocumentALine) {
    send(5001, 3);
    stats_after(3);
    const CommandResult result = shell("$X top --interval 0.2 --count 2 --sort total --json");
    EXPECT_EQ(result.status, 0) << result.err;
    std::istringstream lines(result.out);
    int documents = 0;
    for (std::string line; std::getline(lines, line); ++documents) {
        const auto stats = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(stats.is_object()) << line;
        EXPECT_EQ(stats["rules"][0]["packets"], 3);
        EXPECT_TRUE(stats.contains("interval"));
    }
    EXPECT_EQ(documents, 2);
}

TEST_F(CliTop, EndsWithItsReader) {
    const CommandResult result = shell("timeout 5 $X top --interval 0.1 | head -1; echo ${PIPESTATUS[0]}");
    EXPECT_THAT(result.out, EndsWith("\n0\n")) << result.err;
}

TEST_F(CliTop, RefusesUnknownInterfaces) {
    refuse({"top", "eth9"}, ErrorKind::NotFound, "no statistics of eth9");
}

}  // namespace
}  // namespace xdpctl::test
