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
constexpr std::size_t frames_at_once = 64;

// In front of and behind the table under test.
constexpr std::string_view around = R"(table netdev around {
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

}  // namespace

Station::Station(unsigned mtu)
    : way_in_(outside_, "eth1", inside_, "eth0", mtu),
      way_out_(inside_, "out0", outside_, "sink0", mtu),
      source_(way_in_.left()),
      sink_(way_out_.right()),
      counts_(inside_) {}

CommandResult Station::run(const std::vector<std::string>& argv, const std::string& input) const {
    return inside_.run([&] { return run_command(argv, input); });
}

CommandResult Station::load_nft(const std::string& table) const {
    return run({"nft", "-f", "-"}, "flush ruleset\n" + std::string(around) + table);
}

std::uint64_t Station::arrived() {
    return nft_counts("around").front().packets;
}

std::uint64_t Station::passed() {
    return nft_counts("around").back().packets;
}

void Station::receive(std::vector<Bytes>& out, std::chrono::milliseconds timeout) {
    while (const auto frame = sink_.receive(timeout)) {
        const auto bytes = std::as_bytes(std::span(*frame));
        out.emplace_back(bytes.begin(), bytes.end());
    }
}

std::vector<Bytes> Station::send(std::span<const Bytes> frames, const std::function<bool()>& is_done) {
    constexpr std::chrono::milliseconds at_once(0);
    const std::uint64_t before = passed();
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        source_.send({reinterpret_cast<const std::uint8_t*>(frames[i].data()), frames[i].size()});
        if (i % frames_at_once == 0)
            receive(out, at_once);
    }
    const auto deadline = Clock::now() + arrival_timeout;
    while (!is_done()) {
        if (Clock::now() > deadline) {
            ADD_FAILURE() << "not all frames are judged, or more are";
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    receive(out, at_once);
    const std::uint64_t expected = passed() - before;
    while (out.size() < expected && Clock::now() < deadline)
        receive(out, std::chrono::milliseconds(2));
    EXPECT_EQ(out.size(), expected) << "a frame that passed has not arrived";
    return out;
}

std::vector<Bytes> Station::send(std::span<const Bytes> frames) {
    const std::uint64_t expected = arrived() + frames.size();
    return send(frames, [&] { return arrived() == expected; });
}

bool has_nft() {
    return run_command({"nft", "--version"}).status == 0;
}

}  // namespace xdpctl::test
