// SPDX-License-Identifier: BSD-2-Clause
// exporter: what Prometheus would scrape, over HTTP and checked by promtool.
#include <fmt/format.h>

#include "e2e/cli_fixture.h"

namespace xdpctl::test {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

// Shell functions: start an exporter with $PORT, scrape it, and stop it.
constexpr const char* helpers = R"(
start() {
    exec 4< <(exec $X exporter --listen 127.0.0.1:0 "$@" --json)
    exporter=$!
    read -r -t 10 line <&4 || exit 90
    PORT=${line##*:}
    PORT=${PORT%%\"*}
}
scrape() {
    exec 3<>/dev/tcp/127.0.0.1/$PORT || return 91
    printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
    timeout 10 cat <&3
    exec 3>&-
}
stop() {
    kill -TERM $exporter
    wait $exporter
    echo "exporter ended with $?"
}
)";

class CliExporter : public CliTest {
protected:
    [[nodiscard]] CommandResult script(const std::string& lines) const { return shell(helpers + lines); }
};

TEST_F(CliExporter, ServesWhatWasCounted) {
    succeed({"attach", "eth0"});
    const auto handle = add_rule({"udp", "dport", "5000", "counter", "drop", "comment", "no-udp"});
    send(5000, 42);
    stats_after(42);
    const CommandResult result = script("start; scrape; stop");
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("200 OK"));
    EXPECT_THAT(result.out, HasSubstr("interface=\"eth0\",verdict=\"drop\",reason=\"rule\"} 42\n"));
    EXPECT_THAT(result.out,
                HasSubstr(fmt::format("xdpctl_rule_packets_total{{table=\"xdpctl\",chain=\"ingress\",handle="
                                      "\"{}\",comment=\"no-udp\"}} 42\n",
                                      handle)));
    EXPECT_THAT(result.out, HasSubstr(fmt::format("xdpctl_rule_bytes_total{{table=\"xdpctl\",chain=\"ingress\",handle="
                                                  "\"{}\",comment=\"no-udp\"}} {}\n",
                                                  handle, 42 * datagram_bytes())));
    EXPECT_THAT(result.out, HasSubstr("xdpctl_interface_attached{table=\"xdpctl\",chain=\"ingress\",hook=\"ingress\","
                                      "interface=\"eth0\",mode=\"native\"} 1\n"));
    EXPECT_THAT(result.out, HasSubstr("xdpctl_up 1\n"));
    EXPECT_THAT(result.out, EndsWith("exporter ended with 0\n"));
}

TEST_F(CliExporter, NeverCountsBackwards) {
    succeed({"attach", "eth0"});
    add_rule({"udp", "dport", "5000", "counter", "drop"});
    send(5000, 5);
    stats_after(5);
    const CommandResult result = script(
        "start; scrape >/dev/null; $X stats --reset -q; scrape | grep packets_total; $X detach eth0 -q;"
        "scrape >/dev/null; $X flush chain -q; $X attach eth0 -q; echo then; scrape | grep packets_total; stop");
    ASSERT_EQ(result.status, 0) << result.err;
    const std::string then = result.out.substr(result.out.find("then\n"));
    for (const std::string& part : {result.out.substr(0, result.out.find("then\n")), then}) {
        EXPECT_THAT(part, HasSubstr("reason=\"rule\"} 5\n"));
        EXPECT_THAT(part, HasSubstr("xdpctl_chain_rules_packets_total{table=\"xdpctl\",chain=\"ingress\"} 5\n"));
    }
    EXPECT_THAT(then, Not(HasSubstr("xdpctl_rule_packets_total{"))) << "a deleted rule has no series";
}

TEST_F(CliExporter, AnswersSeveralScrapersAtOnce) {
    succeed({"attach", "eth0"});
    const CommandResult result = script(
        "start; for i in {1..12}; do (scrape | grep -c '^xdpctl_up 1') & pids+=($!); done; wait ${pids[@]}; stop");
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(std::ranges::count(result.out, '\n'), 13) << result.out;
    EXPECT_THAT(result.out, EndsWith("exporter ended with 0\n"));
}

TEST_F(CliExporter, EndsWhileItIsAsked) {
    const CommandResult result = script("start; for i in {1..20}; do scrape >/dev/null 2>&1 & done; stop");
    EXPECT_THAT(result.out, HasSubstr("exporter ended with 0\n")) << result.err;
}

TEST_F(CliExporter, ServesHistogramsWhenAskedTo) {
    succeed({"attach", "eth0"});
    // The answers come in: ICMP port-unreachable.
    const CommandResult result = script(
        "start --sizes --times; for i in 1 2 3; do echo -n 0123456789 > /dev/udp/192.0.2.2/9; sleep 0.1; done; scrape; "
        "stop");
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("# TYPE xdpctl_packet_size_bytes histogram\n"));
    EXPECT_THAT(result.out, ContainsRegex("xdpctl_stage_duration_seconds_count.*stage=\"judge\"} [3-9]"));
    EXPECT_THAT(result.out, ContainsRegex("interface=\"eth0\",verdict=\"accept\",le=\"63\"} [0-9]*\n"));
    EXPECT_THAT(result.out, ContainsRegex("interface=\"eth0\",verdict=\"accept\",le=\"127\"} [3-9]\n"));
    EXPECT_THAT(result.out, HasSubstr("exporter ended with 0\n"));
    EXPECT_THAT(script("start; scrape; stop").out, Not(HasSubstr("packet_size")));
}

TEST_F(CliExporter, OutlivesItsState) {
    const CommandResult result = script(
        "start; scrape | grep xdpctl_up; $X attach eth0 -q; scrape | grep '^xdpctl_interface_attached';"
        "$X flush ruleset -q; scrape | grep xdpctl_ruleset_generation; stop");
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("xdpctl_up 1\n"));
    EXPECT_THAT(result.out, HasSubstr("interface=\"eth0\",mode=\"native\"} 1\n"));
    EXPECT_THAT(result.out, HasSubstr("xdpctl_ruleset_generation 0\n"));
}

TEST_F(CliExporter, LimitsTheSeriesOfRules) {
    for (int port = 6000; port < 6005; ++port)
        add_rule({"udp", "dport", std::to_string(port), "counter", "drop"});
    const std::string out = succeed({"exporter", "--once", "--max-rules", "2"});
    EXPECT_THAT(out, HasSubstr("xdpctl_rules_without_series 3\n"));
    EXPECT_THAT(out, HasSubstr("xdpctl_chain_rules{table=\"xdpctl\",chain=\"ingress\"} 5\n"));
}

TEST_F(CliExporter, SatisfiesPromtool) {
    if (shell("command -v promtool").status != 0)
        GTEST_SKIP() << "promtool is missing (package prometheus)";
    succeed({"attach", "eth0"});
    add_rule({"udp", "dport", "5000", "counter", "drop", "comment", "\"a \\\\ b\""});
    send(5000, 3);
    stats_after(3);
    const CommandResult once = shell("$X exporter --once | promtool check metrics");
    EXPECT_EQ(once.status, 0) << once.out << once.err;
    const CommandResult rules = shell("promtool check rules " XDPCTL_PROMETHEUS_DIRECTORY "/alerts.yml");
    EXPECT_EQ(rules.status, 0) << rules.out << rules.err;
    const CommandResult alerts = shell("promtool test rules " XDPCTL_PROMETHEUS_DIRECTORY "/alerts_test.yml");
    EXPECT_EQ(alerts.status, 0) << alerts.out << alerts.err;
}

// What alerts and dashboard ask for is what is exported.
TEST_F(CliExporter, HasTheSeriesThatAlertsAndDashboardAskFor) {
    succeed({"attach", "eth0"});
    add_rule({"udp", "dport", "5000", "counter", "drop"});
    send(5000, 3);
    stats_after(3);
    const CommandResult result = shell("$X exporter --listen 127.0.0.1:0 --sizes --times > " + file("log", "") +
                                       " & pid=$!; for i in $(seq 200); do "
                                       "grep -q http " +
                                       file("log", "") +
                                       " && break; sleep 0.05; done; "
                                       "ping -c 3 -i 0.01 192.0.2.2 > /dev/null; curl -s $(sed 's/.* //' " +
                                       file("log", "") + "); kill $pid; wait $pid");
    const CommandResult asked = shell("grep -ohE 'xdpctl_[a-z_]+' " XDPCTL_PROMETHEUS_DIRECTORY
                                      "/alerts.yml " XDPCTL_PROMETHEUS_DIRECTORY "/dashboard.json | sort -u");
    std::istringstream names(asked.out);
    std::size_t found = 0;
    for (std::string name; names >> name; ++found)
        EXPECT_THAT(result.out, testing::ContainsRegex("\n" + name + "[{ ]"));
    EXPECT_GT(found, 10U);
    EXPECT_THAT(result.out, HasSubstr("le=\"127\""));
}

TEST_F(CliExporter, RefusesAddressesItCannotListenOn) {
    for (const char* address :
         {"localhost:9780", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:80,443", "[::1:80", "::1:80"})
        refuse({"exporter", "--listen", address}, ErrorKind::Usage, "is no address to listen on");
    refuse({"exporter", "--listen", "192.0.2.77:9780"}, ErrorKind::Failed, "cannot listen on 192.0.2.77:9780");
}

TEST_F(CliExporter, RefusesAPortThatIsTaken) {
    const CommandResult result = script("start; $X exporter --listen 127.0.0.1:$PORT; echo second ended with $?; stop");
    EXPECT_THAT(result.out, HasSubstr("second ended with 1\n"));
    EXPECT_THAT(result.err, HasSubstr("Address already in use"));
}

TEST_F(CliExporter, NamesTheProgramThatIsMissing) {
    const CommandResult result = shell(
        "alone=$(mktemp -d) && cp $X $alone && $alone/xdpctl exporter --once; status=$?; rm -r $alone; exit $status");
    EXPECT_EQ(result.status, static_cast<int>(ErrorKind::NotFound));
    EXPECT_THAT(result.err, ContainsRegex("cannot run /.*/xdpctl-exporter"));
    EXPECT_THAT(result.err, HasSubstr("it is installed where xdpctl is"));
}

}  // namespace
}  // namespace xdpctl::test
