// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/cli_fixture.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace xdpctl::test {

namespace {

using testing::HasSubstr;

std::uint64_t judged(const nlohmann::json& stats) {
    return stats["total"]["accept"]["packets"].get<std::uint64_t>() +
           stats["total"]["drop"]["packets"].get<std::uint64_t>();
}

}  // namespace

CliTest::CliTest() : files_(std::filesystem::temp_directory_path() / fmt::format("xdpctl_cli_test_{}", getpid())) {
    pair.left().add_address(fmt::format("{}/24", here_address));
    pair.right().add_address(fmt::format("{}/24", there_address));
    pair.left().add_neighbour(there_address, pair.right().mac());
    pair.right().add_neighbour(here_address, pair.left().mac());
    std::filesystem::create_directory(files_);
}

CliTest::~CliTest() {
    std::filesystem::remove_all(files_);
    EXPECT_EQ(xdpctl({"flush", "ruleset"}).status, 0);
    for (const auto& entry : std::filesystem::directory_iterator(bpffs.path()))
        EXPECT_FALSE(entry.is_directory()) << entry.path() << " is left";
}

CommandResult CliTest::xdpctl(std::vector<std::string> arguments, const std::string& input) const {
    arguments.insert(arguments.begin(), XDPCTL_BINARY);
    return here.run([&] { return run_command(arguments, input); });
}

CommandResult CliTest::shell(const std::string& line) const {
    return here.run([&] { return run_command({"bash", "-c", "X=" XDPCTL_BINARY "\n" + line}); });
}

std::string CliTest::succeed(const std::vector<std::string>& arguments, const std::string& input) const {
    const CommandResult result = xdpctl(arguments, input);
    EXPECT_EQ(result.status, 0) << testing::PrintToString(arguments) << "\n" << result.err;
    return result.out;
}

nlohmann::json CliTest::succeed_json(std::vector<std::string> arguments, const std::string& input) const {
    arguments.emplace_back("--json");
    const std::string out = succeed(arguments, input);
    EXPECT_TRUE(nlohmann::json::accept(out)) << out;
    return nlohmann::json::parse(out, nullptr, false);
}

void CliTest::refuse(const std::vector<std::string>& arguments, ErrorKind kind, const std::string& message,
                     const std::string& input) const {
    const std::string before = state();
    const CommandResult text = xdpctl(arguments, input);
    EXPECT_EQ(text.status, static_cast<int>(kind)) << testing::PrintToString(arguments) << "\n" << text.err;
    EXPECT_EQ(text.out, "");
    EXPECT_THAT(text.err, HasSubstr(message));

    std::vector<std::string> with_json = arguments;
    with_json.insert(with_json.begin(), "--json");
    const CommandResult result = xdpctl(with_json, input);
    EXPECT_EQ(result.status, static_cast<int>(kind));
    const std::string last_line = result.err.substr(result.err.rfind("{\"error\""));
    const auto object = nlohmann::json::parse(last_line, nullptr, false);
    ASSERT_TRUE(object.is_object()) << result.err;
    EXPECT_EQ(object["error"]["exit_code"], static_cast<int>(kind));
    std::string all;
    for (const char* part : {"what", "cause", "next"})
        if (object["error"].contains(part))
            all += object["error"][part].get<std::string>() + '\n';
    EXPECT_THAT(all, HasSubstr(message));
    EXPECT_EQ(state(), before) << "something was changed";
}

std::uint64_t CliTest::add_rule(const std::vector<std::string>& words) const {
    std::vector<std::string> arguments{"rule", "add"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return succeed_json(arguments)["rule"]["handle"];
}

std::string CliTest::state() const {
    return succeed({"list", "ruleset", "-a"}) + succeed({"status", "--json"});
}

void CliTest::send(std::uint16_t port, unsigned count, std::size_t payload) const {
    const UdpSocket socket(there, there_address, 0);
    for (unsigned i = 0; i < count; ++i)
        socket.send(here_address, port, std::string(payload, 'x'));
}

nlohmann::json CliTest::stats_after(std::uint64_t packets) const {
    nlohmann::json stats = succeed_json({"stats"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (judged(stats) < packets && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        stats = succeed_json({"stats"});
    }
    EXPECT_EQ(judged(stats), packets) << stats.dump(2);
    return stats;
}

std::uint64_t CliTest::first_rule() const {
    const auto listed = succeed_json({"rule", "list"});
    for (const auto& object : listed["nftables"])
        if (object.contains("rule"))
            return object["rule"]["handle"].get<std::uint64_t>();
    ADD_FAILURE() << listed;
    return 0;
}

Count CliTest::rule_count(std::uint64_t handle) const {
    const auto stats = succeed_json({"stats"});
    for (const auto& rule : stats["rules"])
        if (rule["handle"] == handle)
            return {rule["packets"], rule["bytes"]};
    ADD_FAILURE() << "no rule with handle " << handle << " counts";
    return {};
}

std::string CliTest::file(const std::string& name, const std::string& content) const {
    const std::filesystem::path path = files_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
}

}  // namespace xdpctl::test
