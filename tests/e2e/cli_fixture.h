// SPDX-License-Identifier: BSD-2-Clause
// The built command, run in a network namespace of its own with real devices: eth0 and eth1 here, their peers there.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "support/bpffs.h"
#include "support/command.h"
#include "support/netns.h"
#include "support/traffic.h"

namespace xdpctl::test {

class CliTest : public testing::Test {
protected:
    static constexpr const char* here_address = "192.0.2.1";
    static constexpr const char* there_address = "192.0.2.2";

    CliTest();
    ~CliTest() override;

    [[nodiscard]] CommandResult xdpctl(std::vector<std::string> arguments, const std::string& input = {}) const;
    // The arguments as a shell line would have them; `$X` is the command. Runs in the namespace.
    [[nodiscard]] CommandResult shell(const std::string& line) const;

    // Each adds failures to the test when the command does not end as said.
    std::string succeed(const std::vector<std::string>& arguments, const std::string& input = {}) const;
    nlohmann::json succeed_json(std::vector<std::string> arguments, const std::string& input = {}) const;
    // The command fails with this kind and message, as text and as JSON, and changes nothing.
    void refuse(const std::vector<std::string>& arguments, ErrorKind kind, const std::string& message,
                const std::string& input = {}) const;

    // Handle that `rule add` and the like gave.
    std::uint64_t add_rule(const std::vector<std::string>& words) const;

    // Handle of the first rule of the chain that `rule list` shows.
    [[nodiscard]] std::uint64_t first_rule() const;

    // Everything that listings show of the namespace.
    [[nodiscard]] std::string state() const;

    // Datagrams from there to here.
    void send(std::uint16_t port, unsigned count, std::size_t payload = 10) const;
    // Waits until all of so many packets are judged, and returns the statistics.
    nlohmann::json stats_after(std::uint64_t packets) const;
    // {packets, bytes} of a rule.
    [[nodiscard]] Count rule_count(std::uint64_t handle) const;

    // A file with the content, removed with the test.
    std::string file(const std::string& name, const std::string& content) const;

    Bpffs bpffs;
    Netns here;
    Netns there;
    VethPair pair{here, "eth0", there, "peer0"};
    VethPair second{here, "eth1", there, "peer1"};

private:
    std::filesystem::path files_;
};

// Bytes that nftables counts for a datagram.
constexpr std::uint64_t datagram_bytes(std::size_t payload = 10) {
    return 20 + 8 + payload;
}

}  // namespace xdpctl::test
