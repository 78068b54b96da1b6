// SPDX-License-Identifier: BSD-2-Clause
// What a report looks like.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "doctor/finding.h"
#include "doctor/render.h"

namespace xdpctl::doctor {
namespace {

using testing::HasSubstr;
using testing::Not;

Report example() {
    Section host{.subject = "host", .findings = {}};
    host.ok("jit", "on");
    Section device{.subject = "eth0", .findings = {}};
    device.add(Severity::Warning, "mtu", "9000: a frame does not fit into one buffer", "native XDP is refused",
               "ip link set eth0 mtu 3498");
    device.add(Severity::Problem, "device", "eth0 is not attached", "", "xdpctl attach eth0");
    device.add(Severity::Note, "xdp-hook", "someone else's", "it is not xdpctl's");
    return {{host, device}};
}

TEST(DoctorReport, IsAlignedText) {
    EXPECT_EQ(text(example(), true),
              "host\n"
              "  ok      jit            on\n"
              "\n"
              "eth0\n"
              "  warning mtu            9000: a frame does not fit into one buffer\n"
              "                         native XDP is refused\n"
              "                         fix: ip link set eth0 mtu 3498\n"
              "  problem device         eth0 is not attached\n"
              "                         fix: xdpctl attach eth0\n"
              "  note    xdp-hook       someone else's\n"
              "                         it is not xdpctl's\n"
              "\n"
              "1 problem, 1 warning\n");
}

TEST(DoctorReport, LeavesOutWhatIsWell) {
    const std::string problems = text(example(), false);
    EXPECT_THAT(problems, Not(HasSubstr("host"))) << "a section without findings has no title";
    EXPECT_THAT(problems, Not(HasSubstr("jit")));
    EXPECT_THAT(problems, HasSubstr("xdp-hook"));
}

TEST(DoctorReport, BreaksLongLinesBetweenWords) {
    Section section{.subject = "host", .findings = {}};
    std::string words;
    for (int i = 0; i < 60; ++i)
        words += "word ";
    section.add(Severity::Note, "long", words + std::string(200, 'x'), words);
    std::istringstream lines(text({{section}}, true));
    std::size_t longest_of_words = 0;
    for (std::string line; std::getline(lines, line);)
        if (line.find("xxx") == std::string::npos)
            longest_of_words = std::max(longest_of_words, line.size());
    EXPECT_LE(longest_of_words, 100U);
    EXPECT_GT(longest_of_words, 90U);
}

TEST(DoctorReport, IsJson) {
    const nlohmann::json object = json(example());
    ASSERT_EQ(object["findings"].size(), 4U);
    EXPECT_EQ(object["findings"][0],
              (nlohmann::json{{"subject", "host"}, {"check", "jit"}, {"severity", "ok"}, {"what", "on"}}));
    EXPECT_EQ(object["findings"][1]["fix"], "ip link set eth0 mtu 3498");
    EXPECT_EQ(object["findings"][2]["severity"], "problem");
    EXPECT_EQ(object["summary"], (nlohmann::json{{"problems", 1}, {"warnings", 1}, {"notes", 1}, {"ok", 1}}));
}

}  // namespace
}  // namespace xdpctl::doctor
