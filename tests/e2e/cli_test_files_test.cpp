// SPDX-License-Identifier: BSD-2-Clause
// test: files of packets and expected verdicts.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "e2e/cli_fixture.h"
#include "e2e/found_status.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;

constexpr const char* rules = R"(table netdev edge {
    chain ingress {
        type filter hook ingress device "eth0" priority filter; policy drop;
        tcp dport 22 ip saddr 192.0.2.0/24 accept comment "admins & <friends>"
        tcp dport { 80, 443 } counter accept comment "web"
        iifname "eth1" accept
    }
    chain egress {
        type filter hook egress device "eth0" priority filter; policy accept;
    }
}
)";

constexpr const char* good = R"(ruleset "edge.nft"
test "administrators"
accept tcp 192.0.2.9:1234 > 192.0.2.1:22 by comment "admins & <friends>"
drop tcp 203.0.113.9:1234 > 192.0.2.1:22 by policy
accept tcp [2001:db8::1]:1 > [2001:db8::2]:443 by line 5
accept tcp 192.0.2.9:1234 > 192.0.2.1:22 vlan 5 by handle 3
drop tcp 192.0.2.9:1234 > 192.0.2.1:443 cut 50 by malformed-ipv4-length
hook egress
accept udp 192.0.2.1:1 > 192.0.2.9:2 by policy
)";

class CliTestFiles : public CliTest {
protected:
    std::string ruleset_ = file("edge.nft", rules);
    std::string good_ = file("good.test", good);

    CommandResult failing(std::vector<std::string> options, const std::string& lines) {
        const std::string path = file("bad.test", "ruleset \"edge.nft\"\ntest \"bad # <1>\"\n" + lines);
        options.insert(options.begin(), "test");
        options.push_back(path);
        const CommandResult result = xdpctl(options);
        EXPECT_EQ(result.status, found_status) << result.err;
        return result;
    }
};

TEST_F(CliTestFiles, PassWhenExpectationsHold) {
    EXPECT_EQ(succeed({"test", good_}), "6 passed, 0 failed\n");
    EXPECT_THAT(succeed({"test", "-v", good_}),
                HasSubstr(":4: ok: administrators: drop tcp 203.0.113.9:1234 > 192.0.2.1:22 by policy\n"));
    const auto result = succeed_json({"test", good_, good_});
    EXPECT_EQ(result["summary"]["passed"], 12);
    EXPECT_EQ(result["tests"][0]["line"], 3);
}

TEST_F(CliTestFiles, FailWithTheStory) {
    const CommandResult result = failing({}, "accept tcp 203.0.113.9:1 > 192.0.2.1:22 by comment \"web\"\n");
    EXPECT_THAT(result.out, HasSubstr("bad.test:3: FAILED: bad # <1>: accept tcp 203.0.113.9:1 > 192.0.2.1:22"));
    EXPECT_THAT(result.out, HasSubstr("  expected accept by comment \"web\"; it was drop by policy\n"));
    EXPECT_THAT(result.out, HasSubstr("        ip saddr 192.0.2.0/24: the packet has 203.0.113.9\n"));
    EXPECT_THAT(result.out, HasSubstr("0 passed, 1 failed\n"));
    EXPECT_EQ(result.err, "");
}

TEST_F(CliTestFiles, FailForEveryExpectationThatDoesNotHold) {
    const char* wrong[] = {"drop tcp 192.0.2.9:1 > 192.0.2.1:443",
                           "accept tcp 192.0.2.9:1 > 192.0.2.1:443 by policy",
                           "accept tcp 192.0.2.9:1 > 192.0.2.1:443 by comment \"admins\"",
                           "accept tcp 192.0.2.9:1 > 192.0.2.1:443 by handle 3",
                           "accept tcp 192.0.2.9:1 > 192.0.2.1:443 by line 4",
                           "drop tcp 192.0.2.9:1 > 192.0.2.1:4444 by malformed-tcp",
                           "drop hex 00 by policy"};
    for (const char* line : wrong)
        EXPECT_THAT(failing({}, line).out, HasSubstr("0 passed, 1 failed\n")) << line;
}

TEST_F(CliTestFiles, AreReportedToOtherTools) {
    const std::string lines = "drop tcp 192.0.2.9:1 > 192.0.2.1:443\ndrop icmp 192.0.2.1 > 192.0.2.2\n";
    const std::string tap = failing({"--tap"}, lines).out;
    EXPECT_THAT(tap, testing::StartsWith("TAP version 14\n1..2\nnot ok 1 - "));
    EXPECT_THAT(tap, HasSubstr("bad \\# <1>: drop tcp 192.0.2.9:1 > 192.0.2.1:443\n  ---\n  message: |\n"));
    EXPECT_THAT(tap, HasSubstr("\nok 2 - "));

    const std::string path = file("junit.xml", "");
    failing({"--junit", path}, lines);
    std::ifstream junit(path);
    const std::string xml{std::istreambuf_iterator<char>(junit), {}};
    EXPECT_THAT(xml, HasSubstr("tests=\"2\" failures=\"1\""));
    EXPECT_THAT(xml, HasSubstr("name=\"bad # &lt;1&gt;: drop tcp 192.0.2.9:1 &gt; 192.0.2.1:443\""));
    const std::string parsed = here.shell("python3 -c 'import sys, xml.etree.ElementTree as t; r = t.parse(\"" + path +
                                          "\").getroot(); print(len(r.findall(\".//testcase\")), "
                                          "len(r.findall(\".//failure\")))'");
    EXPECT_EQ(parsed, "2 1\n");
}

TEST_F(CliTestFiles, RunNothingWhenOneIsWrong) {
    const std::string wrong = file("wrong.test", "ruleset \"edge.nft\"\naccept icmp 192.0.2.1\n");
    refuse({"test", good_, wrong}, ErrorKind::Input, "wrong.test:2:22: error: expected '>', found the end");
    refuse({"test", good_ + ".gone"}, ErrorKind::NotFound, "good.test.gone");
    refuse({"test"}, ErrorKind::Usage, "FILE is required");
    refuse({"test", file("none.test", "ruleset \"none.nft\"\naccept icmp 192.0.2.1 > 192.0.2.2\n")},
           ErrorKind::NotFound, "none.test:2");
    refuse({"test", file("eth9.test", "ruleset \"edge.nft\"\ndevice eth9\naccept icmp 192.0.2.1 > 192.0.2.2\n")},
           ErrorKind::NotFound, "no chain of hook ingress has the device eth9");
    const CommandResult unwritten = xdpctl({"test", "--junit", "/proc/none/x", good_});
    EXPECT_EQ(unwritten.status, static_cast<int>(ErrorKind::NotFound));
    EXPECT_THAT(unwritten.err, HasSubstr("cannot write /proc/none/x"));
}

TEST_F(CliTestFiles, RunOnEitherProgram) {
    const std::string tc = file("tc.test",
                                "ruleset \"edge.nft\"\nmode tc\ndevice eth0\n"
                                "accept tcp 192.0.2.9:1234 > 192.0.2.1:443 by comment \"web\"\n");
    EXPECT_EQ(succeed({"test", tc}), "1 passed, 0 failed\n");
    EXPECT_EQ(succeed({"test", "-"}, fmt::format("ruleset \"{}\"\ndrop icmp 192.0.2.1 > 192.0.2.2\n", ruleset_)),
              "1 passed, 0 failed\n");
}

}  // namespace
}  // namespace xdpctl::test
