// SPDX-License-Identifier: BSD-2-Clause
// Sets that change while classifiers look keys up in them, each for itself or several at once, against the evaluator.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "compile/lookups.h"
#include "kernel/joint_maps.h"
#include "kernel/limit_maps.h"
#include "kernel/load.h"
#include "kernel/map_info.h"
#include "kernel/set_change.h"
#include "kernel/set_store.h"
#include "lang/parse.h"
#include "ruleset/reach.h"
#include "support/classifier_run.h"
#include "support/evaluator.h"
#include "support/packet.h"
#include "support/packet_fields.h"

namespace xdpctl::test {
namespace {

using compile::Engine;
using kernel::Layer;
using kernel::LiveSet;
using Random = std::mt19937;

constexpr unsigned sets_each = 4;  // of each family
constexpr unsigned addresses = 400;

struct Address {
    bool is_ipv6;
    unsigned number;

    [[nodiscard]] std::string text() const {
        return is_ipv6 ? fmt::format("2001:db8:{:x}::{:x}", number % 3, number)
                       : fmt::format("10.{}.{}.7", number % 3, number % 256 + number / 256);
    }
    [[nodiscard]] ruleset::Value value() const {
        if (is_ipv6)
            return ruleset::Value{0x20010db8} << 96U | ruleset::Value{number % 3} << 80U | number;
        return 10U << 24U | number % 3 << 16U | (number % 256 + number / 256) << 8U | 7U;
    }
};

unsigned below(Random& random, unsigned count) {
    return static_cast<unsigned>(random() % count);
}

std::string any_of(Random& random, std::initializer_list<const char*> texts) {
    return *(texts.begin() + below(random, static_cast<unsigned>(texts.size())));
}

// Some numbers at random. Sets are of intervals, or not.
std::string set_text(bool is_ipv6, unsigned number, Random& random) {
    std::set<ruleset::Value> there;
    std::string elements;
    for (unsigned i = 0; i < addresses; ++i) {
        const Address address{is_ipv6, i};
        if (below(random, 3) == 0 && there.insert(address.value()).second)
            elements += fmt::format("{}{}", elements.empty() ? "" : ", ", address.text());
    }
    return fmt::format(" set {}{} {{ type {}_addr{}; elements = {{ {} }}\n }}\n", is_ipv6 ? "w" : "n", number,
                       is_ipv6 ? "ipv6" : "ipv4", number % 2 == 0 ? "; flags interval" : "", elements);
}

std::string lookup_text(bool is_ipv6, Random& random) {
    return fmt::format("{} {} {}@{}{} ", is_ipv6 ? "ip6" : "ip", any_of(random, {"saddr", "daddr"}),
                       any_of(random, {"", "", "!= "}), is_ipv6 ? "w" : "n", below(random, sets_each));
}

// `resumes`: some rules have no verdict.
std::string rule_text(bool resumes, Random& random) {
    const bool is_ipv6 = below(random, 2) == 0;
    std::string rule = any_of(random, {"", "", "tcp dport 22 ", "udp dport 53 ", "meta length 0-50 "});
    for (unsigned lookups = 1 + below(random, 3); lookups != 0; --lookups)
        rule += lookup_text(is_ipv6, random);
    if (!resumes)
        return rule + any_of(random, {"counter drop", "accept"});
    return rule + any_of(random, {"counter", "counter", "counter drop", "accept", "limit rate 1/second counter drop",
                                  "limit rate over 1/second counter drop", "jump inner", "counter goto inner"});
}

ruleset::Ruleset random_ruleset(bool resumes, Random& random) {
    std::string text = "table netdev t {\n";
    for (unsigned number = 0; number < sets_each; ++number)
        text += set_text(false, number, random) + set_text(true, number, random);
    if (resumes) {
        text += " chain inner {\n";
        for (int rule = 0; rule < 6; ++rule)
            text += fmt::format("  {}{}\n", lookup_text(rule % 2 == 0, random), any_of(random, {"counter", "drop"}));
        text += " }\n";
    }
    text += " chain c { type filter hook ingress device \"lo\" priority 0; policy accept;\n";
    for (int rule = 0; rule < 25; ++rule)
        text += fmt::format("  {}\n", rule_text(resumes, random));
    text += " }\n}\n";
    auto ruleset = lang::parse_ruleset(text, "test");
    EXPECT_TRUE(ruleset.has_value()) << ruleset.error().text();
    return *std::move(ruleset);
}

const ruleset::Chain& base_chain(const ruleset::Table& table) {
    return *std::ranges::find_if(table.chains, &ruleset::Chain::is_base);
}

// The chain of a table with the maps of its sets, as a generation has them.
class Loaded {
public:
    Loaded(ruleset::Ruleset ruleset, Layer layer, Engine engine)
        : ruleset_(std::move(ruleset)), layer_(layer), engine_(engine) {
        for (const ruleset::Set& set : table().sets)
            sets_.push_back(kernel::make_set(set).value());
    }

    [[nodiscard]] ruleset::Table& table() { return ruleset_.tables.front(); }
    [[nodiscard]] const kernel::JointMaps& joints() const { return joints_; }
    [[nodiscard]] const kernel::LookupMaps& lookups() const { return lookups_; }

    // Images of sets that did not change are those of the program before.
    Status load() {
        const std::vector<std::string> devices{"lo"};
        const ruleset::Chain& chain = base_chain(table());
        const auto rules = ruleset::rules_with_slots(table(), chain);
        std::vector<RuleSlot> slots;
        std::vector<LimitSlot> limit_slots(rules.size());
        limits_.emplace(kernel::LimitMap::create(static_cast<std::uint32_t>(rules.size())).value());
        for (std::uint32_t i = 0; i < rules.size(); ++i) {
            slots.push_back(RuleSlot{i});
            limit_slots[i] = LimitSlot{i};
            if (const ruleset::Limit* limit = rules[i]->limit())
                XDPCTL_TRY(limits_->write(LimitSlot{i}, kernel::lasting_bucket_of(*limit)));
        }
        const auto sets = compile::looked_up_sets(chain, table());
        XDPCTL_TRY(sets);
        const auto classifier = compile::compile(chain, {.table = &table(),
                                                         .sets = *sets,
                                                         .rule_slots = slots,
                                                         .limit_slots = limit_slots,
                                                         .device_names = devices,
                                                         .loops = kernel::loops_supported(),
                                                         .engine = engine_});
        XDPCTL_TRY(classifier);
        EXPECT_GE(compile::joints_of(*classifier).size(), 2U);  // of both families
        kernel::JointMaps former = std::exchange(joints_, {});
        std::vector<const kernel::SetMaps*> maps;
        for (const ruleset::Set* set : *sets)
            maps.push_back(&maps_of(*set));
        auto lookups = joints_.maps_for(*classifier, std::move(maps), former);
        XDPCTL_TRY(lookups);
        lookups_ = *std::move(lookups);
        auto run =
            ClassifierRun::create(layer_, *classifier, static_cast<std::uint32_t>(slots.size()), lookups_, &*limits_);
        if (!run)
            return std::unexpected(std::move(run).error());
        run_.emplace(*std::move(run));
        counts_.assign(slots.size(), {});
        return {};
    }

    // Adds addresses that are not there, and deletes others.
    void change(std::size_t number, unsigned changes, Random& random) {
        ruleset::Set& set = table().sets[number];
        auto live = LiveSet::open(set, sets_[number], joints_.marks_of(sets_[number]).value());
        ASSERT_TRUE(live) << live.error().text();
        std::set<ruleset::Value> there;
        for (std::size_t i = 0; i < set.elements->size(); ++i)
            there.insert(set.elements->interval(i).first);
        for (; changes != 0; --changes) {
            const Address address{set.key.front().bits == 128, below(random, addresses)};
            const ruleset::Interval key{address.value(), address.value()};
            const bool is_new = there.insert(address.value()).second;
            if (!is_new)
                there.erase(address.value());
            const auto outcome = is_new ? live->add(std::span(&key, 1), {}, LiveSet::Mode::Do)
                                        : live->remove(std::span(&key, 1), LiveSet::Mode::Do);
            ASSERT_TRUE(outcome) << outcome.error().text();
            ASSERT_EQ(*outcome, LiveSet::Outcome::Changed);
        }
        ruleset::ElementsBuilder builder(1, set.key.front().bits);
        for (const ruleset::Value& value : there)
            builder.add({value, value});
        set.elements =
            ruleset::SharedElements(std::move(builder).finish(ruleset::ElementsBuilder::Overlap::Refuse).value());
    }

    // As a commit that finds many changes.
    void make_anew(std::size_t number) { sets_[number] = kernel::make_set(table().sets[number]).value(); }

    void expect_as_evaluated(unsigned packets, Random& random) {
        const ruleset::Chain& chain = base_chain(table());
        for (; packets != 0; --packets) {
            const bool is_ipv6 = below(random, 2) == 0;
            const std::string from = Address{is_ipv6, below(random, addresses)}.text();
            const std::string to = Address{is_ipv6, below(random, addresses)}.text();
            const Tcp tcp{.dport = 22};
            const Udp udp{.dport = 53};
            const bool is_tcp = below(random, 2) == 0;
            const Bytes bytes = is_ipv6 ? (is_tcp ? frame({Ether{}, Ipv6{.saddr = from, .daddr = to}, tcp})
                                                  : frame({Ether{}, Ipv6{.saddr = from, .daddr = to}, udp}))
                                        : (is_tcp ? frame({Ether{}, Ipv4{.saddr = from, .daddr = to}, tcp, Bytes(20)})
                                                  : frame({Ether{}, Ipv4{.saddr = from, .daddr = to}, udp}));
            const Fields fields = parse_frame(bytes, ruleset::Hook::Ingress);
            const Evaluation expected = evaluate(chain, fields, "lo", table());
            for (const std::size_t rule : expected.counted)
                counts_[rule] += {1, fields.length};
            // What the masks of the packet before were is no matter.
            xdpctl_packet packet = packet_of(fields, DeviceSlot{0}, random);
            packet.logs = 0;
            packet.behind = 0;
            const auto got = run_->run(packet);
            ASSERT_TRUE(got) << got.error().text();
            ASSERT_EQ(got->rule, expected.rule.value_or(XDPCTL_NO_RULE)) << from << " > " << to;
            ASSERT_EQ(got->verdict, expected.verdict == ruleset::Verdict::Drop ? XDPCTL_DROP : XDPCTL_ACCEPT);
        }
        EXPECT_EQ(run_->rule_counts(), counts_);
    }

private:
    [[nodiscard]] const kernel::SetMaps& maps_of(const ruleset::Set& set) {
        return sets_[static_cast<std::size_t>(&set - table().sets.data())];
    }

    ruleset::Ruleset ruleset_;
    Layer layer_;
    Engine engine_;
    std::vector<kernel::SetMaps> sets_;
    kernel::JointMaps joints_;
    kernel::LookupMaps lookups_;
    std::optional<kernel::LimitMap> limits_;
    std::optional<ClassifierRun> run_;
    std::vector<Count> counts_;
};

class SetChange : public testing::TestWithParam<std::tuple<Layer, Engine>> {
protected:
    void SetUp() override {
        if (kernel::loops_supported() == compile::Loops::None)
            GTEST_SKIP() << "this kernel has no clock for sets of more than 64 elements";
    }

    static Layer layer() { return std::get<Layer>(GetParam()); }
    static Engine engine() { return std::get<Engine>(GetParam()); }
    // Tables of rules without a verdict need loops without bounds.
    static bool can_resume() { return engine() == Engine::StraightLine || kernel::may_goto_supported(); }
};

TEST_P(SetChange, IsSeenByRulesThatAskSeveralSets) {
    constexpr unsigned packets = 150;
    for (unsigned seed = 1; seed <= 2 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        Loaded loaded(random_ruleset(can_resume() && seed != 1, random), layer(), engine());
        const Status done = loaded.load();
        ASSERT_TRUE(done) << done.error().text();
        loaded.expect_as_evaluated(packets, random);
        // One set, and then all of them.
        loaded.change(below(random, 2 * sets_each), 50, random);
        loaded.expect_as_evaluated(packets, random);
        for (std::size_t number = 0; number < loaded.table().sets.size(); ++number)
            loaded.change(number, 1 + below(random, 50), random);
        loaded.expect_as_evaluated(packets, random);
        // What had changed when the image was made.
        const Status again = loaded.load();
        ASSERT_TRUE(again) << again.error().text();
        loaded.expect_as_evaluated(packets, random);
        for (std::size_t number = 0; number < loaded.table().sets.size(); number += 3)
            loaded.make_anew(number);
        const Status anew = loaded.load();
        ASSERT_TRUE(anew) << anew.error().text();
        loaded.expect_as_evaluated(packets, random);
        loaded.change(0, 50, random);
        loaded.expect_as_evaluated(packets, random);
    }
}

// Ids of the images' maps, those of a family's.
std::set<std::uint32_t> images(const kernel::LookupMaps& lookups, bool of_ipv6) {
    std::set<std::uint32_t> ids;
    for (const kernel::JointMap* joint : lookups.joints)
        if ((joint->head().value().words == 4) == of_ipv6)
            ids.insert(kernel::map_info(joint->image).value().id);
    return ids;
}

TEST_P(SetChange, LeavesJointImagesOfOtherSets) {
    Random random(1);
    Loaded loaded(random_ruleset(false, random), layer(), engine());
    ASSERT_TRUE(loaded.load());
    const auto before4 = images(loaded.lookups(), false);
    const auto before6 = images(loaded.lookups(), true);
    // Rules in another order look keys up in the same sets, whose images are still those.
    loaded.change(0, 50, random);
    std::ranges::reverse(loaded.table().chains.back().rules);
    ASSERT_TRUE(loaded.load());
    EXPECT_EQ(images(loaded.lookups(), false), before4);
    EXPECT_EQ(images(loaded.lookups(), true), before6);
    loaded.expect_as_evaluated(150, random);
    // A set of IPv4 addresses.
    loaded.make_anew(0);
    ASSERT_TRUE(loaded.load());
    EXPECT_NE(images(loaded.lookups(), false), before4);
    EXPECT_EQ(images(loaded.lookups(), true), before6);
    loaded.expect_as_evaluated(150, random);
}

INSTANTIATE_TEST_SUITE_P(All, SetChange,
                         testing::Combine(testing::Values(Layer::Xdp, Layer::TcIngress),
                                          testing::Values(Engine::StraightLine, Engine::TupleTree)));

}  // namespace
}  // namespace xdpctl::test
