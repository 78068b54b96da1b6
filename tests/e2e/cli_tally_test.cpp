// SPDX-License-Identifier: BSD-2-Clause
// What is tallied while somebody asks: histograms of packet sizes, and who sends most.
#include <fmt/format.h>

#include <chrono>
#include <sstream>
#include <thread>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CliTally : public CliTest {
protected:
    CliTally() {
        succeed({"attach", "eth0"});
        add_rule({"udp", "dport", "5000", "counter", "drop"});
    }

    // Starts the command in the background, waits until it looks on, sends, and returns what it printed at its end.
    [[nodiscard]] json tallied(const std::string& command, const std::function<void()>& act) const {
        const std::string out = file("out", "");
        const std::string pid = file("pid", "");
        EXPECT_EQ(shell(fmt::format("$X {} > {} 2>&1 & echo $! > {}; "
                                    "for i in $(seq 200); do grep -q start {} && exit 0; sleep 0.05; done; exit 1",
                                    command, out, pid, out))
                      .status,
                  0);
        act();
        const CommandResult result =
            shell(fmt::format("kill -INT $(cat {}); tail --pid=$(cat {}) -f /dev/null; tail -n 1 {}", pid, pid, out));
        return json::parse(result.out, nullptr, false);
    }
};

std::uint64_t bucket(const json& sizes, std::uint64_t from) {
    for (const json& one : sizes["buckets"])
        if (one["from"] == from)
            return one["count"];
    return 0;
}

TEST_F(CliTally, CountsSizesByVerdict) {
    const json out = tallied("histogram --json eth0", [&] {
        send(5000, 30, 10);    // 14 + 20 + 8 + 10 = 52 bytes
        send(5001, 20, 1000);  // 1042
    });
    ASSERT_TRUE(out.is_object());
    const json* dropped = nullptr;
    const json* accepted = nullptr;
    for (const json& sizes : out["packet_sizes"])
        (sizes["verdict"] == "drop" ? dropped : accepted) = &sizes;
    ASSERT_NE(dropped, nullptr) << out;
    ASSERT_NE(accepted, nullptr) << out;
    EXPECT_EQ((*dropped)["interface"], "eth0");
    EXPECT_EQ((*dropped)["packets"], 30);
    EXPECT_EQ((*dropped)["bytes"], 30 * 52);
    EXPECT_EQ(bucket(*dropped, 32), 30U);
    EXPECT_EQ(bucket(*accepted, 1024), 20U);
}

TEST_F(CliTally, LeavesNothingBehindAndFollowsTheRuleset) {
    const json out = tallied("histogram --json", [&] {
        send(5000, 5);
        stats_after(5);
        succeed({"rule", "insert", "udp", "dport", "5001", "counter", "drop"});
        // The observer follows within its tick.
        for (int i = 0; i < 20; ++i) {
            send(5001, 1);
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    });
    ASSERT_EQ(out["packet_sizes"].size(), 1U) << out;
    EXPECT_GE(out["packet_sizes"][0]["packets"], 10) << "what was tallied before the change is kept";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(bpffs.path()))
        EXPECT_FALSE(entry.path().filename().string().starts_with("observer-"));
}

TEST_F(CliTally, CountsADeviceFromZeroInTheSlotOfAnother) {
    const json out = tallied("histogram --json", [&] {
        send(5000, 30);
        stats_after(30);
        succeed({"flush", "ruleset"});
        succeed({"attach", "eth1"});
        std::this_thread::sleep_for(std::chrono::seconds(1));
    });
    for (const json& sizes : out["packet_sizes"]) {
        EXPECT_EQ(sizes["interface"], "eth1");
        EXPECT_LT(sizes["packets"], 30);
    }
}

TEST_F(CliTally, DrawsHistograms) {
    const CommandResult result = shell("$X histogram --timeout 0.3 eth0");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("no packet in 0."));
    refuse({"histogram", "--timeout", "1", "eth1"}, ErrorKind::NotFound, "cannot look at eth1");
}

std::uint64_t entry_program(const json& status) {
    return status["devices"][0]["program_id"];
}

TEST_F(CliTally, TakesTimesAndPutsTheEntryBack) {
    const auto before = entry_program(succeed_json({"status"}));
    const json out = tallied("histogram --times --json", [&] {
        EXPECT_NE(entry_program(succeed_json({"status"})), before);
        EXPECT_EQ(succeed_json({"status"})["devices"][0]["state"], "active");
        send(5000, 30);
        refuse({"histogram", "--times"}, ErrorKind::Limit, "somebody takes times already");
    });
    EXPECT_EQ(out["packet_sizes"].size(), 0U);
    ASSERT_EQ(out["stage_times"].size(), 2U) << out;
    for (const json& stage : out["stage_times"]) {
        EXPECT_GE(stage["packets"], 30);
        EXPECT_GT(stage["nanoseconds"], 30) << "no time at all";
        EXPECT_LT(stage["nanoseconds"].get<double>() / stage["packets"].get<double>(), 1e6);
    }
    EXPECT_EQ(out["stage_times"][0]["stage"], "parse");
    EXPECT_EQ(shell("bpftool prog show name xdp_timed_entry").out, "") << "nothing is left of it";
    send(5000, 5);
    stats_after(35);
    EXPECT_EQ(succeed_json({"status"})["devices"][0]["state"], "active");
}

TEST_F(CliTally, EntriesComeBackAfterAKill) {
    const std::string out = file("killed", "");
    EXPECT_EQ(shell(fmt::format("$X histogram --times --json > {} & for i in $(seq 200); do grep -q start {} && break; "
                                "sleep 0.05; done; kill -KILL $!; wait $!",
                                out, out))
                  .status,
              128 + 9);
    send(5000, 5);
    stats_after(5);
    succeed({"rule", "add", "udp", "dport", "5003", "drop"});  // the next writer puts it right
    EXPECT_EQ(shell("bpftool prog show name xdp_timed_entry").out, "");
    EXPECT_EQ(succeed_json({"status"})["devices"][0]["state"], "active");
    send(5000, 5);
    stats_after(10);
}

TEST_F(CliTally, TakesTimesAtTc) {
    succeed({"detach", "eth0"});
    succeed({"attach", "eth0", "--mode", "tc"});
    const json out = tallied("histogram --times --sizes --json eth0", [&] { send(5000, 10); });
    ASSERT_EQ(out["stage_times"].size(), 2U) << out;
    EXPECT_GE(out["stage_times"][1]["packets"], 10);
    EXPECT_GE(out["packet_sizes"][0]["packets"], 1);
}

// The ways of attaching that this kernel has.
struct Attachment {
    std::string name;
    std::vector<std::string> arguments;
    std::string kind;  // as status names it
    std::string hook;
};

class CliTallyAt : public CliTally, public testing::WithParamInterface<Attachment> {};

TEST_P(CliTallyAt, CountsSizesAndTakesTimes) {
    succeed({"flush", "ruleset"});
    std::vector<std::string> attach{"attach", "eth0"};
    attach.insert(attach.end(), GetParam().arguments.begin(), GetParam().arguments.end());
    succeed(attach);
    const json device = succeed_json({"status"})["devices"][0];
    if (device["attachment"] != GetParam().kind)
        GTEST_SKIP() << "eth0 is attached by " << device["attachment"] << " here";
    EXPECT_EQ(device["hook"], GetParam().hook);
    const bool is_egress = GetParam().hook == "egress";
    const json out = tallied("histogram --sizes --times --json eth0", [&] {
        if (is_egress)
            EXPECT_EQ(shell("for i in $(seq 30); do echo -n 0123456789 > /dev/udp/192.0.2.2/5000; done").status, 0);
        else
            send(5000, 30);
    });
    std::uint64_t packets = 0;
    for (const json& sizes : out["packet_sizes"]) {
        EXPECT_EQ(sizes["hook"], GetParam().hook);
        packets += bucket(sizes, 32);
    }
    EXPECT_GE(packets, 30U) << out;
    ASSERT_EQ(out["stage_times"].size(), 2U) << out;
    for (const json& stage : out["stage_times"])
        EXPECT_GE(stage["packets"], 30) << out;
    EXPECT_EQ(entry_program(succeed_json({"status"})) == device["program_id"], false) << "its entry is a new one again";
    EXPECT_EQ(succeed_json({"status"})["devices"][0]["state"], "active");
    EXPECT_EQ(shell("bpftool prog show | grep -E 'name (xdp|tc)_timed_'").out, "");
}

INSTANTIATE_TEST_SUITE_P(Ways, CliTallyAt,
                         testing::Values(Attachment{"Native", {"--mode", "native"}, "xdp-link", "ingress"},
                                         Attachment{"Generic", {"--mode", "generic"}, "xdp-link", "ingress"},
                                         Attachment{"TcIngress", {"--mode", "tc"}, "tcx", "ingress"},
                                         Attachment{"TcEgress", {"--hook", "egress"}, "tcx", "egress"}),
                         [](const auto& way) { return way.param.name; });

// The first picture of `top` with two senders; null when there is none.
json picture_of_two(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (json picture = json::parse(line, nullptr, false); picture.is_object() && picture["talkers"].size() == 2)
            return picture;
    return nullptr;
}

TEST_F(CliTally, ShowsWhoSendsMost) {
    const std::string out = file("top", "");
    const std::string pid = file("pid", "");
    const std::string top = "$X top --talkers --interval 0.5 --json";
    EXPECT_EQ(shell(fmt::format("{} > {} & echo $! > {}", top, out, pid)).status, 0);
    json picture;
    for (int i = 0; i < 200 && picture.is_null(); ++i) {
        send(5000, 20);
        send(5001, 5);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        picture = picture_of_two(shell(fmt::format("cat {}", out)).out);
    }
    EXPECT_EQ(shell(fmt::format("kill -INT $(cat {0}); tail --pid=$(cat {0}) -f /dev/null", pid)).status, 0);
    ASSERT_TRUE(picture.is_object());
    const json& first = picture["talkers"][0];
    EXPECT_EQ(first["source"], there_address);
    EXPECT_EQ(first["destination"], "udp 5000");
    EXPECT_EQ(first["drops_per_second"], first["packets_per_second"]);
    EXPECT_EQ(first["bytes"], first["packets"].get<std::uint64_t>() * 52);
    EXPECT_EQ(picture["talkers"][1]["destination"], "udp 5001");
    EXPECT_EQ(picture["talkers"][1]["drops_per_second"], 0);
    refuse({"top", "--sample", "3"}, ErrorKind::Usage, "talkers");
}

}  // namespace
}  // namespace xdpctl::test
