// SPDX-License-Identifier: BSD-2-Clause
// save and restore: rules, interfaces, modes and counters come back as they were, as far as the interfaces are there.
#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string content_of(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

class CliSave : public CliTest {
protected:
    CliSave() {
        succeed({"attach", "eth0", "--mode", "generic"});
        succeed({"attach", "eth1", "--mode", "tc"});
        succeed({"attach", "eth0", "--hook", "egress"});
        handle_ = add_rule({"udp", "dport", "5000", "counter", "drop", "comment", "no-udp"});
        add_rule({"--hook", "egress", "tcp", "dport", "25", "drop"});
        send(5000, 7);
        stats_after(7);
    }

    // "ingress eth0 generic active" of every interface of the ruleset.
    std::vector<std::string> places() const {
        std::vector<std::string> out;
        const auto status = succeed_json({"status"});
        for (const auto& device : status["devices"])
            out.push_back(fmt::format("{} {} {} {}", device["hook"].get<std::string>(),
                                      device["interface"].get<std::string>(), device.value("mode", "none"),
                                      device["state"].get<std::string>()));
        return out;
    }

    const std::string path_ = file("saved.nft", "");
    std::uint64_t handle_ = 0;
};

TEST_F(CliSave, BringsBackRulesInterfacesAndModes) {
    const std::string rules = succeed({"list", "ruleset", "-s"});
    const auto before = places();
    EXPECT_THAT(succeed({"save", path_}), HasSubstr("saved to " + path_ + ": 1 table, 2 chains, 2 rules"));
    succeed({"flush", "ruleset"});
    EXPECT_THAT(succeed({"restore", path_}), HasSubstr("1 table, 2 chains, 2 rules"));
    EXPECT_EQ(succeed({"list", "ruleset", "-s"}), rules);
    EXPECT_EQ(places(), before);
    EXPECT_EQ(rule_count(succeed_json({"stats"})["rules"][0]["handle"]), Count{}) << "counters were not saved";
    send(5000, 2);
    stats_after(2);
}

TEST_F(CliSave, BringsBackCountersOnRequest) {
    succeed({"save", "--counters", path_});
    succeed({"flush", "ruleset"});
    succeed({"restore", path_});
    send(5000, 3);
    stats_after(3);
    EXPECT_EQ(rule_count(succeed_json({"stats"})["rules"][0]["handle"]), (Count{10, 10 * datagram_bytes()}));
}

TEST_F(CliSave, KeepsWhatRunsAlready) {
    succeed({"save", "--counters", path_});
    add_rule({"udp", "dport", "6000", "drop"});
    succeed({"restore", path_});
    EXPECT_EQ(rule_count(handle_), (Count{7, 7 * datagram_bytes()})) << "the same rule, with its counter";
    EXPECT_THAT(succeed({"list", "ruleset"}), Not(HasSubstr("6000")));
}

TEST_F(CliSave, RestoresWithoutInterfacesThatAreMissing) {
    succeed({"save", path_});
    succeed({"flush", "ruleset"});
    here.shell("ip link set eth1 name lan1");
    const CommandResult result = xdpctl({"restore", path_, "--json"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("eth1 does not exist"));
    EXPECT_EQ(nlohmann::json::parse(result.out)["restored"]["interfaces_missing"], nlohmann::json{"eth1"});
    EXPECT_THAT(places(),
                ElementsAre("ingress eth0 generic active", "ingress eth1 none not-attached", "egress eth0 tc active"));
    here.shell("ip link set lan1 name eth1");
    succeed({"restore", path_});
    EXPECT_THAT(places(),
                ElementsAre("ingress eth0 generic active", "ingress eth1 tc active", "egress eth0 tc active"));
}

TEST_F(CliSave, RestoresWithoutInterfacesThatCannotBeAttached) {
    succeed({"save", path_});
    succeed({"flush", "ruleset"});
    // Another state's filter is a program of someone else.
    const std::filesystem::path other = bpffs.path() / "other";
    std::filesystem::create_directory(other);
    ASSERT_EQ(shell(fmt::format("XDPCTL_BPFFS={} $X attach eth0", other.native())).status, 0);
    const CommandResult result = xdpctl({"restore", path_});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("its XDP hook is held by program"));
    EXPECT_THAT(result.err, HasSubstr("not filtered: eth0"));
    EXPECT_THAT(places(), ElementsAre("ingress eth1 tc active", "egress eth0 tc active"));
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("no-udp"));
    ASSERT_EQ(shell(fmt::format("XDPCTL_BPFFS={} $X flush ruleset", other.native())).status, 0);
    std::filesystem::remove(other);
}

TEST_F(CliSave, RefusesWhatWasNotSaved) {
    succeed({"save", path_});
    const std::string good = content_of(path_);
    refuse({"restore", file("ruleset.nft", "table netdev t { chain c { } }\n")}, ErrorKind::Input,
           "was not written by xdpctl save");
    refuse({"restore", file("cut.nft", good.substr(0, good.size() - 8))}, ErrorKind::Input, "is cut off");
    std::string bad = good;
    bad.replace(bad.find("eth0 generic"), 12, "eth0 fastest");
    refuse({"restore", file("mode.nft", bad)}, ErrorKind::Input, "bad line '# mode eth0 fastest'");
    bad = good;
    bad.replace(bad.find("udp dport"), 9, "udp dprot");
    refuse({"restore", file("rule.nft", bad)}, ErrorKind::Input, "rule.nft:");
    refuse({"restore", "/nonexistent/saved.nft"}, ErrorKind::NotFound, "cannot open /nonexistent/saved.nft");
}

TEST_F(CliSave, ReplacesTheFileWhole) {
    succeed({"save", path_});
    const std::string link = path_ + ".link";
    std::filesystem::create_symlink(path_, link);
    add_rule({"udp", "dport", "6000", "drop"});
    succeed({"save", link});
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_THAT(content_of(path_), HasSubstr("6000"));
    struct stat about{};
    ASSERT_EQ(::stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path_).parent_path()))
        EXPECT_TRUE(entry.path() == path_ || entry.path() == link) << entry.path() << " is left";
    refuse({"save", "/dev/null"}, ErrorKind::Input, "it is no regular file");
    refuse({"save", "/nonexistent/saved.nft"}, ErrorKind::NotFound, "cannot write /nonexistent/saved.nft");
}

TEST_F(CliSave, PassesThroughAPipe) {
    const CommandResult result = shell("$X save - | $X restore -");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(rule_count(handle_), (Count{7, 7 * datagram_bytes()}));
    EXPECT_EQ(shell("$X save - | $X check -f -").status, 0) << "it is a ruleset";
}

}  // namespace
}  // namespace xdpctl::test
