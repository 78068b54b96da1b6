// SPDX-License-Identifier: BSD-2-Clause
// What every command does when it works.
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// `xdpctl stats`: packets of a device under a verdict and reason.
std::uint64_t counted(const nlohmann::json& stats, const std::string& device, const std::string& verdict,
                      const std::string& reason) {
    std::uint64_t packets = 0;
    for (const auto& entry : stats["devices"])
        if (entry["interface"] == device)
            for (const auto& count : entry["counts"])
                if (count["verdict"] == verdict && count["reason"] == reason)
                    packets += count["packets"].get<std::uint64_t>();
    return packets;
}

TEST_F(CliTest, StatusOfNothingTellsHowToStart) {
    EXPECT_THAT(succeed({"status"}), HasSubstr("xdpctl attach"));
    EXPECT_EQ(succeed_json({"status"})["devices"].size(), 0U);
    EXPECT_EQ(succeed({"list", "ruleset"}), "");
}

TEST_F(CliTest, AttachTellsHow) {
    const CommandResult result = xdpctl({"attach", "eth0"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("eth0: ingress, chain xdpctl ingress, mode native"));
    EXPECT_THAT(result.out, HasSubstr("active"));
}

TEST_F(CliTest, AttachAndDetachShowInStatus) {
    const auto attached = succeed_json({"attach", "eth0", "eth1"});
    ASSERT_EQ(attached["attached"].size(), 2U);
    EXPECT_EQ(attached["attached"][0]["state"], "active");
    EXPECT_GT(attached["attached"][0]["program_id"], 0);

    succeed({"attach", "eth0", "--hook", "egress"});
    auto status = succeed_json({"status"});
    ASSERT_EQ(status["devices"].size(), 3U);
    EXPECT_EQ(status["chains"].size(), 2U);
    for (const auto& device : status["devices"])
        EXPECT_EQ(device["state"], "active") << device;
    EXPECT_THAT(succeed({"status"}), HasSubstr("eth1"));

    const auto detached = succeed_json({"detach", "eth0"});
    EXPECT_EQ(detached["detached"].size(), 2U) << "both hooks";
    status = succeed_json({"status"});
    ASSERT_EQ(status["devices"].size(), 1U);
    EXPECT_EQ(status["devices"][0]["interface"], "eth1");
    EXPECT_EQ(status["chains"].size(), 2U) << "chains stay";
}

TEST_F(CliTest, DetachKeepsToTheHook) {
    succeed({"attach", "eth0"});
    succeed({"attach", "eth0", "--hook", "egress"});
    succeed({"detach", "eth0", "--hook", "ingress"});
    const auto status = succeed_json({"status"});
    ASSERT_EQ(status["devices"].size(), 1U);
    EXPECT_EQ(status["devices"][0]["hook"], "egress");
}

TEST_F(CliTest, DetachAllLeavesDevicesAsTheyWere) {
    const std::string before = here.shell("ip -o link show eth0; tc qdisc show dev eth0");
    succeed({"attach", "eth0", "eth1"});
    succeed({"attach", "eth0", "--hook", "egress"});
    EXPECT_EQ(succeed_json({"detach", "--all"})["detached"].size(), 3U);
    EXPECT_EQ(here.shell("ip -o link show eth0; tc qdisc show dev eth0"), before);
}

TEST_F(CliTest, EveryModeOfAVethAttaches) {
    for (const char* mode : {"auto", "native", "generic", "tc"}) {
        const auto attached = succeed_json({"attach", "eth0", "--mode", mode});
        if (mode != std::string("auto")) {
            EXPECT_EQ(attached["attached"][0]["mode"], mode);
        }
        succeed({"detach", "eth0"});
    }
}

TEST_F(CliTest, AttachingAgainChangesNothing) {
    succeed({"attach", "eth0", "--mode", "native"});
    const std::string before = state();
    const auto again = succeed_json({"attach", "eth0"});
    EXPECT_EQ(again["attached"][0]["mode"], "native");
    EXPECT_EQ(succeed_json({"status"})["devices"],
              nlohmann::json::parse(before.substr(before.rfind("{\"chains")))["devices"]);
}

TEST_F(CliTest, ADeviceThatCameBackIsAttachedAgain) {
    succeed({"attach", "eth1"});
    here.shell("ip link delete eth1");
    EXPECT_EQ(succeed_json({"status"})["devices"][0]["state"], "device-gone");
    here.shell("ip link add eth1 type veth peer name spare");
    EXPECT_EQ(succeed_json({"attach", "eth1"})["attached"][0]["state"], "active");
    EXPECT_EQ(succeed_json({"status"})["devices"].size(), 1U);
}

TEST_F(CliTest, ARenamedDeviceIsKnownByBothNames) {
    succeed({"attach", "eth1"});
    here.shell("ip link set eth1 down; ip link set eth1 name lan0");
    EXPECT_EQ(succeed_json({"status"})["devices"][0]["current_name"], "lan0");
    EXPECT_THAT(succeed({"status"}), HasSubstr("eth1 (now lan0)"));
    EXPECT_EQ(succeed_json({"detach", "lan0"})["detached"][0]["interface"], "eth1");
    EXPECT_EQ(succeed_json({"status"})["devices"].size(), 0U);
}

TEST_F(CliTest, AttachingUnderTheNewNameAddsNothing) {
    succeed({"attach", "eth1"});
    here.shell("ip link set eth1 down; ip link set eth1 name lan0");
    EXPECT_EQ(succeed_json({"attach", "lan0"})["attached"][0]["interface"], "lan0");
    const auto status = succeed_json({"status"});
    ASSERT_EQ(status["devices"].size(), 1U);
    EXPECT_EQ(status["devices"][0]["interface"], "lan0");
    EXPECT_EQ(status["devices"][0]["state"], "active");
}

TEST_F(CliTest, CountersEqualThePacketsSent) {
    succeed({"attach", "eth0"});
    const auto drops = add_rule({"udp", "dport", "5000", "counter", "drop"});
    const auto accepts = add_rule({"udp", "dport", "5001", "counter", "accept"});
    const auto passes = add_rule({"counter"});
    send(5000, 30);
    send(5001, 20, 100);
    send(5002, 10);
    const auto stats = stats_after(60);
    EXPECT_EQ(counted(stats, "eth0", "drop", "rule"), 30U);
    EXPECT_EQ(counted(stats, "eth0", "accept", "rule"), 20U);
    EXPECT_EQ(counted(stats, "eth0", "accept", "policy"), 10U);
    EXPECT_EQ(rule_count(drops), (Count{30, 30 * datagram_bytes()}));
    EXPECT_EQ(rule_count(accepts), (Count{20, 20 * datagram_bytes(100)}));
    EXPECT_EQ(rule_count(passes), (Count{10, 10 * datagram_bytes()}));
    EXPECT_EQ(stats["total"]["accept"]["bytes"], 20 * datagram_bytes(100) + 10 * datagram_bytes());

    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("counter packets 30 bytes 1140 drop"));
    EXPECT_THAT(succeed({"list", "ruleset", "-s"}), Not(HasSubstr("packets")));
    EXPECT_THAT(succeed({"stats", "eth0"}), HasSubstr("1140  udp dport 5000 counter drop"));
}

TEST_F(CliTest, CountersOfEgressEqualThePacketsSent) {
    succeed({"attach", "eth0", "--hook", "egress"});
    succeed({"rule", "add", "--hook", "egress", "udp", "dport", "5000", "counter", "drop"});
    const UdpSocket socket(here, here_address, 0);
    for (int i = 0; i < 15; ++i) {
        socket.send(there_address, 5000, "x");
        socket.send(there_address, 5001, "x");
    }
    const auto stats = stats_after(30);
    EXPECT_EQ(counted(stats, "eth0", "drop", "rule"), 15U);
    EXPECT_EQ(counted(stats, "eth0", "accept", "policy"), 15U);
}

TEST_F(CliTest, ResetSetsCountersToZero) {
    succeed({"attach", "eth0"});
    const auto handle = add_rule({"counter", "drop"});
    send(5000, 5);
    stats_after(5);
    EXPECT_EQ(succeed_json({"stats", "--reset"})["reset"], true);
    EXPECT_EQ(rule_count(handle), Count{});
    EXPECT_EQ(succeed_json({"stats"})["total"]["drop"]["packets"], 0);
    send(5000, 3);
    stats_after(3);
}

TEST_F(CliTest, RatesSpanASecond) {
    succeed({"attach", "eth0"});
    const auto handle = add_rule({"counter", "drop"});
    const auto stats = succeed_json({"stats", "--rates"});
    EXPECT_GE(stats["interval"], 1.0);
    EXPECT_EQ(stats["rules"][0]["handle"], handle);
    EXPECT_EQ(stats["rules"][0]["packets_per_second"], 0.0);
}

TEST_F(CliTest, RulesKeepTheirPlacesAndHandles) {
    succeed({"attach", "eth0"});
    const auto first = add_rule({"udp", "dport", "1", "drop"});
    const auto last = add_rule({"udp", "dport", "5", "drop"});
    succeed({"rule", "insert", "udp", "dport", "0", "drop"});
    succeed({"rule", "add", "position", std::to_string(first), "udp", "dport", "3", "drop"});
    succeed({"rule", "insert", "position", std::to_string(last), "udp", "dport", "4", "drop"});
    succeed({"rule", "add", "xdpctl", "ingress", "position", std::to_string(first), "udp", "dport", "2", "drop"});
    succeed({"rule", "add", "netdev", "xdpctl", "ingress", "udp", "dport", "6", "drop"});
    const std::string listing = succeed({"rule", "list", "xdpctl", "ingress"});
    std::size_t place = 0;
    for (int port = 0; port <= 6; ++port) {
        const auto found = listing.find("udp dport " + std::to_string(port) + " drop");
        ASSERT_NE(found, std::string::npos) << listing;
        EXPECT_GT(found, place) << listing;
        place = found;
    }
    EXPECT_THAT(succeed({"rule", "list", "-a"}),
                HasSubstr("udp dport 1 drop # handle " + std::to_string(first) + "\n"));

    succeed({"rule", "delete", "handle", std::to_string(first)});
    EXPECT_THAT(succeed({"rule", "list"}), Not(HasSubstr("udp dport 1 ")));
}

TEST_F(CliTest, ReplacingKeepsThePlaceAndStartsTheCounterAnew) {
    succeed({"attach", "eth0"});
    const auto old = add_rule({"udp", "dport", "5000", "counter", "drop"});
    const auto behind = add_rule({"counter", "drop"});
    send(5000, 4);
    stats_after(4);
    const auto replaced =
        succeed_json({"rule", "replace", "handle", std::to_string(old), "udp", "dport", "5000", "counter", "accept"});
    const std::uint64_t handle = replaced["rule"]["handle"];
    EXPECT_NE(handle, old);
    send(5000, 3);
    stats_after(7);
    EXPECT_EQ(rule_count(handle), (Count{3, 3 * datagram_bytes()}));
    EXPECT_EQ(rule_count(behind), Count{});
}

TEST_F(CliTest, ACommentNeedsNoQuotes) {
    succeed({"attach", "eth0"});
    succeed({"rule", "add", "udp", "dport", "5000", "drop", "comment", "no games here"});
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("udp dport 5000 drop comment \"no games here\"\n"));
}

TEST_F(CliTest, RulesCanComeBeforeDevices) {
    const CommandResult added = xdpctl({"rule", "add", "udp", "dport", "5000", "counter", "drop"});
    EXPECT_EQ(added.status, 0) << added.err;
    EXPECT_THAT(added.err, HasSubstr("nothing is filtered until 'xdpctl attach IFACE'"));
    succeed({"attach", "eth0"});
    send(5000, 3);
    EXPECT_EQ(counted(stats_after(3), "eth0", "drop", "rule"), 3U);
}

TEST_F(CliTest, QuietCommandsPrintNothing) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"-q", "rule", "add", "drop"},
                                                      {"attach", "eth0", "-q"},
                                                      {"detach", "eth0", "--quiet"}}) {
        const CommandResult result = xdpctl(arguments);
        EXPECT_EQ(result.status, 0);
        EXPECT_EQ(result.out + result.err, "");
    }
}

TEST_F(CliTest, PolicyDecidesWhatNoRuleDoes) {
    succeed({"attach", "eth0"});
    succeed({"rule", "add", "udp", "dport", "5000", "accept"});
    EXPECT_EQ(succeed_json({"chain", "policy", "drop"})["chain"]["policy"], "drop");
    send(5000, 2);
    send(5001, 3);
    const auto stats = stats_after(5);
    EXPECT_EQ(counted(stats, "eth0", "accept", "rule"), 2U);
    EXPECT_EQ(counted(stats, "eth0", "drop", "policy"), 3U);
    succeed({"chain", "policy", "xdpctl", "ingress", "accept"});
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("policy accept"));
}

TEST_F(CliTest, APolicyThatDropsEverythingIsWarnedOf) {
    succeed({"attach", "eth0"});
    succeed({"rule", "add", "udp", "dport", "5000", "counter", "drop"});
    EXPECT_THAT(xdpctl({"chain", "policy", "drop"}).err, HasSubstr("everything on eth0 is dropped"));
    succeed({"rule", "add", "tcp", "dport", "22", "accept"});
    EXPECT_EQ(xdpctl({"chain", "policy", "drop"}).err, "");
}

TEST_F(CliTest, RulesOfRegularChainsCountForAllThatLeadsThere) {
    succeed({"apply", "-f", file("jumps.nft", R"(table netdev t {
    set ports { type inet_service; elements = { 5000, 5001 }; }
    map services { type inet_service : verdict; elements = { 5002 : jump web, 5003 : drop }; }
    chain web { counter; udp dport 5001 return; counter drop; }
    chain a {
        type filter hook ingress device "eth0" priority 0;
        udp dport @ports jump web
        udp dport vmap @services
        counter
    }
})")});
    const auto rules = succeed_json({"list", "ruleset"})["nftables"];
    std::map<std::string, std::vector<std::uint64_t>> handles;
    for (const nlohmann::json& entry : rules)
        if (entry.contains("rule"))
            handles[entry["rule"]["chain"]].push_back(entry["rule"]["handle"]);
    send(5000, 1);
    send(5001, 2);
    send(5002, 4);
    send(5003, 8);
    stats_after(15);
    EXPECT_EQ(rule_count(handles["web"][0]).packets, 7U);
    EXPECT_EQ(rule_count(handles["web"][2]).packets, 5U);
    EXPECT_EQ(rule_count(handles["a"][2]).packets, 2U);

    // Counts go on when the chain is renamed and nothing leads there any more.
    succeed({"chain", "rename", "t", "web", "www"});
    succeed({"rule", "delete", "handle", std::to_string(handles["a"][0])});
    EXPECT_EQ(rule_count(handles["web"][0]).packets, 7U);
    refuse({"chain", "delete", "t", "www"}, ErrorKind::Busy, "leads to it");
    refuse({"rule", "add", "t", "www", "jump", "www"}, ErrorKind::Input, "loop: www -> www");
    refuse({"chain", "add", "t", "a"}, ErrorKind::Input, "is there already");
}

TEST_F(CliTest, FlushChainKeepsTheChain) {
    succeed({"attach", "eth0"});
    succeed({"chain", "policy", "drop"});
    succeed({"rule", "add", "accept"});
    EXPECT_EQ(succeed_json({"flush", "chain"})["flushed"]["chain"], "ingress");
    const auto status = succeed_json({"status"});
    EXPECT_EQ(status["chains"][0]["rules"], 0);
    EXPECT_EQ(status["chains"][0]["policy"], "drop");
    EXPECT_EQ(status["devices"][0]["state"], "active");
}

constexpr const char* two_chains = R"(table netdev edge {
    chain in {
        type filter hook ingress devices = { eth0, eth1 } priority filter; policy accept;
        udp dport 5000 counter drop comment "one"
        udp dport 5001 counter accept
    }
    chain out {
        type filter hook egress device "eth0" priority filter; policy accept;
        icmp type echo-reply counter drop
    }
}
)";

TEST_F(CliTest, ApplyAttachesAndKeepsCounters) {
    const auto applied = succeed_json({"apply", "-f", file("a.nft", two_chains)})["applied"];
    EXPECT_EQ(applied["rules_added"], 3);
    EXPECT_EQ(succeed_json({"status"})["devices"].size(), 3U);
    send(5000, 7);
    stats_after(7);

    const auto again = succeed_json({"apply", "-f", "-"}, R"(flush ruleset
        table netdev edge {
            chain in {
                type filter hook ingress device "eth0" priority filter; policy accept;
                udp dport 5002 drop
                udp dport 5000 counter drop comment "one"
            }
        })")["applied"];
    EXPECT_EQ(again["rules_kept"], 1);
    EXPECT_EQ(again["rules_added"], 1);
    EXPECT_EQ(again["rules_removed"], 2);
    EXPECT_EQ(succeed_json({"status"})["devices"].size(), 1U);
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("counter packets 7 bytes 266 drop"));
}

TEST_F(CliTest, DryRunChangesNothing) {
    succeed({"attach", "eth0"});
    const std::string before = state();
    const auto applied = succeed_json({"apply", "--dry-run", "-f", file("a.nft", two_chains)})["applied"];
    EXPECT_EQ(applied["dry_run"], true);
    EXPECT_EQ(applied["rules_added"], 3);
    EXPECT_EQ(state(), before);
}

TEST_F(CliTest, CheckCountsWhatIsThere) {
    const auto checked = succeed_json({"check", "-f", file("a.nft", two_chains)})["checked"];
    EXPECT_EQ(checked["tables"], 1);
    EXPECT_EQ(checked["chains"], 2);
    EXPECT_EQ(checked["rules"], 3);
    EXPECT_GT(checked["bytes"], 0);
    EXPECT_THAT(succeed({"check", "-f", "-"}, two_chains), HasSubstr("ok: 1 table, 2 chains, 3 rules"));
}

TEST_F(CliTest, FilesIncludeOthers) {
    const std::string first = file("1.rules", "define ports = { 22, 80 }\n");
    file("2.rules", "tcp dport $ports drop\nudp dport 53 accept\n");
    const std::string directory = first.substr(0, first.rfind('/'));
    const std::string text =
        "table netdev t {\nchain c {\ntype filter hook ingress device \"eth0\" priority 0;\ninclude \"" + directory +
        "/[12].rules\"\ninclude \"" + directory + "/none*.rules\"\ncounter\n}\n}\n";
    EXPECT_THAT(succeed({"check", "-f", "-"}, text), HasSubstr("ok: 1 table, 1 chain, 3 rules"));
    succeed({"apply", "-f", file("all.nft", text)});
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("tcp dport { 22, 80 } drop\n\t\tudp dport 53 accept\n"));
    refuse({"check", "-f", "-"}, ErrorKind::Input, "cannot open " + directory + "/none.rules",
           "include \"" + directory + "/none.rules\"\n");
    const std::string loop = file("loop.rules", "include \"" + directory + "/loop.rules\"\n");
    refuse({"check", "-f", loop}, ErrorKind::Input, "the file includes itself");
}

TEST_F(CliTest, FlushRulesetRemovesEverything) {
    succeed({"apply", "-f", file("a.nft", two_chains)});
    EXPECT_TRUE(succeed_json({"flush", "ruleset"}).contains("flushed"));
    EXPECT_EQ(succeed({"list", "ruleset"}), "");
    EXPECT_EQ(succeed_json({"status"})["devices"].size(), 0U);
}

TEST_F(CliTest, NftReadsWhatIsListed) {
    succeed({"apply", "-f", file("a.nft", two_chains)});
    send(5000, 2);
    stats_after(2);
    for (const char* options : {"", "-a", "-s"}) {
        const CommandResult nft = shell(std::string("set -o pipefail; $X list ruleset ") + options + " | nft -c -f -");
        EXPECT_EQ(nft.status, 0) << nft.err;
    }
}

TEST_F(CliTest, ListingsOfNftAreTheSame) {
    succeed({"apply", "-f", file("a.nft", two_chains)});
    const std::string listed = succeed({"list", "ruleset"});
    const CommandResult nft = shell("set -o pipefail; $X list ruleset | nft -f - && nft list ruleset");
    EXPECT_EQ(nft.status, 0) << nft.err;
    EXPECT_EQ(nft.out, listed);
    const CommandResult checked = shell("set -o pipefail; nft list ruleset | $X check -f -; nft flush ruleset");
    EXPECT_EQ(checked.status, 0) << checked.err;
}

TEST_F(CliTest, ListingsAsJsonAreReadByNft) {
    succeed({"apply", "-f", file("a.nft", two_chains)});
    succeed({"detach", "eth1"});  // nft 1.0.6 reads JSON of chains with one device only
    const auto listed = succeed_json({"list", "ruleset"});
    std::map<std::string, int> objects;
    for (const auto& object : listed["nftables"])
        ++objects[object.begin().key()];
    EXPECT_EQ(objects["table"], 1);
    EXPECT_EQ(objects["chain"], 2);
    EXPECT_EQ(objects["rule"], 3);
    const CommandResult nft = shell("set -o pipefail; $X list ruleset --json | nft -j -c -f -");
    EXPECT_EQ(nft.status, 0) << nft.err;
}

TEST_F(CliTest, AppliesJson) {
    const std::string a = file("a.nft", two_chains);
    succeed({"apply", a});
    const std::string listed = succeed({"list", "ruleset"});
    const CommandResult own = shell("set -o pipefail; $X list ruleset --json | $X apply --json -");
    EXPECT_EQ(own.status, 0) << own.err;
    const auto applied = nlohmann::json::parse(own.out)["applied"];
    EXPECT_EQ(applied["rules_kept"], 3);
    EXPECT_EQ(applied["rules_added"], 0);
    EXPECT_EQ(succeed({"list", "ruleset"}), listed);
    // nft 1.0.6 leaves out the devices.
    const CommandResult nft = shell(
        "set -o pipefail; $X list ruleset | nft -f - && nft -j list ruleset | $X apply --device eth0 --json -; "
        "status=$?; nft flush ruleset; exit $status");
    EXPECT_EQ(nft.status, 0) << nft.err;
    EXPECT_EQ(nlohmann::json::parse(nft.out)["applied"]["rules_added"], 0) << nft.out;
    EXPECT_THAT(succeed({"list", "ruleset"}), HasSubstr("hook ingress device \"eth0\""));
    refuse({"apply", "-"}, ErrorKind::Input,
           "<stdin>: /nftables/0/table/family: error: the family 'inet' is not supported yet",
           R"({"nftables": [{"table": {"family": "inet", "name": "t"}}]})");
    refuse({"check", "-"}, ErrorKind::Input, "<stdin>:1:14: error: ", R"({"nftables": [)");
}

TEST_F(CliTest, ListsParts) {
    succeed({"apply", file("a.nft", R"(table netdev a {
	set s {
		type ipv4_addr
		elements = { 192.0.2.9 }
	}
	map m {
		type inet_service : verdict
		elements = { 22 : accept }
	}
	chain c {
		type filter hook ingress device "eth0" priority 0; policy accept;
		ip saddr @s counter drop
		tcp dport vmap @m
	}
	chain web {
	}
}
table netdev xdpctl {
	chain web {
		comment "default"
		drop
	}
}
)")});
    EXPECT_EQ(succeed({"list", "tables"}), "table netdev a\ntable netdev xdpctl\n");
    EXPECT_THAT(succeed({"list", "tables", "-a"}), testing::MatchesRegex("(table netdev [a-z]+ # handle [0-9]+\n){2}"));
    EXPECT_EQ(succeed({"list", "sets"}), R"(table netdev a {
	set s {
		type ipv4_addr
		elements = { 192.0.2.9 }
	}
}
)");
    EXPECT_EQ(succeed({"list", "set", "a", "s"}), succeed({"list", "sets"}));
    EXPECT_EQ(succeed({"list", "map", "netdev", "a", "m"}), succeed({"list", "maps"}));
    EXPECT_THAT(succeed({"list", "maps"}), HasSubstr("map m {"));
    EXPECT_THAT(succeed({"list", "chains"}), Not(HasSubstr("vmap")));
    EXPECT_THAT(succeed({"list", "chain", "a", "c"}), HasSubstr("tcp dport vmap @m"));
    EXPECT_EQ(succeed({"list", "chain", "web"}), R"(table netdev xdpctl {
	chain web {
		comment "default"
		drop
	}
}
)");
    const auto objects = [&](const std::vector<std::string>& arguments) {
        std::string names;
        const nlohmann::json document = succeed_json(arguments);
        for (const auto& object : document["nftables"])
            names += object.begin().key() + ' ';
        return names;
    };
    EXPECT_EQ(objects({"list", "tables"}), "metainfo table table ");
    EXPECT_EQ(objects({"list", "sets"}), "metainfo set ");
    EXPECT_EQ(objects({"list", "map", "a", "m"}), "metainfo map ");
    EXPECT_EQ(objects({"list", "chains"}), "metainfo chain chain chain ");
    EXPECT_EQ(objects({"list", "chain", "a", "c"}), "metainfo chain rule rule ");
    refuse({"list", "set", "a", "m"}, ErrorKind::NotFound, "no set a m");
    refuse({"list", "set", "s"}, ErrorKind::NotFound, "no set xdpctl s");
    refuse({"list", "chain", "a", "x", "y"}, ErrorKind::Usage, "'a x y' names no chain");
}

TEST_F(CliTest, RuleListShowsOneChain) {
    succeed({"apply", "-f", file("a.nft", two_chains)});
    EXPECT_THAT(succeed({"rule", "list", "edge", "out"}), Not(HasSubstr("chain in")));
    EXPECT_THAT(succeed({"rule", "list", "--hook", "ingress"}), Not(HasSubstr("chain out")));
    EXPECT_EQ(succeed({"rule", "list"}), succeed({"list", "ruleset"}));
}

TEST_F(CliTest, PingUdpAndTcpFollowTheRules) {
    succeed({"attach", "eth0"});
    const auto all_pass = [&](bool icmp, bool udp, bool tcp) {
        const auto timeout = [](bool expected) { return expected ? arrival_timeout : silence_timeout; };
        EXPECT_EQ(ping(there, here_address, timeout(icmp)), icmp);
        EXPECT_EQ(udp_arrives(there, here, here_address, 5000, timeout(udp)), udp);
        EXPECT_EQ(tcp_connects(there, here, here_address, 5000, timeout(tcp)), tcp);
    };
    all_pass(true, true, true);
    const auto icmp = add_rule({"icmp", "type", "echo-request", "counter", "drop"});
    all_pass(false, true, true);
    const auto udp = add_rule({"udp", "dport", "5000", "counter", "drop"});
    const auto tcp = add_rule({"tcp", "dport", "5000", "counter", "drop"});
    all_pass(false, false, false);
    for (const auto handle : {icmp, udp, tcp}) {
        EXPECT_GE(rule_count(handle).packets, 1U);
        succeed({"rule", "delete", "handle", std::to_string(handle)});
    }
    all_pass(true, true, true);
}

// Rules come and go in front of a rule that counts every packet: none is missed, and none counted twice.
TEST_F(CliTest, NoPacketIsLostFromCountersWhileRulesChange) {
    succeed({"attach", "eth0"});
    const auto counts = add_rule({"udp", "dport", "5000", "counter"});
    std::atomic<bool> stop = false;
    std::uint64_t sent = 0;
    std::thread traffic([&] {
        const UdpSocket socket(there, there_address, 0);
        while (!stop) {
            for (int i = 0; i < 20; ++i, ++sent)
                socket.send(here_address, 5000, "0123456789");
            std::this_thread::sleep_for(milliseconds(1));
        }
    });
    for (int i = 0; i < 20; ++i) {
        const auto handle = succeed_json({"rule", "insert", "udp", "dport", std::to_string(6000 + i), "drop"});
        succeed({"rule", "delete", "handle", std::to_string(handle["rule"]["handle"].get<std::uint64_t>())});
    }
    stop = true;
    traffic.join();
    EXPECT_GT(sent, 100U);
    stats_after(sent);
    EXPECT_EQ(rule_count(counts), (Count{sent, sent * datagram_bytes()}));
}

TEST_F(CliTest, CostsOfChainsAreListed) {
    succeed({"attach", "eth0"});
    add_rule({"udp", "dport", "4000", "drop"});
    EXPECT_THAT(succeed({"list", "ruleset", "--cost"}),
                testing::ContainsRegex("xdpctl +ingress +1 +code +0 +0 +[1-9][0-9]* +[1-9][0-9]* +[1-9][0-9]* +1\n"));
    const auto cost = succeed_json({"list", "ruleset", "--cost"})["cost"];
    ASSERT_EQ(cost.size(), 1U);
    EXPECT_EQ(cost[0]["engine"], "code");
    EXPECT_EQ(cost[0]["rules"], 1);
    EXPECT_LE(cost[0]["nanoseconds"], cost[0]["worst_nanoseconds"]);
    refuse({"list", "ruleset", "--cost", "--handles"}, ErrorKind::Usage, "--handles");
}

TEST_F(CliTest, AReaderWhoHasEnoughIsNoError) {
    succeed({"attach", "eth0"});
    const CommandResult result = shell("$X list ruleset | true; echo ${PIPESTATUS[0]}");
    EXPECT_EQ(result.out, "0\n");
    EXPECT_EQ(result.err, "");
}

TEST_F(CliTest, AFullDiskIsAnError) {
    succeed({"attach", "eth0"});
    const CommandResult result = shell("$X list ruleset > /dev/full");
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("cannot write to standard output: No space left on device"));
}

}  // namespace
}  // namespace xdpctl::test
