// SPDX-License-Identifier: BSD-2-Clause
#include "e2e/station.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>
#include <thread>

namespace xdpctl::test {

namespace {

using Clock = std::chrono::steady_clock;

// Fewer frames than the receiving socket has room for.
constexpr std::size_t frames_at_once = 16;

// What sends on and, with a counter, what is in front of and behind the table under test.
constexpr std::string_view around_ingress = R"(table netdev around {
	chain before {
		type filter hook ingress device "eth0" priority -500
		counter
	}
	chain behind {
		type filter hook ingress device "eth0" priority 500
		counter fwd to "out0"
	}
}
)";
constexpr std::string_view around_egress = R"(table netdev around {
	chain in {
		type filter hook ingress device "in0" priority 0
		fwd to "eth0"
	}
	chain before {
		type filter hook egress device "eth0" priority -500
		counter
	}
	chain behind {
		type filter hook egress device "eth0" priority 500
		counter
	}
}
)";

}  // namespace

Station::Station(ruleset::Hook hook, Sink sink)
    : hook_(hook),
      way_in_(outside_, "source0", inside_, hook == ruleset::Hook::Ingress ? "eth0" : "in0"),
      way_out_(inside_, hook == ruleset::Hook::Ingress ? "out0" : "eth0", outside_, "sink0"),
      source_(way_in_.left()),
      sink_(sink == Sink::Wire ? way_out_.right() : way_in_.right()),
      counts_(inside_) {
    inside_.shell("ip link add eth1 type veth peer name eth2 && ip link add eth3 type veth peer name eth4");
}

CommandResult Station::run(const std::vector<std::string>& argv, const std::string& input) const {
    return inside_.run([&] { return run_command(argv, input); });
}

CommandResult Station::load_nft(const std::string& table) const {
    const std::string_view around = hook_ == ruleset::Hook::Ingress ? around_ingress : around_egress;
    return run({"nft", "-f", "-"}, "flush ruleset\n" + std::string(around) + table);
}

void Station::receive(std::vector<Bytes>& out, std::chrono::milliseconds timeout) {
    while (const auto frame = sink_.receive(timeout)) {
        const auto bytes = std::as_bytes(std::span(*frame));
        out.emplace_back(bytes.begin(), bytes.end());
    }
}

std::vector<Bytes> Station::send(std::span<const Bytes> frames,
                                 const std::function<std::optional<std::uint64_t>()>& accepted) {
    constexpr std::chrono::milliseconds at_once(0);
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        source_.send({reinterpret_cast<const std::uint8_t*>(frames[i].data()), frames[i].size()});
        if (i % frames_at_once == 0)
            receive(out, at_once);
    }
    const auto deadline = Clock::now() + arrival_timeout;
    std::optional<std::uint64_t> expected = accepted();
    for (; !expected && Clock::now() < deadline; expected = accepted())
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_TRUE(expected) << "not all frames are judged, or more are";
    receive(out, at_once);
    while (expected && out.size() < *expected && Clock::now() < deadline)
        receive(out, std::chrono::milliseconds(2));
    EXPECT_EQ(out.size(), expected.value_or(out.size())) << "a frame that passed has not arrived";
    return out;
}

std::vector<Bytes> Station::send(std::span<const Bytes> frames) {
    const auto before = nft_counts("around");
    return send(frames, [&]() -> std::optional<std::uint64_t> {
        const auto now = nft_counts("around");
        if (now.front().packets - before.front().packets != frames.size())
            return std::nullopt;
        return now.back().packets - before.back().packets;
    });
}

bool has_nft() {
    return run_command({"nft", "--version"}).status == 0;
}

}  // namespace xdpctl::test
