// SPDX-License-Identifier: BSD-2-Clause
#include "compile/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "compile/assembler.h"
#include "compile/condition.h"
#include "compile/cost.h"
#include "compile/decision.h"
#include "maps/counter.h"
#include "maps/packet.h"

namespace xdpctl::compile {
namespace {

using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Relation;
using ruleset::Value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Match match(Field field, std::vector<Interval> values, Relation relation = Relation::Equal) {
    Match out;
    out.field = field;
    out.relation = relation;
    out.values = std::move(values);
    return out;
}

// Field, headers that it needs, and the bytes of struct xdpctl_packet that it is made of.
struct Place {
    Field field;
    std::uint32_t headers;
    std::vector<Word> words;
};

class FieldPlaces : public testing::TestWithParam<Place> {};

TEST_P(FieldPlaces, AreThoseOfThePacket) {
    const Condition got = condition(match(GetParam().field, {{1, 1}}), {});
    EXPECT_EQ(got.headers, GetParam().headers);
    EXPECT_EQ(got.words, GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, FieldPlaces,
    testing::Values(Place{Field::EtherSaddr, XDPCTL_HEADER_ETHERNET, {{48, 2, 0xffff}, {40, 4, 0xffffffff}}},
                    Place{Field::EtherDaddr, XDPCTL_HEADER_ETHERNET, {{50, 2, 0xffff}, {44, 4, 0xffffffff}}},
                    Place{Field::VlanId, XDPCTL_HEADER_VLAN, {{56, 2, 0xfff}}},
                    Place{Field::IpSaddr, XDPCTL_HEADER_IPV4, {{0, 4, 0xffffffff}}},
                    Place{Field::Ip6Daddr,
                          XDPCTL_HEADER_IPV6,
                          {{16, 4, 0xffffffff}, {20, 4, 0xffffffff}, {24, 4, 0xffffffff}, {28, 4, 0xffffffff}}},
                    Place{Field::TcpDport, XDPCTL_HEADER_TCP, {{62, 2, 0xffff}}},
                    Place{Field::UdpSport, XDPCTL_HEADER_UDP, {{60, 2, 0xffff}}},
                    Place{Field::Icmpv6Type, XDPCTL_HEADER_ICMPV6, {{73, 1, 0xff}}},
                    Place{Field::MetaL4proto, XDPCTL_HEADER_L4PROTO, {{71, 1, 0xff}}},
                    Place{Field::MetaLength, 0, {{36, 4, 0xffffffff}}}));

TEST(Condition, TurnsEveryRelationIntoValues) {
    const auto values = [](Relation relation, Value value) {
        return condition(match(Field::TcpDport, {{value, value}}, relation), {}).holds;
    };
    EXPECT_THAT(values(Relation::Equal, 22), ElementsAre(Interval{22, 22}));
    EXPECT_THAT(values(Relation::NotEqual, 22), ElementsAre(Interval{0, 21}, Interval{23, 65535}));
    EXPECT_THAT(values(Relation::NotEqual, 0), ElementsAre(Interval{1, 65535}));
    EXPECT_THAT(values(Relation::NotEqual, 65535), ElementsAre(Interval{0, 65534}));
    EXPECT_THAT(values(Relation::Less, 22), ElementsAre(Interval{0, 21}));
    EXPECT_THAT(values(Relation::Less, 0), IsEmpty());
    EXPECT_THAT(values(Relation::LessEqual, 22), ElementsAre(Interval{0, 22}));
    EXPECT_THAT(values(Relation::Greater, 22), ElementsAre(Interval{23, 65535}));
    EXPECT_THAT(values(Relation::Greater, 65535), IsEmpty());
    EXPECT_THAT(values(Relation::GreaterEqual, 0), ElementsAre(Interval{0, 65535}));
}

TEST(Condition, JoinsNeighboursOfASet) {
    const Condition got = condition(match(Field::TcpDport, {{1, 5}, {6, 6}, {8, 9}}), {});
    EXPECT_THAT(got.holds, ElementsAre(Interval{1, 6}, Interval{8, 9}));
}

TEST(Condition, HoldsForAnyFlagOfAMask) {
    Match flags;
    flags.field = Field::TcpFlags;
    flags.is_flags = true;
    flags.mask = 0x12;
    const Condition got = condition(flags, {});
    EXPECT_EQ(got.words.front().mask, 0x12);
    EXPECT_THAT(got.holds, ElementsAre(Interval{1, 255}));
}

TEST(Condition, TurnsNamesIntoTheSlotsOfDevices) {
    const std::vector<std::string> slots{"eth0", "", "wan0", "eth1"};
    Match names;
    names.field = Field::MetaIifname;
    names.names = {"eth*", "wan1"};
    EXPECT_THAT(condition(names, slots).holds, ElementsAre(Interval{0, 0}, Interval{3, 3}));
    names.relation = Relation::NotEqual;
    EXPECT_THAT(condition(names, slots).holds, ElementsAre(Interval{1, 2}, Interval{4, 65535}));
    names.names = {"*"};
    names.relation = Relation::Equal;
    EXPECT_THAT(condition(names, slots).holds, ElementsAre(Interval{0, 0}, Interval{2, 3}));
}

TEST(Hull, IsTheLastWordThatIsConfined) {
    const Value network = Value{0x20010db8} << 96;
    const auto of = [&](Value first, Value last) {
        return hull(condition(match(Field::Ip6Saddr, {{first, last}}), {}));
    };
    const auto host = of(network + 5, network + 5);
    ASSERT_TRUE(host);
    EXPECT_EQ(host->word.offset, 12);
    EXPECT_EQ(host->first, 5);
    EXPECT_EQ(host->last, 5);
    const auto prefix32 = of(network, network + (Value{1} << 96) - 1);
    ASSERT_TRUE(prefix32);
    EXPECT_EQ(prefix32->word.offset, 0);
    const auto prefix48 = of(network + (Value{7} << 80), network + (Value{8} << 80) - 1);
    ASSERT_TRUE(prefix48);
    EXPECT_EQ(prefix48->word.offset, 4);
    EXPECT_EQ(prefix48->first, 0x70000);
    EXPECT_EQ(prefix48->last, 0x7ffff);
    EXPECT_FALSE(hull(condition(match(Field::Ip6Saddr, {{5, 5}}, Relation::NotEqual), {})));
}

std::size_t decision_size(const Match& tested) {
    Assembler assembler;
    const Label holds = assembler.label();
    const Label fails = assembler.label();
    emit_decision(assembler, condition(tested, {}), Registers{.context = Register::R6, .packet = Register::R7},
                  {.holds = holds, .fails = fails, .next = fails});
    return assembler.size();
}

TEST(Decision, IsAsShortAsTheMatchAllows) {
    EXPECT_EQ(decision_size(match(Field::TcpDport, {{22, 22}})), 2);       // load, compare
    EXPECT_EQ(decision_size(match(Field::TcpDport, {{1024, 65535}})), 2);  // load, compare
    EXPECT_EQ(decision_size(match(Field::TcpDport, {{100, 200}})), 3);     // load, subtract, compare
    EXPECT_EQ(decision_size(match(Field::IpSaddr, {{0xc0000200, 0xc00002ff}})), 3);
    EXPECT_EQ(decision_size(match(Field::TcpDport, {{22, 22}, {80, 80}, {443, 443}})), 4);
    EXPECT_EQ(decision_size(match(Field::EtherSaddr, {{0x020000000001, 0x020000000001}})), 4);
    EXPECT_EQ(decision_size(match(Field::Ip6Saddr, {{5, 5}})), 8);
}

ruleset::Chain chain_of(std::size_t rules, const ruleset::Rule& rule) {
    ruleset::Chain chain;
    chain.name = "ingress";
    chain.rules.assign(rules, rule);
    return chain;
}

Result<Program> compile_with_slots(const ruleset::Chain& chain) {
    std::vector<RuleSlot> slots;
    for (std::uint32_t i = 0; i < chain.rules.size(); ++i)
        slots.push_back(RuleSlot(i));
    return straight_line(chain, {.rule_slots = slots, .device_names = {}});
}

TEST(Compile, IsDeterministic) {
    ruleset::Rule rule;
    rule.statements = {match(Field::IpSaddr, {{1, 2}, {5, 6}}), ruleset::Counter{}, ruleset::Verdict::Drop};
    const auto first = compile_with_slots(chain_of(100, rule));
    const auto second = compile_with_slots(chain_of(100, rule));
    ASSERT_TRUE(first && second);
    ASSERT_EQ(first->instructions.size(), second->instructions.size());
    EXPECT_EQ(std::memcmp(first->instructions.data(), second->instructions.data(),
                          first->instructions.size() * sizeof(bpf_insn)),
              0);
}

TEST(Compile, LeavesOutWhatHasNoEffect) {
    const auto empty = compile_with_slots(chain_of(0, {}));
    ASSERT_TRUE(empty);
    ruleset::Rule no_effect;
    no_effect.statements = {match(Field::TcpDport, {{22, 22}})};
    ruleset::Rule never;
    never.statements = {match(Field::TcpDport, {{0, 0}}, Relation::Less), ruleset::Counter{}, ruleset::Verdict::Drop};
    ruleset::Rule unseen;
    unseen.statements = {match(Field::TcpDport, {{22, 22}}), ruleset::Limit{.burst = 1, .rate = 1}};
    for (const ruleset::Rule& rule : {no_effect, never, unseen}) {
        const auto got = compile_with_slots(chain_of(3, rule));
        ASSERT_TRUE(got);
        EXPECT_EQ(got->instructions.size(), empty->instructions.size());
    }
}

TEST(Compile, LeavesOutWhatFollowsAnUnconditionalVerdict) {
    ruleset::Rule drop;
    drop.statements = {ruleset::Verdict::Drop};
    const auto one = compile_with_slots(chain_of(1, drop));
    const auto many = compile_with_slots(chain_of(10, drop));
    ASSERT_TRUE(one && many);
    EXPECT_EQ(one->instructions.size(), many->instructions.size());
}

TEST(Compile, RefusesMoreRulesThanTheVerifierFollowsInTime) {
    ruleset::Rule rule;
    rule.statements = {ruleset::Counter{}, ruleset::Verdict::Drop};
    EXPECT_TRUE(compile_with_slots(chain_of(4096, rule)));
    const auto got = compile_with_slots(chain_of(4097, rule));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, ErrorKind::Limit);
    EXPECT_THAT(got.error().text(), HasSubstr("4097 rules; the limit is 4096"));
}

TEST(Compile, NamesTheRuleThatMakesTheProgramTooLarge) {
    ruleset::Rule rule;
    Match set = match(Field::TcpDport, {});
    for (Value port = 0; port < 60'000; port += 3)
        set.values.push_back({port, port});
    rule.statements = {set, ruleset::Verdict::Drop};
    const auto got = compile_with_slots(chain_of(100, rule));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, ErrorKind::Limit);
    EXPECT_THAT(got.error().text(), testing::ContainsRegex("the first [1-9][0-9]* rules fit; rule [1-9][0-9]* "));
}

TEST(Compile, RefusesMoreBranchesThanTheVerifierFollows) {
    // Every word of an address is compared with a few values, and the values differ from rule to rule.
    ruleset::Rule rule;
    Match set = match(Field::Ip6Saddr, {}, Relation::NotEqual);
    for (Value i = 0; i < 4; ++i)
        set.values.push_back({i << 96 | i, i << 96 | i});
    rule.statements = {set, ruleset::Counter{}, ruleset::Verdict::Drop};
    const auto got = compile_with_slots(chain_of(2000, rule));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, ErrorKind::Limit);
}

TEST(Cost, GrowsWithTheRulesOfCodeAndHardlyWithThoseOfTables) {
    const auto cost_of = [](std::size_t rules, Engine engine) {
        ruleset::Chain chain;
        std::vector<RuleSlot> slots;
        for (std::uint32_t i = 0; i < rules; ++i) {
            ruleset::Rule& rule = chain.rules.emplace_back();
            rule.statements = {match(Field::IpSaddr, {{i, i}}), ruleset::Verdict::Drop};
            slots.push_back(RuleSlot(i));
        }
        return cost(
            rules,
            compile(chain, {.rule_slots = slots, .device_names = {}, .loops = Loops::Free, .engine = engine}).value());
    };
    const Cost code = cost_of(1'000, Engine::StraightLine), more_code = cost_of(2'000, Engine::StraightLine);
    EXPECT_EQ(code.worst_steps, 1'000U);
    EXPECT_GT(more_code.nanoseconds, 1.5 * code.nanoseconds);
    EXPECT_GT(more_code.bytes, code.bytes);
    const Cost tables = cost_of(1'000, Engine::TupleTree), more_tables = cost_of(2'000, Engine::TupleTree);
    EXPECT_GT(tables.tables, 0U);
    EXPECT_LT(more_tables.nanoseconds, 1.5 * tables.nanoseconds);
    EXPECT_GE(tables.worst_nanoseconds, tables.nanoseconds);
    EXPECT_LT(tables.worst_steps, 100U);
}

TEST(Cost, KnowsLookupsInSets) {
    const auto sets_of = [](std::size_t elements) {
        ruleset::Set set;
        set.key.emplace_back().bits = 32;
        ruleset::ElementsBuilder builder(1, 32);
        for (std::size_t i = 0; i < elements; ++i)
            builder.add(Interval{i * 256, i * 256});
        set.elements =
            ruleset::SharedElements(std::move(builder).finish(ruleset::ElementsBuilder::Overlap::Refuse).value());
        return set;
    };
    const ruleset::Set small = sets_of(1'000), large = sets_of(100'000);
    Program program;
    const Cost none = cost(2, program), one = cost(2, program, std::vector{&small}),
               more = cost(2, program, std::vector{&large}), both = cost(2, program, std::vector{&small, &large});
    EXPECT_EQ(both.sets, 2U);
    EXPECT_LT(none.nanoseconds, one.nanoseconds);
    EXPECT_LT(one.nanoseconds, more.nanoseconds);
    EXPECT_GT(both.worst_nanoseconds, more.worst_nanoseconds);
    program.joints = {{0, 1}};
    EXPECT_LT(cost(2, program, std::vector{&small, &large}).worst_nanoseconds, both.worst_nanoseconds);
}

}  // namespace
}  // namespace xdpctl::compile
