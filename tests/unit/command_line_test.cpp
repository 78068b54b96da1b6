// SPDX-License-Identifier: BSD-2-Clause
// The command line up to the point where a command would act, and what ships beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/command.h"
#include "cli/command_line.h"

namespace xdpctl::cli {
namespace {

using testing::HasSubstr;

CommandLine parse(std::vector<const char*> words) {
    words.insert(words.begin(), "xdpctl");
    return parse_command_line(words);
}

std::string path_of(const Command& command) {
    return command.verb.empty() ? std::string(command.noun)
                                : std::string(command.noun) + ' ' + std::string(command.verb);
}

std::vector<const char*> words_of(const Command& command) {
    if (command.verb.empty())
        return {command.noun.data()};
    return {command.noun.data(), command.verb.data()};
}

// Options such as "--hook" that the command declares itself.
std::vector<std::string> options_of(const Command& command) {
    CLI::App parser;
    parser.set_help_flag();
    const Action action = command.declare(parser);
    std::vector<std::string> names;
    for (const CLI::Option* option : parser.get_options())
        for (const std::string& name : option->get_lnames())
            names.push_back("--" + name);
    return names;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string output_of(const CommandLine& line) {
    Output output(line.format, line.quiet);
    Session session{output, line.lock_timeout};
    testing::internal::CaptureStdout();
    EXPECT_TRUE((*line.action)(session));
    EXPECT_TRUE(output.finish());
    return testing::internal::GetCapturedStdout();
}

std::string usage_error(std::vector<const char*> words) {
    const CommandLine line = parse(std::move(words));
    EXPECT_FALSE(line.action);
    if (line.action)
        return {};
    EXPECT_EQ(line.action.error().kind, ErrorKind::Usage);
    return line.action.error().text();
}

class EveryCommand : public testing::TestWithParam<Command> {};

INSTANTIATE_TEST_SUITE_P(Commands, EveryCommand, testing::ValuesIn(commands().begin(), commands().end()),
                         [](const auto& parameter) {
                             std::string name = path_of(parameter.param);
                             std::ranges::replace_if(name, [](char c) { return c == ' ' || c == '-'; }, '_');
                             return name;
                         });

TEST_P(EveryCommand, HasHelpWithExamples) {
    auto words = words_of(GetParam());
    words.push_back("--help");
    const CommandLine line = parse(words);
    ASSERT_TRUE(line.action);
    const std::string help = output_of(line);
    EXPECT_THAT(help, HasSubstr(std::string(GetParam().summary)));
    EXPECT_THAT(help, HasSubstr("Usage: xdpctl " + path_of(GetParam())));
    EXPECT_THAT(help, HasSubstr("Examples:\n  xdpctl " + path_of(GetParam())));
}

TEST_P(EveryCommand, RefusesUnknownOptions) {
    auto words = words_of(GetParam());
    words.insert(words.end(), {"x", "--no-such-option"});
    EXPECT_THAT(usage_error(words), HasSubstr("xdpctl " + path_of(GetParam()) + " --help"));
}

TEST_P(EveryCommand, IsInTheManual) {
    std::string manual;
    for (const auto& page : std::filesystem::directory_iterator(XDPCTL_MAN_DIRECTORY))
        if (page.path().extension() == ".8")
            manual += read_file(page.path());
    EXPECT_THAT(manual, HasSubstr("Nm xdpctl " + path_of(GetParam())));
    for (const std::string& option : options_of(GetParam())) {
        // mdoc writes -x as "Fl x" and --name as "Fl Fl name".
        EXPECT_THAT(manual, HasSubstr("Fl Fl " + option.substr(2))) << option;
    }
}

TEST_P(EveryCommand, IsCompleted) {
    const std::string completion = read_file(XDPCTL_COMPLETION_FILE);
    EXPECT_THAT(completion, HasSubstr(std::string(GetParam().noun)));
    EXPECT_THAT(completion, HasSubstr(std::string(GetParam().verb)));
    for (const std::string& option : options_of(GetParam()))
        EXPECT_THAT(completion, HasSubstr(option));
}

TEST(CommandLine, TakesGlobalOptionsAnywhere) {
    for (const auto& words : {std::vector{"--json", "-q", "--lock-timeout", "0.5", "status"},
                              std::vector{"status", "--json", "--quiet", "--lock-timeout=0.5"}}) {
        const CommandLine line = parse(words);
        ASSERT_TRUE(line.action) << line.action.error().text();
        EXPECT_EQ(line.format, Output::Format::Json);
        EXPECT_TRUE(line.quiet);
        EXPECT_EQ(line.lock_timeout, std::chrono::milliseconds(500));
    }
}

TEST(CommandLine, WaitsFiveSecondsForTheLock) {
    EXPECT_EQ(parse({"status"}).lock_timeout, std::chrono::seconds(5));
}

TEST(CommandLine, WantsACommand) {
    EXPECT_THAT(usage_error({}), HasSubstr("'xdpctl --help' shows how"));
    EXPECT_THAT(usage_error({"rule"}), HasSubstr("'xdpctl rule --help' shows how"));
}

TEST(CommandLine, HasExamplesAtEveryLevel) {
    for (const auto& words : {std::vector{"--help"}, std::vector{"rule", "--help"}, std::vector{"list", "--help"}}) {
        const CommandLine line = parse(words);
        ASSERT_TRUE(line.action);
        EXPECT_THAT(output_of(line), HasSubstr("Examples:\n  xdpctl "));
    }
}

TEST(CommandLine, NamesEveryCommandInItsHelp) {
    for (const char* help : {"--help", "-h", "-qh"}) {
        const CommandLine line = parse({help});
        ASSERT_TRUE(line.action);
        const std::string text = output_of(line);
        for (const Command& command : commands())
            EXPECT_THAT(text, HasSubstr("\n  " + std::string(command.noun) + " ")) << help;
    }
}

TEST(CommandLine, NamesEveryVerbInANounsHelp) {
    for (const Command& command : commands()) {
        if (command.verb.empty())
            continue;
        const CommandLine line = parse({"-h", command.noun.data()});
        ASSERT_TRUE(line.action);
        EXPECT_THAT(output_of(line), HasSubstr("\n  " + std::string(command.verb) + " "));
    }
}

TEST(CommandLine, SaysWhichWordsAreMissing) {
    EXPECT_THAT(usage_error({"rule", "delete"}), HasSubstr("words are missing: [TABLE CHAIN] handle HANDLE"));
    EXPECT_THAT(usage_error({"chain", "policy"}), HasSubstr("words are missing: [TABLE CHAIN] accept|drop"));
}

TEST(CommandLine, KnowsItsVersion) {
    const CommandLine line = parse({"--version"});
    ASSERT_TRUE(line.action);
    EXPECT_THAT(output_of(line), testing::StartsWith("xdpctl "));
}

TEST(CommandLine, RefusesUnknownCommands) {
    EXPECT_THAT(usage_error({"attack", "eth0"}), HasSubstr("'attack' is no command"));
    EXPECT_THAT(usage_error({"rule", "ad"}), HasSubstr("'ad' is no command"));
}

TEST(CommandLine, RefusesValuesOutOfRange) {
    EXPECT_THAT(usage_error({"status", "--lock-timeout", "-1"}), HasSubstr("-1"));
    EXPECT_THAT(usage_error({"attach", "eth0", "--hook", "sideways"}), HasSubstr("sideways"));
    EXPECT_THAT(usage_error({"attach", "eth0", "--mode", "fast"}), HasSubstr("fast"));
    EXPECT_THAT(usage_error({"test-run", "--pcap", "x", "--mode", "native"}), HasSubstr("native"));
}

TEST(CommandLine, RefusesContradictions) {
    usage_error({"stats", "eth0", "--reset"});
    usage_error({"stats", "--watch", "--rates"});
}

TEST(CommandLine, KeepsJsonForItsOwnErrors) {
    EXPECT_EQ(parse({"attach", "eth0", "--json", "--mode", "fast"}).format, Output::Format::Json);
    EXPECT_EQ(parse({"attach", "eth0", "--mode", "fast", "--json"}).format, Output::Format::Json);
}

TEST(CommandLine, TakesNamesOfCommandsForInterfacesAndWords) {
    EXPECT_TRUE(parse({"attach", "status", "list"}).action);
    EXPECT_TRUE(parse({"rule", "add", "rule", "list", "tcp", "dport", "22", "drop"}).action);
}

TEST(CommandLine, TakesOptionsBetweenRuleWords) {
    EXPECT_TRUE(parse({"rule", "add", "--hook", "egress", "tcp", "dport", "!=", "22-25", "drop", "--json"}).action);
}

TEST(Version, IsText) {
    EXPECT_THAT(output_of(parse({"version"})), HasSubstr("xdpctl " XDPCTL_VERSION));
}

TEST(Version, IsJson) {
    const auto object = nlohmann::json::parse(output_of(parse({"version", "--json"})));
    EXPECT_EQ(object["version"], XDPCTL_VERSION);
    EXPECT_TRUE(object["libbpf"].is_string());
    EXPECT_TRUE(object["kernel"].is_string());
}

}  // namespace
}  // namespace xdpctl::cli
