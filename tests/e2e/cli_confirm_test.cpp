// SPDX-License-Identifier: BSD-2-Clause
// apply --confirm: the old ruleset comes back unless someone confirms, whatever becomes of the command.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "e2e/cli_fixture.h"
#include "e2e/on_terminal.h"

namespace xdpctl::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr const char* new_ruleset = R"(table netdev xdpctl {
    chain ingress {
        type filter hook ingress device "eth1" priority filter; policy drop;
        udp dport 7000 counter accept
    }
}
)";

class CliConfirm : public CliTest {
protected:
    CliConfirm() {
        succeed({"attach", "eth0", "--mode", "generic"});
        handle_ = add_rule({"udp", "dport", "5000", "counter", "drop"});
        send(5000, 4);
        stats_after(4);
        rules_ = succeed({"list", "ruleset", "-s"});
    }
    ~CliConfirm() override { (void)xdpctl({"confirm"}); }

    // Whether the old ruleset runs, at the latest then.
    bool comes_back(seconds time) const {
        const auto deadline = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < deadline) {
            if (xdpctl({"list", "ruleset", "-s"}).out == rules_)
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return false;
    }

    const std::string path_ = file("new.nft", new_ruleset);
    std::uint64_t handle_ = 0;
    std::string rules_;
};

TEST_F(CliConfirm, TakesTheChangeBackWhenTheTimeIsUp) {
    const std::string out = succeed({"apply", "-f", path_, "--confirm", "2s"});
    EXPECT_THAT(out, HasSubstr("taken back in 2 s unless it is confirmed"));
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("7000"));
    EXPECT_TRUE(comes_back(seconds(20)));
    const auto device = succeed_json({"status"})["devices"][0];
    EXPECT_EQ(device["interface"], "eth0");
    EXPECT_EQ(device["mode"], "generic") << "as it was attached";
    EXPECT_EQ(device["state"], "active");
    const auto rule = succeed_json({"stats"})["rules"][0];
    EXPECT_EQ(rule["packets"], 4) << "counted on from where it was";
    refuse({"confirm"}, ErrorKind::NotFound, "no change waits to be confirmed");
}

TEST_F(CliConfirm, KeepsWhatIsConfirmed) {
    EXPECT_EQ(succeed_json({"apply", "-f", path_, "--confirm", "2s"})["applied"]["confirm_within"], 2);
    EXPECT_THAT(succeed({"confirm"}), HasSubstr("confirmed"));
    std::this_thread::sleep_for(seconds(3));
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("7000"));
    refuse({"confirm"}, ErrorKind::NotFound, "no change waits to be confirmed");
}

TEST_F(CliConfirm, TakesTheChangeBackAtOnce) {
    succeed({"apply", "-f", path_, "--confirm", "10m"});
    EXPECT_EQ(succeed_json({"confirm", "--revert"})["confirmed"], false);
    EXPECT_EQ(succeed({"list", "ruleset", "-s"}), rules_);
}

TEST_F(CliConfirm, LetsOneChangeWait) {
    succeed({"apply", "-f", path_, "--confirm", "10m"});
    refuse({"apply", "-f", path_, "--confirm", "1m"}, ErrorKind::Busy, "another change waits to be confirmed");
    succeed({"rule", "add", "udp", "dport", "7001", "drop"});
    succeed({"confirm", "--revert"});
    EXPECT_EQ(succeed({"list", "ruleset", "-s"}), rules_) << "changes made meanwhile are taken back too";
}

TEST_F(CliConfirm, WaitsForNothingWhenTheChangeFails) {
    const std::string missing =
        file("missing.nft", std::string(new_ruleset).replace(std::string(new_ruleset).find("eth1"), 4, "eth9"));
    refuse({"apply", "-f", missing, "--confirm", "1s"}, ErrorKind::NotFound, "no interface eth9");
    refuse({"confirm"}, ErrorKind::NotFound, "no change waits to be confirmed");
    succeed({"apply", "-f", path_, "--confirm", "1s"});
    succeed({"confirm"});
}

TEST_F(CliConfirm, HoldsNeitherLockNorOutput) {
    // The shell's pipe ends with the command, not with the process that waits.
    const CommandResult result =
        shell(fmt::format("$X apply -f {} --confirm 1m | cat; $X rule add udp dport 1 drop "
                          "--lock-timeout 0",
                          path_));
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(CliConfirm, OutlivesTheTerminal) {
    {
        OnTerminal terminal(here, {XDPCTL_BINARY, "apply", "-f", path_, "--confirm", "2s"});
        ASSERT_TRUE(terminal.wait_for("keep it?")) << terminal.output();
        terminal.hang_up();
        EXPECT_TRUE(terminal.is_gone());
    }
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("7000")) << "it still waits";
    EXPECT_TRUE(comes_back(seconds(20)));
}

TEST_F(CliConfirm, AsksOnATerminal) {
    for (const auto& [answer, kept] : {std::pair("yes\n", true), std::pair("no\n", false)}) {
        succeed({"flush", "chain"});
        const std::string before = succeed({"list", "ruleset", "-s"});
        OnTerminal terminal(here, {XDPCTL_BINARY, "apply", "-f", path_, "--confirm", "1m"});
        ASSERT_TRUE(terminal.wait_for("keep it?")) << terminal.output();
        for (const char* key = answer; *key != '\0'; ++key)
            terminal.type(*key);
        EXPECT_EQ(terminal.finish(), kept ? 0 : 1);
        EXPECT_THAT(terminal.output(), HasSubstr(kept ? "the new ruleset stays" : "the old ruleset runs again"));
        EXPECT_EQ(succeed({"list", "ruleset", "-s"}) == before, !kept);
    }
}

TEST_F(CliConfirm, HearsOfOtherAnswersWhileItAsks) {
    OnTerminal terminal(here, {XDPCTL_BINARY, "apply", "-f", path_, "--confirm", "1m"});
    ASSERT_TRUE(terminal.wait_for("keep it?")) << terminal.output();
    succeed({"confirm"});
    EXPECT_EQ(terminal.finish(), 0);
}

TEST_F(CliConfirm, RefusesTimesNobodyMeans) {
    for (const char* time : {"0s", "-1s", "61m", "5h", "soon", ""})
        refuse({"apply", "-f", path_, "--confirm", time}, ErrorKind::Usage, "is no time between 1s and 60m");
}

}  // namespace
}  // namespace xdpctl::test
