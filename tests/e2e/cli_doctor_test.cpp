// SPDX-License-Identifier: BSD-2-Clause
// doctor: what is wrong with real devices and a real state is found, named, and can be fixed as it says.
#include <fmt/format.h>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CliDoctor : public CliTest {
protected:
    CliDoctor() {
        // Without tags beside the frames there is nothing to warn of on these devices.
        here.shell("ethtool -K eth0 txvlan off && ethtool -K eth1 txvlan off");
        there.shell("ethtool -K peer0 txvlan off && ethtool -K peer1 txvlan off");
    }

    // The first finding of a check about a subject; null without one.
    nlohmann::json finding(const std::string& subject, const std::string& check,
                           std::vector<std::string> arguments = {}) const {
        arguments.insert(arguments.begin(), {"doctor", "--json"});
        const auto report = nlohmann::json::parse(xdpctl(arguments).out, nullptr, false);
        for (const auto& candidate : report["findings"])
            if (candidate["subject"] == subject && candidate["check"] == check)
                return candidate;
        return nullptr;
    }
};

TEST_F(CliDoctor, FindsNothingWrongWithAHealthyFilter) {
    succeed({"attach", "eth0"});
    const std::string out = succeed({"doctor", "eth0"});
    EXPECT_THAT(out, HasSubstr("eth0 ingress (chain xdpctl ingress) is attached, mode native"));
    EXPECT_THAT(out, HasSubstr("xdpctl's program"));
    EXPECT_THAT(out, HasSubstr("0 problems"));
    EXPECT_THAT(out, Not(HasSubstr("eth1")));
    EXPECT_THAT(succeed({"doctor"}), Not(HasSubstr("eth1"))) << "the ruleset does not name it";
}

TEST_F(CliDoctor, ChangesNothing) {
    succeed({"attach", "eth0"});
    const std::string before = state();
    succeed({"doctor", "eth0", "eth1"});
    EXPECT_EQ(state(), before);
}

TEST_F(CliDoctor, LooksAtAllInterfacesWithoutRuleset) {
    const std::string out = succeed({"doctor"});
    EXPECT_THAT(out, HasSubstr("\neth0\n"));
    EXPECT_THAT(out, HasSubstr("\neth1\n"));
    EXPECT_THAT(out, Not(HasSubstr("\nlo\n")));
    EXPECT_THAT(out, HasSubstr("nothing is attached"));
}

TEST_F(CliDoctor, RefusesUnknownInterfaces) {
    refuse({"doctor", "eth9"}, ErrorKind::NotFound, "no interface eth9");
}

TEST_F(CliDoctor, FindsHiddenTagsAndTheFixWorks) {
    there.shell("ethtool -K peer0 txvlan on");
    EXPECT_EQ(finding("eth0", "vlan", {"eth0"})["severity"], "warning");
    EXPECT_THAT(finding("eth0", "vlan", {"eth0"})["fix"].get<std::string>(), HasSubstr("ethtool -K peer0 txvlan off"));
    EXPECT_EQ(xdpctl({"doctor", "eth0"}).status, 0) << "a warning is not a problem";
    EXPECT_EQ(xdpctl({"doctor", "eth0", "--strict"}).status, 1);
    succeed({"attach", "eth0", "--mode", "tc"});
    EXPECT_EQ(finding("eth0", "vlan")["severity"], "ok") << "TC sees them";
    succeed({"detach", "eth0"});
    there.shell("ethtool -K peer0 txvlan off");
    EXPECT_EQ(finding("eth0", "vlan", {"eth0"})["severity"], "ok");
}

TEST_F(CliDoctor, FindsAProgramThatWasTakenOff) {
    succeed({"attach", "eth0", "--mode", "tc"});
    const auto attached = succeed_json({"status"});
    if (attached["devices"][0]["attachment"] != "clsact") {
        // A link is broken by bpftool, a filter removed by tc.
        const CommandResult broken =
            shell(fmt::format("bpftool link detach pinned $(find {} -name 'link-*' | head -1)", bpffs.path().native()));
        ASSERT_EQ(broken.status, 0) << broken.err;
    } else {
        here.shell("tc qdisc del dev eth0 clsact");
    }
    const auto found = finding("state", "device");
    EXPECT_EQ(found["severity"], "problem");
    EXPECT_THAT(found["what"].get<std::string>(), HasSubstr("has lost its program"));
    EXPECT_EQ(xdpctl({"doctor"}).status, 1);
    ASSERT_EQ(shell("$X " + found["fix"].get<std::string>().substr(std::string("xdpctl ").size())).status, 0);
    EXPECT_EQ(finding("state", "device")["severity"], "ok");
    EXPECT_EQ(xdpctl({"doctor"}).status, 0);
}

TEST_F(CliDoctor, FollowsRenamedAndMissesDeletedInterfaces) {
    succeed({"attach", "eth0", "eth1"});
    here.shell("ip link set eth0 name lan0 && ip link del eth1");
    const std::string out = succeed({"doctor", "--problems"});
    EXPECT_THAT(out, HasSubstr("is called lan0 now"));
    EXPECT_THAT(out, HasSubstr("eth1 ingress (chain xdpctl ingress) is gone"));
    EXPECT_THAT(out, HasSubstr("xdpctl detach eth1"));
}

TEST_F(CliDoctor, NamesProgramsOfOthers) {
    // Another state's filter is a program of someone else.
    const std::filesystem::path other = bpffs.path() / "other";
    std::filesystem::create_directory(other);
    ASSERT_EQ(shell(fmt::format("XDPCTL_BPFFS={} $X attach eth0 --mode generic", other.native())).status, 0);
    const auto found = finding("eth0", "xdp-hook", {"eth0"});
    EXPECT_EQ(found["severity"], "warning");
    EXPECT_THAT(found["what"].get<std::string>(), testing::StartsWith("generic: program "));
    EXPECT_THAT(found["fix"].get<std::string>(), HasSubstr("--mode tc"));
    succeed({"attach", "eth0", "--mode", "tc"});
    EXPECT_EQ(finding("eth0", "xdp-hook")["severity"], "note") << "it is in front, and the filter works";
    ASSERT_EQ(shell(fmt::format("XDPCTL_BPFFS={} $X flush ruleset", other.native())).status, 0);
    std::filesystem::remove(other);
}

TEST_F(CliDoctor, FindsGenericModeWhereNativeWorks) {
    succeed({"attach", "eth0", "--mode", "generic"});
    const auto found = finding("eth0", "native-xdp");
    EXPECT_EQ(found["severity"], "warning");
    EXPECT_THAT(found["fix"].get<std::string>(), HasSubstr("--mode native"));
}

TEST_F(CliDoctor, NamesTheMissingCapabilities) {
    const CommandResult result = shell("export X; capsh --drop=all -- -c '$X doctor eth0 --json'");
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.out, HasSubstr("missing CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON"));
    EXPECT_THAT(result.out, HasSubstr("\"subject\":\"eth0\"")) << "what can be seen is still examined";
    EXPECT_THAT(result.out, Not(HasSubstr("\"subject\":\"state\"")));
}

}  // namespace
}  // namespace xdpctl::test
