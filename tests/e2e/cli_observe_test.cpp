// SPDX-License-Identifier: BSD-2-Clause
// monitor and capture with real traffic.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Lines = std::vector<json>;

Lines lines_of(const std::string& text) {
    Lines out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        out.push_back(json::parse(line, nullptr, false));
        EXPECT_TRUE(out.back().is_object()) << line;
    }
    return out;
}

Lines of_kind(const Lines& lines, std::string_view kind) {
    Lines out;
    std::ranges::copy_if(lines, std::back_inserter(out), [&](const json& line) { return line["event"] == kind; });
    return out;
}

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class CliObserve : public CliTest {
protected:
    // The command in the background with its output in a file, until it is asked for.
    class Background {
    public:
        Background(const CliObserve& test, const std::string& name, const std::string& arguments)
            : out_(test.file(name, "")), err_(test.file(name + ".err", "")), pid_(test.file(name + ".pid", "")) {
            // One shell, which becomes the command: its pid is the command's.
            thread_ = std::thread([&test, arguments, this] {
                result_ = test.shell(fmt::format("echo $$ > {}; exec $X {} > {} 2> {}", pid_, arguments, out_, err_));
            });
        }
        ~Background() { (void)finish(); }
        Background(const Background&) = delete;
        Background& operator=(const Background&) = delete;

        void signal(int number) const { ::kill(pid(), number); }
        [[nodiscard]] pid_t pid() const { return std::stoi(content(pid_)); }
        [[nodiscard]] std::string output() const { return content(out_); }
        [[nodiscard]] std::string errors() const { return content(err_); }

        // Until its output has the text.
        bool wait_for(const std::string& text) const {
            for (int i = 0; i < 500; ++i) {
                if (output().find(text) != std::string::npos)
                    return true;
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
            return false;
        }
        // Exit status.
        int finish() {
            if (thread_.joinable())
                thread_.join();
            return result_.status;
        }

    private:
        std::string out_;
        std::string err_;
        std::string pid_;
        CommandResult result_;
        std::thread thread_;
    };

    CliObserve() {
        succeed({"attach", "eth0"});
        dropping_ = add_rule({"udp", "dport", "5000", "counter", "drop", "comment", "no-udp"});
    }

    // Names of the places of observers in the state directory.
    [[nodiscard]] std::vector<std::string> places() const {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(bpffs.path()))
            if (entry.path().filename().string().starts_with("observer-"))
                out.push_back(entry.path().filename().string());
        std::ranges::sort(out);
        return out;
    }

    std::uint64_t dropping_ = 0;
};

constexpr const char* started = "\"start\"";

TEST_F(CliObserve, ShowsWhatIsDroppedAndWhy) {
    Background monitor(*this, "drops", "--json monitor --drop --count 3 --timeout 20");
    ASSERT_TRUE(monitor.wait_for(started)) << monitor.errors();
    send(5001, 2);
    send(5000, 3);
    EXPECT_EQ(monitor.finish(), 0) << monitor.errors();
    const Lines lines = lines_of(monitor.output());
    const Lines drops = of_kind(lines, "drop");
    ASSERT_EQ(drops.size(), 3U) << monitor.output();
    for (const json& drop : drops) {
        EXPECT_EQ(drop["interface"], "eth0");
        EXPECT_EQ(drop["hook"], "ingress");
        EXPECT_EQ(drop["reason"], "rule");
        EXPECT_EQ(drop["rule"]["handle"], dropping_);
        EXPECT_EQ(drop["rule"]["comment"], "no-udp");
        EXPECT_EQ(drop["packet"]["protocol"], "udp");
        EXPECT_EQ(drop["packet"]["saddr"], there_address);
        EXPECT_EQ(drop["packet"]["dport"], 5000);
        EXPECT_EQ(drop["length"], 14 + datagram_bytes());
        EXPECT_FALSE(drop.contains("frame"));
    }
    EXPECT_EQ(lines.back()["event"], "end");
    EXPECT_EQ(lines.back()["shown"], 3);
    EXPECT_EQ(lines.back()["lost"], 0);
    EXPECT_THAT(places(), IsEmpty());
    stats_after(5);
}

TEST_F(CliObserve, WritesALineForPeople) {
    Background monitor(*this, "text", "monitor --count 1 --timeout 20");
    ASSERT_TRUE(monitor.wait_for("looking on"));
    send(5000, 1);
    EXPECT_EQ(monitor.finish(), 0);
    EXPECT_THAT(monitor.output(),
                HasSubstr(fmt::format(" eth0 in drop by rule {} \"no-udp\": udp {}:", dropping_, there_address)));
    EXPECT_THAT(monitor.output(), HasSubstr(fmt::format(" > {}:5000 length {}\n", here_address, datagram_bytes())));
    EXPECT_THAT(monitor.output(), HasSubstr("1 shown, 0 packets over the rate, 0 left out by the sample, 0 lost\n"));
}

TEST_F(CliObserve, ShowsLogsInOrderAndThenTheVerdict) {
    const auto early = add_rule({"udp", "dport", "6000", "log", "prefix", "first: ", "snaplen", "20"});
    const auto late =
        add_rule({"udp", "dport", "6000", "counter", "log", "prefix", "second: ", "level", "info", "drop"});
    Background monitor(*this, "logs", "--json monitor --count 6 --timeout 20");
    ASSERT_TRUE(monitor.wait_for(started)) << monitor.errors();
    send(6000, 2);
    EXPECT_EQ(monitor.finish(), 0) << monitor.errors();
    std::vector<std::string> order;
    const Lines lines = lines_of(monitor.output());
    for (const json& line : lines) {
        if (line["event"] == "log") {
            order.push_back(line["log"]["prefix"]);
            EXPECT_EQ(line["log"]["rule"]["handle"], order.back() == "first: " ? early : late);
            EXPECT_EQ(line["frame"].get<std::string>().size(), 40U);
        } else if (line["event"] == "drop") {
            order.emplace_back("drop");
            EXPECT_EQ(line["rule"]["handle"], late);
        }
    }
    EXPECT_THAT(order, ElementsAre("first: ", "second: ", "drop", "first: ", "second: ", "drop"));
    EXPECT_EQ(rule_count(late).packets, 2U);
}

TEST_F(CliObserve, KeepsToARateForEachRuleAndCountsTheRest) {
    succeed({"rule", "add", "udp", "dport", "7000", "drop"});
    Background monitor(*this, "rate", "--json monitor --drop --rate 5");
    ASSERT_TRUE(monitor.wait_for(started));
    send(5000, 400);
    send(7000, 400);
    stats_after(800);
    monitor.signal(SIGINT);
    EXPECT_EQ(monitor.finish(), 0) << monitor.errors();
    const Lines lines = lines_of(monitor.output());
    const std::size_t shown = of_kind(lines, "drop").size();
    const json& end = lines.back();
    EXPECT_EQ(end["shown"], shown);
    EXPECT_EQ(end["limited"].get<std::size_t>() + shown, 800U) << end.dump();
    // Five at once, and five more a second, of each rule.
    EXPECT_GE(shown, 10U);
    EXPECT_LT(shown, 100U);
    std::uint64_t said = 0;
    for (const json& line : of_kind(lines, "lost"))
        said += line["limited"].get<std::uint64_t>();
    EXPECT_LE(said, end["limited"].get<std::uint64_t>());
}

TEST_F(CliObserve, CountsWhatAFrozenReaderLoses) {
    constexpr unsigned sent = 35'000;  // more than the buffer has room for
    Background monitor(*this, "frozen", "--json monitor --drop --rate 0");
    ASSERT_TRUE(monitor.wait_for(started));
    monitor.signal(SIGSTOP);
    send(5000, sent);
    stats_after(sent);
    monitor.signal(SIGINT);
    monitor.signal(SIGCONT);
    EXPECT_EQ(monitor.finish(), 0) << monitor.errors();
    const Lines lines = lines_of(monitor.output());
    const json& end = lines.back();
    EXPECT_EQ(end["shown"], of_kind(lines, "drop").size());
    EXPECT_GT(end["lost"].get<std::uint64_t>(), 0U);
    EXPECT_EQ(end["shown"].get<std::uint64_t>() + end["lost"].get<std::uint64_t>(), sent);
}

TEST_F(CliObserve, IsTakenOutByTheNextWriterWhenKilled) {
    Background monitor(*this, "killed", "--json monitor --rate 0");
    ASSERT_TRUE(monitor.wait_for(started));
    monitor.signal(SIGKILL);
    (void)monitor.finish();
    EXPECT_THAT(places(), ElementsAre("observer-0"));
    send(5000, 10);
    stats_after(10);
    succeed({"rule", "add", "udp", "dport", "5500", "counter", "drop"});
    EXPECT_THAT(places(), IsEmpty());
    send(5000, 10);
    EXPECT_EQ(rule_count(dropping_).packets, stats_after(20)["total"]["drop"]["packets"]);
}

TEST_F(CliObserve, TakesThePlaceOfAKilledOne) {
    Background killed(*this, "killed", "--json monitor");
    ASSERT_TRUE(killed.wait_for(started));
    killed.signal(SIGKILL);
    (void)killed.finish();
    Background monitor(*this, "next", "--json monitor --drop --count 2 --timeout 20");
    ASSERT_TRUE(monitor.wait_for(started)) << monitor.errors();
    EXPECT_THAT(places(), ElementsAre("observer-0"));
    send(5000, 2);
    EXPECT_EQ(monitor.finish(), 0);
    EXPECT_EQ(of_kind(lines_of(monitor.output()), "drop").size(), 2U);
}

TEST_F(CliObserve, LetsFourLookOnWhicheverEndsFirst) {
    std::vector<std::unique_ptr<Background>> monitors;
    for (int i = 0; i < 4; ++i) {
        monitors.push_back(
            std::make_unique<Background>(*this, fmt::format("m{}", i), "--json monitor --drop --rate 0"));
        ASSERT_TRUE(monitors.back()->wait_for(started)) << monitors.back()->errors();
    }
    const CommandResult fifth = xdpctl({"monitor"});
    EXPECT_EQ(fifth.status, static_cast<int>(ErrorKind::Limit));
    EXPECT_THAT(fifth.err, HasSubstr("4 observers look on already"));
    EXPECT_THAT(fifth.err, HasSubstr(fmt::format("pid {} (", monitors.front()->pid())));
    unsigned sent = 0;
    // The first place leads to the others: it ends first.
    for (std::size_t ended = 0; ended < monitors.size(); ++ended) {
        send(5000, 5);
        sent += 5;
        stats_after(sent);
        monitors[ended]->signal(SIGINT);
        EXPECT_EQ(monitors[ended]->finish(), 0);
        EXPECT_EQ(of_kind(lines_of(monitors[ended]->output()), "drop").size(), sent) << "observer " << ended;
    }
    EXPECT_THAT(places(), IsEmpty());
}

TEST_F(CliObserve, FollowsTheRuleset) {
    Background monitor(*this, "changes", "--json monitor --drop --changes --count 1 --timeout 20");
    ASSERT_TRUE(monitor.wait_for(started));
    succeed({"rule", "add", "udp", "dport", "5600", "counter", "drop"});
    ASSERT_TRUE(monitor.wait_for("\"ruleset\""));
    succeed({"attach", "eth1"});
    ASSERT_TRUE(monitor.wait_for("\"attach\"")) << monitor.output();
    succeed({"detach", "eth1"});
    ASSERT_TRUE(monitor.wait_for("\"detach\"")) << monitor.output();
    send(5600, 1);
    EXPECT_EQ(monitor.finish(), 0);
    const Lines lines = lines_of(monitor.output());
    const json change = of_kind(lines, "ruleset").front();
    EXPECT_EQ(change["added"], 1);
    EXPECT_EQ(change["removed"], 0);
    EXPECT_EQ(of_kind(lines, "attach").front()["interface"], "eth1");
    EXPECT_EQ(of_kind(lines, "drop").front()["packet"]["dport"], 5600);
}

TEST_F(CliObserve, OutlivesTheRuleset) {
    Background monitor(*this, "flushed", "--json monitor");
    ASSERT_TRUE(monitor.wait_for(started));
    succeed({"flush", "ruleset"});
    EXPECT_TRUE(monitor.wait_for("\"ruleset\""));
    succeed({"attach", "eth0"});
    succeed({"rule", "add", "udp", "dport", "5000", "drop"});
    for (int i = 0; i < 50 && monitor.output().find("\"drop\"") == std::string::npos; ++i) {
        send(5000, 1);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_TRUE(monitor.wait_for("\"drop\"")) << monitor.output();
    monitor.signal(SIGTERM);
    EXPECT_EQ(monitor.finish(), 0);
}

TEST_F(CliObserve, ChoosesByEveryOption) {
    const auto other = add_rule({"udp", "dport", "5700", "counter", "drop"});
    Background by_rule(*this, "rule", fmt::format("--json monitor --drop --rate 0 --rule {}", other));
    Background by_filter(*this, "filter", "--json monitor --drop --accept --rate 0 udp dst port 5000 and less 60");
    Background by_reason(*this, "reason", "--json monitor --accept --reason policy --rate 0");
    for (const Background* monitor : {&by_rule, &by_filter, &by_reason})
        ASSERT_TRUE(monitor->wait_for(started)) << monitor->errors();
    send(5000, 3);
    send(5000, 4, 100);
    send(5700, 5);
    send(5800, 6);
    stats_after(18);
    for (Background* monitor : {&by_rule, &by_filter, &by_reason}) {
        monitor->signal(SIGINT);
        EXPECT_EQ(monitor->finish(), 0);
        EXPECT_EQ(monitor->errors(), "");
    }
    EXPECT_EQ(of_kind(lines_of(by_rule.output()), "drop").size(), 5U);
    EXPECT_EQ(of_kind(lines_of(by_filter.output()), "drop").size(), 3U);
    EXPECT_EQ(of_kind(lines_of(by_reason.output()), "accept").size(), 6U);
}

TEST_F(CliObserve, DecidesHereWhatLiesBehindTheHeadOfAFrame) {
    Background monitor(*this, "far", "--json monitor --drop --rate 0 'ether[700] = 0x78'");
    ASSERT_TRUE(monitor.wait_for(started)) << monitor.errors();
    send(5000, 3, 100);
    send(5000, 2, 900);  // full of the letter x
    stats_after(5);
    monitor.signal(SIGINT);
    EXPECT_EQ(monitor.finish(), 0);
    EXPECT_EQ(of_kind(lines_of(monitor.output()), "drop").size(), 2U) << monitor.output();
}

TEST_F(CliObserve, LooksOnAtTcAndEgress) {
    succeed({"detach", "eth0"});
    succeed({"attach", "eth0", "--mode", "tc"});
    succeed({"attach", "eth0", "--hook", "egress"});
    succeed({"rule", "add", "--hook", "egress", "udp", "dport", "9000", "counter", "drop"});
    Background in(*this, "in", "--json monitor --drop --hook ingress --rate 0");
    Background out(*this, "out", "--json monitor --drop --hook egress --rate 0");
    ASSERT_TRUE(in.wait_for(started)) << in.errors();
    ASSERT_TRUE(out.wait_for(started)) << out.errors();
    send(5000, 3);
    const UdpSocket socket(here, here_address, 0);
    for (int i = 0; i < 4; ++i)
        try {
            socket.send(there_address, 9000, "x");
        } catch (const std::runtime_error&) {
            // A dropped datagram is an error to its sender.
        }
    EXPECT_TRUE(in.wait_for("\"drop\""));
    EXPECT_TRUE(out.wait_for("\"drop\""));
    for (Background* monitor : {&in, &out}) {
        monitor->signal(SIGINT);
        EXPECT_EQ(monitor->finish(), 0);
    }
    EXPECT_EQ(of_kind(lines_of(in.output()), "drop").size(), 3U);
    const Lines drops = of_kind(lines_of(out.output()), "drop");
    ASSERT_EQ(drops.size(), 4U);
    EXPECT_EQ(drops.front()["hook"], "egress");
    EXPECT_EQ(drops.front()["packet"]["dport"], 9000);
}

TEST_F(CliObserve, RefusesWhatItCannotDo) {
    refuse({"monitor", "--rule", "999"}, ErrorKind::NotFound, "there is no rule with handle 999");
    refuse({"monitor", "--iface", "eth1"}, ErrorKind::NotFound, "cannot look at eth1");
    refuse({"monitor", "--reason", "boredom"}, ErrorKind::Usage, "'boredom' is no reason");
    refuse({"monitor", "bad", "words"}, ErrorKind::Input, "'bad words' is no filter expression");
    refuse({"capture", "-w", "/does/not/exist"}, ErrorKind::NotFound, "cannot write /does/not/exist");
    refuse({"capture"}, ErrorKind::Usage, "--write is required");
    succeed({"flush", "ruleset"});
    refuse({"monitor"}, ErrorKind::NotFound, "there is nothing to look at");
}

class CliCapture : public CliObserve {
protected:
    // Lines of tshark's fields of the file; skips where there is no tshark.
    std::vector<std::string> fields(const std::string& path, const std::string& names) const {
        const CommandResult result =
            run_command({"bash", "-c", fmt::format("tshark -r {} -T fields -E separator='|' {}", path, names)});
        EXPECT_EQ(result.status, 0) << result.err;
        std::vector<std::string> out;
        std::istringstream in(result.out);
        for (std::string line; std::getline(in, line);)
            out.push_back(line);
        return out;
    }
    static bool has_tshark() { return run_command({"bash", "-c", "command -v tshark"}).status == 0; }

    std::string capture(const std::string& arguments, const std::function<void()>& traffic,
                        std::uint64_t judged) const {
        const std::string path = file("capture.pcapng", "");
        Background running(*this, "capture", fmt::format("--json capture -w {} {}", path, arguments));
        for (int i = 0; i < 500 && content(path).empty(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        traffic();
        stats_after(judged);
        running.signal(SIGINT);
        EXPECT_EQ(running.finish(), 0) << running.errors();
        summary = json::parse(running.output(), nullptr, false);
        return path;
    }
    mutable json summary;
};

TEST_F(CliCapture, WritesWhatWiresharkShows) {
    const std::string path = capture(
        "",
        [&] {
            send(5000, 2);
            send(5001, 1, 1000);
        },
        3);
    EXPECT_EQ(summary["packets"], 3) << summary.dump();
    EXPECT_EQ(summary["lost"], 0);
    if (!has_tshark())
        GTEST_SKIP() << "tshark is not installed";
    const auto rows = fields(path,
                             "-e frame.comment -e frame.interface_name -e frame.packet_flags_direction "
                             "-e frame.verdict.ebpf_xdp -e udp.dstport -e frame.len -e frame.cap_len");
    const std::string drop = fmt::format("drop by rule {} \"no-udp\"|eth0|", dropping_);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_THAT(rows[0], StartsWith(drop));
    EXPECT_THAT(rows[0], HasSubstr(fmt::format("|5000|{0}|{0}", 14 + datagram_bytes())));
    EXPECT_THAT(rows[2], StartsWith("accept by policy|eth0|"));
    EXPECT_THAT(rows[2], HasSubstr("|5001|1042|1042"));
}

TEST_F(CliCapture, TakesOnlyWhatIsAskedForAndCutsIt) {
    const std::string path = capture("--drop -s 40 -c 2 udp", [&] { send(5000, 5, 200); }, 5);
    EXPECT_EQ(summary["packets"], 2) << summary.dump();
    if (!has_tshark())
        GTEST_SKIP() << "tshark is not installed";
    EXPECT_THAT(fields(path, "-e frame.len -e frame.cap_len"), ElementsAre("242|40", "242|40"));
}

TEST_F(CliCapture, WritesToAPipe) {
    if (!has_tshark())
        GTEST_SKIP() << "tshark is not installed";
    Background running(*this, "pipe", "capture -w - -c 1 --timeout 20");
    ASSERT_TRUE(running.wait_for("\n\r\r\n"));
    send(5000, 1);
    EXPECT_EQ(running.finish(), 0) << running.errors();
    EXPECT_EQ(running.errors(), "");
    const std::string path = file("piped.pcapng", running.output());
    EXPECT_THAT(fields(path, "-e udp.dstport"), ElementsAre("5000"));
}

}  // namespace
}  // namespace xdpctl::test
