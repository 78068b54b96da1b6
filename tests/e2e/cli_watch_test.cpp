// SPDX-License-Identifier: BSD-2-Clause
// stats --watch on a terminal and elsewhere.

#include <sstream>

#include "e2e/cli_fixture.h"
#include "e2e/on_terminal.h"

namespace xdpctl::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class CliWatch : public CliTest {
protected:
    CliWatch() {
        succeed({"attach", "eth0"});
        succeed({"rule", "add", "udp", "dport", "5000", "counter", "drop"});
    }
};

TEST_F(CliWatch, DrawsInPlaceUntilInterrupted) {
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "--watch", "0.1"});
    ASSERT_TRUE(watch.wait_for("PACKETS/S", 3)) << watch.output();
    EXPECT_THAT(watch.output(), HasSubstr(enter_screen));
    send(5000, 42);
    EXPECT_TRUE(watch.wait_for(" 42 ")) << watch.output();
    watch.type('\x03');
    EXPECT_EQ(watch.finish(), 0);
    EXPECT_THAT(watch.output(), EndsWith(leave_screen));
}

TEST_F(CliWatch, FollowsTheSizeOfTheTerminal) {
    for (int i = 0; i < 20; ++i)
        succeed({"rule", "add", "udp", "dport", std::to_string(6000 + i), "counter", "drop"});
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "--watch", "60"});
    ASSERT_TRUE(watch.wait_for("more lines")) << watch.output();
    EXPECT_THAT(watch.output(), Not(HasSubstr("udp dport 6019")));
    watch.resize(60);
    EXPECT_TRUE(watch.wait_for("udp dport 6019")) << "a new size redraws at once";
    watch.type('\x03');
    EXPECT_EQ(watch.finish(), 0);
    EXPECT_THAT(watch.output(), EndsWith(leave_screen));
}

TEST_F(CliWatch, GivesTheTerminalBackWhileItIsStopped) {
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "--watch", "60"});
    ASSERT_TRUE(watch.wait_for("udp dport 5000"));
    watch.type('\x1a');
    ASSERT_TRUE(watch.wait_for(leave_screen));
    ASSERT_TRUE(watch.stopped());
    watch.forget();
    watch.resume();
    EXPECT_TRUE(watch.wait_for("udp dport 5000"));
    watch.type('\x03');
    EXPECT_EQ(watch.finish(), 0);
    EXPECT_THAT(watch.output(), EndsWith(leave_screen));
}

TEST_F(CliWatch, GivesTheTerminalBackBeforeAnError) {
    OnTerminal watch(here, {XDPCTL_BINARY, "stats", "eth0", "--watch", "0.1"});
    ASSERT_TRUE(watch.wait_for("udp dport 5000"));
    succeed({"detach", "eth0"});
    EXPECT_EQ(watch.finish(), static_cast<int>(ErrorKind::NotFound));
    const std::string& output = watch.output();
    EXPECT_LT(output.find(leave_screen), output.find("no statistics of eth0")) << output;
}

TEST_F(CliWatch, AppendsWithoutATerminal) {
    const CommandResult result = shell("timeout --preserve-status -s INT 2 $X stats --watch 0.1");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, Not(HasSubstr("\033")));
    EXPECT_THAT(result.out, HasSubstr("INTERFACE  HOOK     VERDICT  REASON  PACKETS  BYTES\n")) << "rates need two";
    EXPECT_THAT(result.out, HasSubstr("PACKETS/S"));
}

TEST_F(CliWatch, PrintsAJsonDocumentALine) {
    const CommandResult result = shell("timeout --preserve-status -s TERM 2 $X stats --watch=0.1 eth0 --json");
    EXPECT_EQ(result.status, 0) << result.err;
    std::istringstream lines(result.out);
    int documents = 0;
    for (std::string line; std::getline(lines, line); ++documents) {
        const auto stats = nlohmann::json::parse(line, nullptr, false);
        ASSERT_TRUE(stats.is_object()) << line;
        EXPECT_EQ(stats.contains("interval"), documents > 0);
    }
    EXPECT_GE(documents, 3);
}

TEST_F(CliWatch, EndsWithItsReader) {
    const CommandResult result = shell("timeout 5 $X stats --watch 0.1 | head -1; echo ${PIPESTATUS[0]}");
    EXPECT_THAT(result.out, EndsWith("\n0\n")) << result.err;
}

TEST_F(CliWatch, TakesTheInterfaceBehindTheOption) {
    const CommandResult result = shell("timeout --preserve-status -s INT 2 $X stats --watch eth0 --json");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("eth0"));
}

}  // namespace
}  // namespace xdpctl::test
