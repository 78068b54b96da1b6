// SPDX-License-Identifier: BSD-2-Clause
#include "cli/batch_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "cli/command_line.h"

namespace xdpctl::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words(std::string_view line) {
    const auto split = split_words(line);
    EXPECT_TRUE(split) << line;
    return split.value_or(std::vector<std::string>{});
}

TEST(BatchWords, ArePartedAsAShellDoes) {
    EXPECT_THAT(words("set  add\tblocked 192.0.2.1\r"), ElementsAre("set", "add", "blocked", "192.0.2.1"));
    EXPECT_THAT(words(R"(rule add accept comment "two words")"),
                ElementsAre("rule", "add", "accept", "comment", "two words"));
    EXPECT_THAT(words(R"(a'b c'd "e\"f" 'g\h' i\ j)"), ElementsAre("ab cd", "e\"f", "g\\h", "i j"));
    EXPECT_THAT(words(R"(a "" b)"), ElementsAre("a", "", "b"));
    EXPECT_THAT(words("  # nothing"), IsEmpty());
    EXPECT_THAT(words("a #b c"), ElementsAre("a"));
    EXPECT_THAT(words("a#b"), ElementsAre("a#b"));
    EXPECT_FALSE(split_words("a 'b"));
    EXPECT_FALSE(split_words("a \"b'"));
}

TEST(BatchLines, ComeOneByOne) {
    std::array<char, 32> path{"/tmp/xdpctl-batch-XXXXXX"};
    const Fd file(mkstemp(path.data()));
    ASSERT_TRUE(file.valid());
    std::string content = "one\n\n" + std::string(100'000, 'x') + "\nlast";
    ASSERT_EQ(::write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    auto lines = LineReader::open(path.data());
    ::unlink(path.data());
    ASSERT_TRUE(lines);
    EXPECT_TRUE(lines->is_ready());
    EXPECT_EQ(lines->next().value(), "one");
    EXPECT_EQ(lines->next().value(), "");
    EXPECT_EQ(lines->next().value()->size(), 100'000U);
    EXPECT_EQ(lines->next().value(), "last");
    EXPECT_EQ(lines->number(), 4U);
    EXPECT_EQ(lines->next().value(), std::nullopt);
    EXPECT_EQ(lines->next().value(), std::nullopt);
    EXPECT_TRUE(lines->is_ready());
}

TEST(BatchLines, AreNoLongerThanTheLimit) {
    std::array<char, 32> path{"/tmp/xdpctl-batch-XXXXXX"};
    const Fd file(mkstemp(path.data()));
    ASSERT_TRUE(file.valid());
    const std::string content = "short\n" + std::string(3 << 20, 'x');
    ASSERT_EQ(::write(file.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
    auto lines = LineReader::open(path.data());
    ::unlink(path.data());
    ASSERT_TRUE(lines);
    EXPECT_EQ(lines->next().value(), "short");
    const auto long_line = lines->next();
    ASSERT_FALSE(long_line);
    EXPECT_EQ(long_line.error().kind, ErrorKind::Limit);
    EXPECT_THAT(long_line.error().what, HasSubstr("line 2"));
}

BatchRole role(std::vector<std::string> line) {
    const auto parsed = parse_batch_line(line);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().text());
    return parsed ? parsed->role : BatchRole{};
}

TEST(BatchLine, IsAChange) {
    EXPECT_EQ(role({"set", "add", "blocked", "192.0.2.1"}), BatchRole::Elements);
    EXPECT_EQ(role({"set", "load", "blocked", "-f", "list"}), BatchRole::Ruleset);
    EXPECT_EQ(role({"rule", "add", "--hook", "egress", "accept"}), BatchRole::Ruleset);
    EXPECT_EQ(role({"flush", "chain"}), BatchRole::Ruleset);
    for (const std::vector<std::string>& line : {std::vector<std::string>{"status"},
                                                 {"set"},
                                                 {"set", "list", "s"},
                                                 {"rule", "list"},
                                                 {"apply", "-f", "x"},
                                                 {"-b", "x"}}) {
        const auto parsed = parse_batch_line(line);
        ASSERT_FALSE(parsed) << line.front();
        EXPECT_EQ(parsed.error().kind, ErrorKind::Usage);
        EXPECT_THAT(parsed.error().what, HasSubstr("cannot be part of a batch"));
    }
    EXPECT_FALSE(parse_batch_line(std::vector<std::string>{"set", "add"}));
    EXPECT_FALSE(parse_batch_line(std::vector<std::string>{"rule", "add", "accept", "--json"}));
}

TEST(BatchOption, TakesNoCommand) {
    const std::array arguments{"xdpctl", "-b", "-", "status"};
    const auto both = parse_command_line(arguments);
    ASSERT_FALSE(both.action);
    EXPECT_THAT(both.action.error().what, HasSubstr("-b takes no command"));
    EXPECT_TRUE(parse_command_line(std::array{"xdpctl", "--batch", "changes"}).action);
    EXPECT_FALSE(parse_command_line(std::array{"xdpctl"}).action);
}

}  // namespace
}  // namespace xdpctl::cli
