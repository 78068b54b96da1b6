// SPDX-License-Identifier: BSD-2-Clause
// Rules at the ends of a chain of tables: judged, counted, listed and stored as if all rules had been compiled anew.
#include "kernel/overlay.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "e2e/state_fixture.h"
#include "kernel/layout.h"
#include "kernel/pin.h"
#include "lang/print.h"
#include "maps/counter.h"
#include "maps/stage.h"
#include "support/evaluator.h"
#include "support/random_chain.h"
#include "support/random_frame.h"

namespace xdpctl::kernel {
namespace {

namespace fs = std::filesystem;
using ruleset::Position;
using ruleset::Ruleset;
using testing::IsEmpty;
using testing::SizeIs;

using Edit = std::function<Status(Ruleset&)>;

// Enough for tables.
constexpr std::size_t many = 450;

class OverlayTest : public StateTest {
protected:
    void SetUp() override {
        StateTest::SetUp();
        attach("eth0");
        attach("eth1", ruleset::Hook::Ingress, XDPCTL_MODE_TC);
    }

    std::uint64_t passed_ = 0;  // packets that no rule decided about

    // In place of the chain's rules.
    void load(std::vector<ruleset::Rule> rules) {
        change([&](Ruleset& ruleset) {
            Ruleset next = ruleset;
            next.tables.front().chains.front().rules = std::move(rules);
            take(ruleset::adopt_handles(ruleset, next));
            ruleset = std::move(next);
        });
    }

    // Ports that no test sends to, with a counter each.
    void load_ports() {
        std::vector<ruleset::Rule> rules{rule("ip protocol udp counter")};
        for (unsigned port = 10'000; rules.size() < many; ++port)
            rules.push_back(rule("udp dport " + std::to_string(port) + " counter drop"));
        load(std::move(rules));
    }

    // Whether an overlay was enough.
    bool try_overlay(const Edit& edit) const {
        return here_.run([&] {
            auto overlay = take(RuleOverlay::open_for_writing(lock_timeout));
            if (!overlay)
                return false;
            Ruleset next = overlay->ruleset();
            return edit(next) && take(overlay->commit(next));
        });
    }

    Handle add_by_overlay(std::string_view text, Position position) const {
        Handle handle{};
        EXPECT_TRUE(try_overlay([&](Ruleset& next) -> Status {
            handle = take(add_rule(next, {}, rule(text), position));
            return {};
        })) << text;
        return handle;
    }

    bool delete_by_overlay(Handle handle) const {
        return try_overlay([&](Ruleset& next) { return delete_rule(next, {}, handle); });
    }

    // By an overlay, out of the tables.
    bool try_erasing(Handle handle) const {
        return here_.run([&] {
            auto overlay = take(RuleOverlay::open_for_writing(lock_timeout));
            return overlay && overlay->chain_with(handle) && take(overlay->erase(handle));
        });
    }

    static const ruleset::Chain& chain(const State& state) { return state.ruleset().tables.front().chains.front(); }

    // What programs the stages of parts hold, on the layer of eth0.
    std::vector<std::uint32_t> parts() const {
        const ChainKey key{chain(read()).handle, ruleset::Hook::Ingress};
        const Fd stages = take(open_pin(Layout(directory_).layer({key, Layer::Xdp}) / "stages"));
        std::vector<std::uint32_t> out;
        for (std::uint32_t stage = XDPCTL_STAGE_PART_FIRST; stage <= XDPCTL_STAGE_PART_LAST; ++stage)
            if (std::uint32_t id = 0; bpf_map_lookup_elem(stages.get(), &stage, &id) == 0)
                out.push_back(id);
        return out;
    }
};

TEST_F(OverlayTest, RulesOfTablesStayWhereTheyAre) {
    load_ports();
    const Ruleset before = read().ruleset();
    const Handle front = add_by_overlay("udp dport 4000 counter accept", {Position::Kind::Start, {}});
    const Handle behind = add_by_overlay("udp dport 4000 counter drop", {Position::Kind::End, {}});
    send(3);
    EXPECT_EQ(packets(front), 3U);
    EXPECT_EQ(packets(behind), 0U);
    EXPECT_EQ(packets(before.tables.front().chains.front().rules.front().handle), 0U);
    ASSERT_TRUE(delete_by_overlay(front));
    send(2);
    EXPECT_EQ(packets(behind), 2U);
    EXPECT_EQ(packets(before.tables.front().chains.front().rules.front().handle), 2U);
    ASSERT_TRUE(delete_by_overlay(behind));
    EXPECT_EQ(chain(read()).rules, before.tables.front().chains.front().rules);
    EXPECT_EQ(read().ruleset().last_handle, behind) << "handles are never used again";
}

TEST_F(OverlayTest, NextCommitCompilesAllRulesAgain) {
    load_ports();
    const Handle front = add_by_overlay("udp dport 4000 counter drop", {Position::Kind::Start, {}});
    const Handle behind = add_by_overlay("udp dport 4001 counter drop", {Position::Kind::End, {}});
    EXPECT_THAT(parts(), SizeIs(2));
    send(2);
    send(3, 4001);
    const Handle last = add("udp dport 4002 counter drop", {Position::Kind::After, front});
    EXPECT_THAT(parts(), IsEmpty()) << "programs that nothing calls are kept";
    send(1);
    send(1, 4002);
    EXPECT_EQ(packets(front), 3U);
    EXPECT_EQ(packets(behind), 3U);
    EXPECT_EQ(packets(last), 1U);
    EXPECT_EQ(chain(read()).rules.size(), many + 3);
}

TEST_F(OverlayTest, ARuleIsTakenOutOfTablesThatStay) {
    load_ports();
    const auto rules = chain(read()).rules;
    const Handle erased = rules[1].handle;  // of port 10,000
    const Handle behind = add_by_overlay("udp dport 10000-10001 counter drop", {Position::Kind::End, {}});
    send(2, 10'000);
    EXPECT_EQ(packets(erased), 2U);
    ASSERT_TRUE(try_erasing(erased));
    EXPECT_EQ(chain(read()).rules.size(), many);
    send(3, 10'000);
    send(4, 10'001);
    EXPECT_EQ(packets(behind), 3U);
    EXPECT_EQ(packets(rules[2].handle), 4U);
    EXPECT_FALSE(try_erasing(erased));
    add("udp dport 4000 drop");
    send(1, 10'000);
    EXPECT_EQ(packets(behind), 4U) << "a rule that was taken out is compiled again";
    EXPECT_EQ(chain(read()).rules.size(), many + 1);
}

// A rule with a limit takes a commit; in the tables it keeps its bucket, and can be taken out.
TEST_F(OverlayTest, BucketsOfTablesStayAsTheyAre) {
    std::vector<ruleset::Rule> rules{rule("limit rate 1/day burst 9 packets udp dport 4000 counter")};
    for (unsigned port = 10'000; rules.size() < many; ++port)
        rules.push_back(rule("udp dport " + std::to_string(port) + " counter drop"));
    load(std::move(rules));
    const Handle limited = chain(read()).rules.front().handle;
    const std::string_view another = "udp dport 4000 limit rate 1/day burst 2 packets counter";
    EXPECT_FALSE(try_overlay([&](Ruleset& ruleset) -> Status {
        take(add_rule(ruleset, {}, rule(another), {}));
        return {};
    }));
    send(3);
    add_by_overlay("udp dport 4001 accept", {Position::Kind::Start, {}});
    send(4);
    EXPECT_EQ(packets(limited), 7U);
    add("udp dport 4002 accept");
    send(1);
    EXPECT_EQ(packets(limited), 8U);
    ASSERT_TRUE(try_erasing(limited));
    const Handle next = add(another);
    send(5);
    EXPECT_EQ(packets(next), 2U);
}

// Without it those behind it would have to be there, which are not.
TEST_F(OverlayTest, ARuleThatHidesOthersStaysInTables) {
    std::vector<ruleset::Rule> rules{rule("ip saddr 10.0.0.0/8 udp dport 5000-5999 drop")};
    for (unsigned port = 5000; rules.size() < many; port += 2)
        rules.push_back(rule(fmt::format("ip saddr 10.0.0.0/8 udp dport {}-{} accept", port, port + 1)));
    load(std::move(rules));
    const ruleset::Ruleset before = read().ruleset();
    EXPECT_FALSE(try_erasing(before.tables.front().chains.front().rules.front().handle));
    EXPECT_TRUE(try_erasing(before.tables.front().chains.front().rules.back().handle)) << "hidden itself";
}

TEST_F(OverlayTest, WhatItCannotDoIsLeftAlone) {
    EXPECT_FALSE(try_overlay([](Ruleset&) -> Status { return {}; })) << "a chain without tables";
    load_ports();
    const State before = read();
    const Handle of_tables = chain(before).rules[100].handle;
    EXPECT_FALSE(delete_by_overlay(of_tables));
    for (const char* text : {"iifname eth0 drop", "jump elsewhere", "return"})
        EXPECT_FALSE(try_overlay([&](Ruleset& next) -> Status {
            std::vector<ruleset::Rule>& rules = next.tables.front().chains.front().rules;
            rules.push_back(rule(text));
            rules.back().handle = next.last_handle = Handle{std::to_underlying(next.last_handle) + 1};
            return {};
        })) << text;
    EXPECT_FALSE(try_overlay([](Ruleset& next) { return set_policy(next, {}, ruleset::Verdict::Drop); }));
    EXPECT_FALSE(try_overlay([](Ruleset& next) { return flush_chain(next, {}); }));
    EXPECT_FALSE(try_overlay([](Ruleset& next) {
        for (int i = 0; i < 65; ++i)
            take(add_rule(next, {}, rule("udp dport 7 drop"), {}));
        return Status{};
    }));
    EXPECT_EQ(read().ruleset(), before.ruleset());
    EXPECT_EQ(read().generation(), before.generation());
}

// Stages are used in turn: more commits than there are stages.
TEST_F(OverlayTest, UnderTrafficEveryPacketIsJudgedByAWholeRuleset) {
    load_ports();
    const Handle all = chain(read()).rules.front().handle;
    Handle verdict = add_by_overlay("udp dport 4000 accept", {Position::Kind::End, {}});
    const std::uint64_t sent = send_during([&] {
        for (int i = 0; i < 100 && !HasFailure(); ++i)
            EXPECT_TRUE(try_overlay([&](Ruleset& next) -> Status {
                const char* text = i % 2 == 0 ? "udp dport 4000 drop" : "udp dport 4000 accept";
                const Handle former = verdict;
                verdict = take(add_rule(next, {}, rule(text), {Position::Kind::Before, former}));
                return delete_rule(next, {}, former);
            }));
    });
    EXPECT_EQ(packets(all), sent);
    expect_judged_by_rules(sent);
}

// Against the evaluator, through the programs of both devices.
class RandomOverlayTest : public OverlayTest {
protected:
    void SetUp() override {
        OverlayTest::SetUp();
        for (const DeviceStatus& device : devices())
            programs_.push_back({device.name, Fd(bpf_prog_get_fd_by_id(device.attachment.program_id))});
    }

    void TearDown() override {
        programs_.clear();
        OverlayTest::TearDown();
    }

    // As its text means it.
    std::vector<ruleset::Rule> random_rules(std::size_t count) {
        std::vector<ruleset::Rule> rules;
        while (rules.size() < count) {
            const auto chain = test::random_chain(random_, ruleset::Hook::Ingress, 1, test::MatchedFields::OfFrame);
            if (auto read = lang::parse_rule(lang::print_rule(chain.rules.front()), "<test>"))
                rules.push_back(*std::move(read));
        }
        return rules;
    }

    // Next to a rule or at an end.
    Position random_position(const ruleset::Chain& chain) {
        const auto kind = static_cast<Position::Kind>(number_below(4));
        if (kind == Position::Kind::End || kind == Position::Kind::Start)
            return {kind, {}};
        // Mostly one near the ends.
        const std::size_t near = number_below(4);
        const std::size_t index = number_below(2) == 0 ? near : chain.rules.size() - 1 - near;
        return {kind, chain.rules[index].handle};
    }

    std::size_t number_below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
    }

    // Random edits of the running ruleset, by an overlay where one is enough; `model` follows.
    void edit(Ruleset& model) {
        const ruleset::Chain& rules = model.tables.front().chains.front();
        const bool deletes = number_below(2) == 0;
        const Handle deleted = rules.rules[number_below(rules.rules.size())].handle;
        const Position position = random_position(rules);
        const ruleset::Rule added = random_rules(1).front();
        const Edit edit = [&](Ruleset& next) -> Status {
            if (deletes)
                return delete_rule(next, {}, deleted);
            const auto handle = add_rule(next, {}, added, position);
            return handle ? Status{} : std::unexpected(handle.error());
        };
        take(edit(model));
        if (try_overlay(edit))
            ++by_overlay_;
        else if (deletes && try_erasing(deleted))
            ++erased_;
        else
            change([&](Ruleset& next) { take(edit(next)); });
    }

    // Packets of both devices, counted by the rules' handles.
    void judge(const ruleset::Chain& chain, std::map<Handle, Count>& counts) {
        const auto frame = test::random_frame(random_, chain);
        const test::Fields fields = test::parse_frame(frame, chain.hook);
        for (const auto& [device, program] : programs_) {
            const bool at_tc = device == "eth1";
            if (at_tc && frame.size() < 14 + 40)  // test runs take none whose IP header is cut off
                continue;
            const test::Evaluation expected = evaluate(chain, fields, device);
            for (const std::size_t rule : expected.counted)
                counts[chain.rules[rule].handle] += {1, fields.length};
            LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                        .data_size_in = static_cast<std::uint32_t>(frame.size()), .repeat = 1);
            ASSERT_EQ(bpf_prog_test_run_opts(program.get(), &options), 0);
            const std::uint32_t drop = at_tc ? 2 : 1;  // TC_ACT_SHOT, XDP_DROP
            ASSERT_EQ(options.retval == drop, expected.verdict == ruleset::Verdict::Drop)
                << device << " " << test::hex(frame) << "\n"
                << lang::print_chain(chain);
        }
    }

    struct Program {
        std::string device;
        Fd entry;
    };
    std::vector<Program> programs_;
    std::mt19937 random_{11};
    unsigned by_overlay_ = 0, erased_ = 0;
};

TEST_F(RandomOverlayTest, JudgesAndCountsAsTheEvaluatorSays) {
    load(random_rules(many));
    Ruleset model = read().ruleset();
    const ruleset::Chain& rules = model.tables.front().chains.front();
    std::map<Handle, Count> counts;
    for (int round = 0; round < 40; ++round) {
        edit(model);
        ASSERT_EQ(read().ruleset(), model);
        for (int i = 0; i < 50; ++i)
            judge(rules, counts);
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
    EXPECT_GT(by_overlay_, 5U) << "hardly an edit was one for an overlay";
    EXPECT_GT(erased_, 5U) << "hardly a rule was taken out of the tables";
    const auto got = here_.run([&] { return take(read().rule_counts()); });
    for (const auto& [handle, count] : got)
        EXPECT_EQ(count, counts[handle]) << "rule " << std::to_underlying(handle);
}

// The old or the new ruleset runs, whole, and the next writer leaves nothing of the other.
TEST_F(OverlayTest, AWriterCanBeKilledBeforeEachSystemCallThatChangesSomething) {
    load_ports();
    Handle front = add_by_overlay("udp dport 4000 counter drop", {Position::Kind::Start, {}});
    add_by_overlay("udp dport 4001 counter drop", {Position::Kind::End, {}});
    unsigned call = 1;
    const auto replace_front = [&] {
        EXPECT_TRUE(try_overlay([&](Ruleset& next) -> Status {
            take(add_rule(next, {}, rule("udp dport 4000 counter drop"), {Position::Kind::Before, front}));
            return delete_rule(next, {}, front);
        }));
    };
    for (; kill_at_call(call, replace_front); ++call) {
        const State before = read();
        send(1);
        EXPECT_EQ(take(before.rule_counts()).size(), many + 2) << "a rule without its slot";
        const std::uint64_t front_count = packets(chain(before).rules.front().handle);
        EXPECT_GT(front_count, 0U) << "what is listed is not what runs";
        {
            const State state = here_.run([&] { return open_for_writing(); });
            EXPECT_EQ(state.ruleset(), before.ruleset()) << "what was listed is not what ran";
            const std::string generation = "gen-" + std::to_string(state.generation());
            for (const std::string& pin : pins())
                EXPECT_TRUE(pin.starts_with(generation) || pin.starts_with("chain-")) << pin;
        }
        EXPECT_THAT(parts(), SizeIs(2));
        send(1);
        EXPECT_EQ(packets(chain(read()).rules.front().handle), front_count + 1);
        if (HasFailure())
            FAIL() << "killed before call " << call;
        front = chain(read()).rules.front().handle;
    }
    EXPECT_GT(call, 20U);
}

TEST_F(OverlayTest, AWriterCanBeKilledWhileItTakesARuleOutOfTables) {
    load_ports();
    const auto rules = chain(read()).rules;
    std::size_t first = 1;  // of those that are there
    unsigned call = 1;
    for (; kill_at_call(call, [&] { EXPECT_TRUE(try_erasing(rules[first].handle)); }); ++call) {
        const State before = read();
        EXPECT_EQ(here_.run([&] { return open_for_writing(); }).ruleset(), before.ruleset());
        const bool is_there = chain(before).rules[1].handle == rules[first].handle;
        const auto all = packets(rules.front().handle);
        const auto port = static_cast<std::uint16_t>(10'000 + first - 1);
        const auto counted = is_there ? packets(rules[first].handle) : 0;
        send(1, port);
        EXPECT_EQ(packets(rules.front().handle), all + 1);
        if (is_there)
            EXPECT_EQ(packets(rules[first].handle), counted + 1) << "what is listed is not what runs";
        else
            EXPECT_EQ(judged([](const DeviceCount& count) { return count.reason == XDPCTL_REASON_POLICY; }), ++passed_)
                << "a rule that is not listed runs";
        if (HasFailure())
            FAIL() << "killed before call " << call;
        first += is_there ? 0 : 1;
    }
    EXPECT_GT(call, 20U);
}

}  // namespace
}  // namespace xdpctl::kernel
