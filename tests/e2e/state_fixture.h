// SPDX-License-Identifier: BSD-2-Clause
// The pinned state of a network namespace with two real devices, eth0 and eth1, and writers that can be killed.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/bpffs.h"
#include "kernel/count_reader.h"
#include "kernel/state.h"
#include "lang/parse.h"
#include "ruleset/edit.h"
#include "support/bpffs.h"
#include "support/netns.h"
#include "support/traffic.h"

namespace xdpctl::kernel {

inline constexpr std::chrono::milliseconds lock_timeout{200};

template <typename T>
T take(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().text());
    return std::move(*result);
}
inline void take(const Status& status) {
    if (!status)
        throw std::runtime_error(status.error().text());
}

inline ruleset::Rule rule(std::string_view text) {
    return take(lang::parse_rule(text, "<test>"));
}

inline State open_for_writing() {
    Warnings warnings;
    return take(State::open_for_writing(lock_timeout, warnings));
}

// What a child process does, in the caller's namespaces. Exits 1 with the message when it throws.
pid_t fork_child(const std::function<void()>& action);
int wait_for(pid_t child);

std::size_t open_descriptors();

// Runs `action` in a child that is killed before its n-th system call that changes something; false when it has fewer.
bool kill_at_call(unsigned n, const std::function<void()>& action);

class StateTest : public testing::Test {
protected:
    void SetUp() override {
        connect(pair_);
        connect(second_);
        Warnings warnings;
        directory_ = take(here_.run([&] { return state_directory(false, warnings); }));
        descriptors_ = open_descriptors();
    }

    void TearDown() override {
        sender_.reset();
        change([](ruleset::Ruleset& ruleset) { ruleset.tables.clear(); });
        EXPECT_FALSE(std::filesystem::exists(directory_)) << "pins were left below " << directory_;
        EXPECT_LE(open_descriptors(), descriptors_) << "descriptors were left open";
    }

    static void connect(const test::VethPair& pair) {
        const bool first = pair.left().name() == "eth0";
        const std::string prefix = first ? "192.0.2." : "198.51.100.";
        pair.left().add_address(prefix + "1/24");
        pair.right().add_address(prefix + "2/24");
        pair.left().add_neighbour(prefix + "2", pair.right().mac());
        pair.right().add_neighbour(prefix + "1", pair.left().mac());
    }

    // Opens, edits, commits, closes: what one command does.
    Status try_change(const std::function<void(ruleset::Ruleset&)>& edit, const CommitOptions& options = {}) {
        return here_.run([&]() -> Status {
            warnings_.clear();
            auto state = State::open_for_writing(lock_timeout, warnings_);
            if (!state)
                return std::unexpected(state.error());
            ruleset::Ruleset next = state->ruleset();
            edit(next);
            return state->commit(std::move(next), options, warnings_);
        });
    }
    void change(const std::function<void(ruleset::Ruleset&)>& edit, const CommitOptions& options = {}) {
        take(try_change(edit, options));
    }

    State read() const {
        return here_.run([] { return take(State::open()); });
    }

    Handle add(std::string_view text, ruleset::Position position = {}, const ruleset::ChainName& chain = {}) {
        Handle handle{};
        change([&](ruleset::Ruleset& ruleset) { handle = take(add_rule(ruleset, chain, rule(text), position)); });
        return handle;
    }

    void attach(const std::string& device, ruleset::Hook hook = ruleset::Hook::Ingress,
                xdpctl_mode mode = XDPCTL_MODE_AUTO) {
        const ruleset::ChainName chain{std::string(ruleset::default_table), std::string(default_chain(hook))};
        change([&](ruleset::Ruleset& ruleset) { take(add_device(ruleset, chain, hook, device)); },
               {.modes = {{device, mode}}});
    }

    // Datagrams from the other side, each judged before this returns.
    void send(unsigned count, std::uint16_t port = 4000, const std::string& to = "192.0.2.1") {
        if (!sender_)
            sender_ = std::make_unique<test::UdpSocket>(there_, "0.0.0.0", 0);
        for (unsigned i = 0; i < count; ++i)
            sender_->send(to, port, "payload");
        settle_traffic();
    }

    // Datagrams from the other side while `change` runs, all of them judged. Returns how many.
    std::uint64_t send_during(const std::function<void()>& change) const {
        std::atomic<bool> stop = false;
        std::uint64_t sent = 0;
        std::thread traffic([&] {
            const test::UdpSocket socket(there_, "0.0.0.0", 0);
            for (; !stop; ++sent)
                socket.send("192.0.2.1", 4000, std::to_string(sent));
        });
        change();
        stop = true;
        traffic.join();
        settle_traffic();
        return sent;
    }

    // Each by a rule that decides, and by both verdicts.
    void expect_judged_by_rules(std::uint64_t sent) const {
        EXPECT_EQ(judged([](const DeviceCount& count) { return count.reason == XDPCTL_REASON_RULE; }), sent);
        EXPECT_EQ(judged([](const DeviceCount& count) { return count.reason != XDPCTL_REASON_RULE; }), 0U);
        for (const xdpctl_verdict each : {XDPCTL_ACCEPT, XDPCTL_DROP})
            EXPECT_GT(judged([&](const DeviceCount& count) { return count.verdict == each; }), 0U);
    }

    // Packets on a veth pair wait in the receiving CPU's queue for its next softirq at most.
    static void settle_traffic() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

    std::uint64_t packets(Handle handle) const {
        const auto counts = here_.run([&] { return take(read().rule_counts()); });
        const auto by_reader = here_.run([] { return counts_by_reader(); });
        if (here_.run([&] { return take(read().rule_counts()); }) == counts) {  // else packets came meanwhile
            EXPECT_EQ(by_reader, counts) << "readers that parse no rules count otherwise";
        }
        return counts.at(handle).packets;
    }

    static std::map<Handle, Count> counts_by_reader() {
        const CountReader reader = take(CountReader::open());
        const auto counts = reader.rule_counts();
        std::map<Handle, Count> out;
        for (const auto& [chain, rules] : reader.outline().rules)
            for (std::size_t i = 0; i < rules.size(); ++i)
                if (const auto& count = counts.at(chain)[i])
                    out.emplace(rules[i].handle, *count);
        return out;
    }

    std::vector<DeviceStatus> devices() const {
        return here_.run([&] { return take(take(State::open()).devices()); });
    }

    std::uint64_t judged(const std::function<bool(const DeviceCount&)>& which) const {
        std::uint64_t sum = 0;
        for (const DeviceCount& count : take(read().device_counts()))
            sum += which(count) ? count.count.packets : 0;
        return sum;
    }

    std::set<std::string> pins() const {
        std::set<std::string> out;
        if (std::filesystem::exists(directory_)) {
            for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_))
                out.insert(std::filesystem::relative(entry.path(), directory_));
        }
        return out;
    }

    test::Bpffs bpffs_;
    test::Netns here_;
    test::Netns there_;
    test::VethPair pair_{here_, "eth0", there_, "peer0"};
    test::VethPair second_{here_, "eth1", there_, "peer1"};
    std::filesystem::path directory_;
    std::size_t descriptors_ = 0;
    Warnings warnings_;
    std::unique_ptr<test::UdpSocket> sender_;
};

}  // namespace xdpctl::kernel
