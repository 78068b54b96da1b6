// SPDX-License-Identifier: BSD-2-Clause
// Files of firewall tests: what they say, and what is wrong in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "packet/build.h"
#include "testfile/test_file.h"

namespace xdpctl::testfile {
namespace {

using ruleset::Hook;
using ruleset::Verdict;
using testing::HasSubstr;

std::string refused(const std::string& text) {
    const auto cases = parse(text, "t.test");
    EXPECT_FALSE(cases) << text;
    if (cases)
        return {};
    EXPECT_EQ(cases.error().kind, ErrorKind::Input);
    return cases.error().text();
}

TEST(TestFile, HasSettingsAndCases) {
    const auto cases = parse(
        "# comment\n"
        "ruleset \"a b.nft\"\n"
        "device eth0 # the first\n"
        "\n"
        "accept udp 192.0.2.1:1 > 192.0.2.2:2 payload \"#\" by comment \"a # b\"  # why\n"
        "test \"out\"\n"
        "hook egress\n"
        "mode tc\n"
        "  drop icmp 192.0.2.1 > 192.0.2.2\n"
        "drop icmp 192.0.2.1 > 192.0.2.2 by malformed-icmp\r\n"
        "accept icmp 192.0.2.1 > 192.0.2.2 by handle 7\n"
        "accept icmp 192.0.2.1 > 192.0.2.2 by line 12",
        "t.test");
    ASSERT_TRUE(cases) << cases.error().text();
    ASSERT_EQ(cases->size(), 5U);

    const Case& first = cases->at(0);
    EXPECT_EQ(first.setting, (Setting{.ruleset = "a b.nft", .device = "eth0"}));
    EXPECT_EQ(first.line, 5U);
    EXPECT_EQ(first.group, "");
    EXPECT_EQ(first.text, "accept udp 192.0.2.1:1 > 192.0.2.2:2 payload \"#\" by comment \"a # b\"");
    EXPECT_EQ(first.expected.verdict, Verdict::Accept);
    EXPECT_EQ(first.expected.comment, "a # b");
    EXPECT_EQ(packet::build(first.packet).size(), 43U);

    const Case& second = cases->at(1);
    EXPECT_EQ(second.setting, (Setting{.ruleset = "a b.nft", .device = "eth0", .hook = Hook::Egress, .at_tc = true}));
    EXPECT_EQ(second.group, "out");
    EXPECT_EQ(second.expected.verdict, Verdict::Drop);
    EXPECT_EQ(second.expected.reason, std::nullopt);
    EXPECT_EQ(cases->at(2).expected.reason, XDPCTL_MALFORMED_ICMP);
    EXPECT_EQ(cases->at(3).expected.handle, Handle{7});
    EXPECT_EQ(cases->at(4).expected.line, 12U);
}

TEST(TestFile, PointsAtWhatIsWrong) {
    EXPECT_EQ(refused("ruleset \"a.nft\"\naccept udp 192.0.2.1:1 > 192.0.2.2:2 by comment ssh\n"
                      "drop udp 192.0.2.1:1 > 192.0.2.2:99999\n"),
              "t.test:2:49: error: expected a comment in quotation marks, found 'ssh'\n"
              "    accept udp 192.0.2.1:1 > 192.0.2.2:2 by comment ssh\n"
              "                                                    ^~~\n"
              "t.test:3:33: error: ':99999' is no port\n"
              "    drop udp 192.0.2.1:1 > 192.0.2.2:99999\n"
              "                                    ^~~~~~\n"
              "    write :22, a number from 0 to 65535, or a service like :ssh");
}

TEST(TestFile, RefusesWhatMakesNoSense) {
    const std::string ruleset = "ruleset \"a.nft\"\n";
    const std::pair<std::string, const char*> wrong[] = {
        {"", "t.test has no test"},
        {ruleset, "t.test has no test"},
        {"accept icmp 192.0.2.1 > 192.0.2.2", "no ruleset is named above this line"},
        {"acept icmp 192.0.2.1 > 192.0.2.2", "did you mean 'accept'?"},
        {ruleset + "accept", "expected a packet, found the end"},
        {ruleset + "accept by policy", "expected a packet, found the end"},
        {ruleset + "drop icmp 192.0.2.1 > 192.0.2.2 by", "expected what decides"},
        {ruleset + "drop icmp 192.0.2.1 > 192.0.2.2 by polcy", "did you mean 'policy'?"},
        {ruleset + "drop icmp 192.0.2.1 > 192.0.2.2 by unknown", "'unknown' is no reason"},
        {ruleset + "drop icmp 192.0.2.1 > 192.0.2.2 by policy x", "expected the end of the line, found 'x'"},
        {ruleset + "drop icmp 192.0.2.1 > 192.0.2.2 by handle x", "expected a number, found 'x'"},
        {ruleset + "drop icmp 192.0.2.1 > 192.0.2.2 by comment \"x", "quotation mark is missing"},
        {"ruleset a.nft", "expected a file in quotation marks"},
        {"device", "expected an interface's name, found the end of the line"},
        {"hook forward", "expected ingress or egress, found 'forward'"},
        {"mode tc xdp", "expected the end of the line, found 'xdp'"},
    };
    for (const auto& [text, message] : wrong)
        EXPECT_THAT(refused(text), HasSubstr(message)) << text;
}

TEST(TestFile, StopsAfterManyErrors) {
    std::string text;
    for (int i = 0; i < 100; ++i)
        text += "x\n";
    EXPECT_THAT(refused(text), HasSubstr("too many errors"));
}

}  // namespace
}  // namespace xdpctl::testfile
