// SPDX-License-Identifier: BSD-2-Clause
// plan: a file beside the running ruleset.
#include <fmt/format.h>

#include <chrono>
#include <future>

#include "e2e/capture_content.h"
#include "e2e/cli_fixture.h"
#include "e2e/found_status.h"
#include "support/packet.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;

constexpr const char* running_rules = R"(table netdev t {
    chain in {
        type filter hook ingress device "eth0" priority filter; policy accept;
        udp dport 5000 counter drop comment "games"
        tcp dport 22 accept
        tcp dport 23 drop
    }
}
)";

constexpr const char* next_rules = R"(table netdev t {
    chain in {
        type filter hook ingress devices = { eth0, eth1 } priority filter; policy drop;
        tcp dport 23 drop
        udp dport 5000 counter drop comment "games"
        udp dport 53 accept
    }
}
)";

class CliPlan : public CliTest {
protected:
    CliPlan() { succeed({"apply", "-f", running_}); }

    // The output of a plan that finds differences, and changes nothing.
    std::string differing(std::vector<std::string> options) {
        options.insert(options.begin(), "plan");
        const std::string before = state();
        const CommandResult result = xdpctl(options);
        EXPECT_EQ(result.status, found_status) << result.err;
        EXPECT_EQ(state(), before);
        return result.out;
    }

    std::string running_ = file("running.nft", running_rules);
    std::string next_ = file("next.nft", next_rules);
};

TEST_F(CliPlan, FindsNoDifferenceWhereNoneIs) {
    EXPECT_EQ(succeed({"plan", running_}), "no difference: 0 rules added, 0 removed, 0 moved, 3 kept\n");
    EXPECT_EQ(succeed({"plan", "-"}, succeed({"list", "ruleset"})),
              "no difference: 0 rules added, 0 removed, 0 moved, 3 kept\n");
    EXPECT_EQ(succeed_json({"plan", running_})["differs"], false);
}

TEST_F(CliPlan, ListsWhatWouldChange) {
    EXPECT_EQ(differing({next_}), fmt::format("chain netdev t in, hook ingress\n"
                                              "  policy accept becomes drop\n"
                                              "  + device eth1\n"
                                              "  > rule 3 becomes 1: tcp dport 23 drop # handle 5 ({0}:4)\n"
                                              "  - rule 2: tcp dport 22 accept # handle 4\n"
                                              "  + rule 3: udp dport 53 accept ({0}:6)\n"
                                              "plan: 1 rules added, 1 removed, 1 moved, 2 kept\n",
                                              next_));
    const auto plan = nlohmann::json::parse(differing({next_, "--json"}));
    EXPECT_EQ(plan["differs"], true);
    EXPECT_EQ(plan["chains"][0]["policy"], "drop");
    EXPECT_EQ(plan["chains"][0]["devices_added"], nlohmann::json::array({"eth1"}));
    EXPECT_EQ(plan["chains"][0]["rules"][2]["change"], "added");
    EXPECT_EQ(plan["chains"][0]["rules"][2]["line"], 6);
    EXPECT_THAT(differing({file("empty.nft", "table netdev t {\n}\n")}),
                HasSubstr("chain netdev t in, hook ingress: removed"));
}

TEST_F(CliPlan, GroupsThePacketsThatFlip) {
    Capture packets;
    for (std::uint16_t port = 1; port <= 5; ++port)
        packets.add(frame({Ether{}, Ipv4{}, Tcp{.sport = port, .dport = 22}}));
    packets.add(frame({Ether{}, Ipv4{}, Tcp{.dport = 443}}));
    packets.add(frame({Ether{}, Ipv4{}, Tcp{.dport = 23}}));
    packets.add(frame({Ether{}, Ipv4{}, Udp{}}));
    packets.add(Bytes(4));
    const std::string capture = file("in.pcap", packets.content());
    EXPECT_THAT(differing({next_, "--pcap", capture}),
                HasSubstr(fmt::format("9 packets from {}: 6 would get another verdict, 1 could not be run\n"
                                      "  5 would be dropped\n"
                                      "    now by tcp dport 22 accept # handle 4\n"
                                      "    then by policy\n"
                                      "      tcp 192.0.2.1:1 > 198.51.100.1:22 flags syn length 40\n"
                                      "      tcp 192.0.2.1:2 > 198.51.100.1:22 flags syn length 40\n"
                                      "      tcp 192.0.2.1:3 > 198.51.100.1:22 flags syn length 40\n"
                                      "  1 would be dropped\n"
                                      "    now by policy\n"
                                      "    then by policy\n"
                                      "      tcp 192.0.2.1:1024 > 198.51.100.1:443 flags syn length 40\n",
                                      capture)));
    const auto elsewhere = nlohmann::json::parse(differing({next_, "--pcap", capture, "--iface", "eth1", "--json"}));
    EXPECT_EQ(elsewhere["traffic"][0]["flipped"], 7);
    EXPECT_EQ(elsewhere["traffic"][0]["flips"][0]["before"], "no chain");
    EXPECT_EQ(
        nlohmann::json::parse(differing({next_, "--pcap", capture, "--max", "2", "--json"}))["traffic"][0]["packets"],
        2);
}

TEST_F(CliPlan, SamplesLiveTraffic) {
    succeed({"detach", "eth0"});
    succeed({"attach", "eth0", "--mode", "tc"});
    succeed({"apply", "-f", running_});
    auto plan = std::async(std::launch::async,
                           [&] { return xdpctl({"plan", next_, "--sample", "1500ms", "--mode", "tc", "--json"}); });
    while (plan.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready)
        send(4000, 1);
    const CommandResult result = plan.get();
    EXPECT_EQ(result.status, found_status) << result.err;
    const auto object = nlohmann::json::parse(result.out);
    for (const auto& traffic : object["traffic"])
        if (traffic["from"] == "eth0 (ingress)") {
            EXPECT_GT(traffic["flipped"], 3);
            EXPECT_EQ(traffic["flips"][0]["verdict"], "drop");
            EXPECT_THAT(traffic["flips"][0]["examples"][0], HasSubstr("> 192.0.2.1:4000 length 38"));
            return;
        }
    ADD_FAILURE() << result.out;
}

TEST_F(CliPlan, SamplesWhatIsDroppedToo) {
    succeed({"rule", "insert", "netdev", "t", "in", "udp", "dport", "53", "drop"});
    auto plan = std::async(std::launch::async, [&] { return xdpctl({"plan", next_, "--sample", "1500ms", "--json"}); });
    while (plan.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready)
        send(53, 1);
    const CommandResult result = plan.get();
    EXPECT_EQ(result.status, found_status) << result.err;
    const auto traffic = nlohmann::json::parse(result.out)["traffic"][0];
    EXPECT_EQ(traffic["from"], "eth0 (ingress)");
    EXPECT_GT(traffic["flipped"], 3) << result.out;
    EXPECT_EQ(traffic["flips"][0]["verdict"], "accept");
    EXPECT_THAT(traffic["flips"][0]["after"], HasSubstr("udp dport 53 accept"));
}

TEST_F(CliPlan, RefusesBadInput) {
    refuse({"plan", file("bad.nft", "table netdev t {\n  chane c { }\n}\n")}, ErrorKind::Input, "bad.nft:2:");
    refuse({"plan", next_ + ".gone"}, ErrorKind::NotFound, "next.nft.gone");
    refuse({"plan", next_, "--pcap", running_}, ErrorKind::Input, "as a capture");
    refuse({"plan", next_, "--sample", "soon"}, ErrorKind::Usage, "--sample");
    refuse({"plan", next_, "--sample", "1ms"}, ErrorKind::Usage, "between 10ms and a day");
    refuse({"plan", next_, "--sample", "1s", "--iface", "eth7"}, ErrorKind::NotFound, "no interface to sample");
}

}  // namespace
}  // namespace xdpctl::test
