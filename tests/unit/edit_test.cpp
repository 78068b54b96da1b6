// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/edit.h"

#include <gtest/gtest.h>

#include "maps/chain.h"
#include "maps/counter.h"
#include "ruleset/model.h"

namespace xdpctl::ruleset {
namespace {

constexpr Handle unknown_handle{999};

Rule rule(Verdict verdict, std::string comment = {}) {
    Rule made;
    made.statements = {Counter{}, verdict};
    made.comment = std::move(comment);
    return made;
}

// Default chain on eth0 with the rules a, b, c.
struct Edited : testing::Test {
    Edited() {
        EXPECT_TRUE(add_device(ruleset, name, Hook::Ingress, "eth0"));
        for (Handle* handle : {&a, &b, &c})
            *handle = *add_rule(ruleset, name, rule(Verdict::Drop), {});
    }

    [[nodiscard]] const Chain& chain() const { return *ruleset.find_chain(name.table, name.chain); }
    [[nodiscard]] std::vector<Handle> handles() const {
        std::vector<Handle> all;
        for (const Rule& each : chain().rules)
            all.push_back(each.handle);
        return all;
    }
    // The edit failed in that way and changed nothing.
    template <typename Outcome>
    void expect_refused(const Outcome& outcome, ErrorKind kind) {
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().kind, kind) << outcome.error().text();
        EXPECT_EQ(ruleset, before);
    }
    void keep() { before = ruleset; }

    Ruleset ruleset;
    Ruleset before;
    ChainName name;
    Handle a{};
    Handle b{};
    Handle c{};
};

TEST_F(Edited, StartsWithTheDefaultChain) {
    ASSERT_EQ(ruleset.tables.size(), 1U);
    EXPECT_EQ(ruleset.tables[0].name, "xdpctl");
    EXPECT_EQ(chain().name, "ingress");
    EXPECT_EQ(chain().devices, std::vector<std::string>{"eth0"});
    EXPECT_EQ(chain().policy, Verdict::Accept);
    EXPECT_EQ(handles(), (std::vector{Handle{3}, Handle{4}, Handle{5}}));
    EXPECT_EQ(ruleset.last_handle, Handle{5});
}

TEST_F(Edited, RulesGoWhereTheyAreSent) {
    const Handle end = *add_rule(ruleset, name, rule(Verdict::Accept), {});
    const Handle start = *add_rule(ruleset, name, rule(Verdict::Accept), {Position::Kind::Start, {}});
    const Handle after = *add_rule(ruleset, name, rule(Verdict::Accept), {Position::Kind::After, b});
    const Handle before_b = *add_rule(ruleset, name, rule(Verdict::Accept), {Position::Kind::Before, b});
    EXPECT_EQ(handles(), (std::vector{start, a, before_b, b, after, c, end}));
}

TEST_F(Edited, HandlesAreNeverUsedAgain) {
    ASSERT_TRUE(delete_rule(ruleset, name, c));
    const Handle next = *add_rule(ruleset, name, rule(Verdict::Drop), {});
    EXPECT_GT(next, c);
    ASSERT_TRUE(flush_chain(ruleset, name));
    EXPECT_TRUE(chain().rules.empty());
    EXPECT_GT(*add_rule(ruleset, name, rule(Verdict::Drop), {}), next);
}

TEST_F(Edited, AReplacedRuleKeepsItsPlaceAndGetsANewHandle) {
    const Handle next = *replace_rule(ruleset, name, b, rule(Verdict::Accept, "new"));
    EXPECT_EQ(handles(), (std::vector{a, next, c}));
    EXPECT_EQ(chain().rules[1].comment, "new");
}

TEST_F(Edited, PolicyChanges) {
    ASSERT_TRUE(set_policy(ruleset, name, Verdict::Drop));
    EXPECT_EQ(chain().policy, Verdict::Drop);
}

TEST_F(Edited, MissingThingsAreNotFound) {
    const ChainName elsewhere{.table = "xdpctl", .chain = "nosuch"};
    keep();
    expect_refused(add_rule(ruleset, elsewhere, rule(Verdict::Drop), {}), ErrorKind::NotFound);
    expect_refused(add_rule(ruleset, name, rule(Verdict::Drop), {Position::Kind::After, unknown_handle}),
                   ErrorKind::NotFound);
    expect_refused(add_rule(ruleset, name, rule(Verdict::Drop), {Position::Kind::Before, unknown_handle}),
                   ErrorKind::NotFound);
    expect_refused(replace_rule(ruleset, name, unknown_handle, rule(Verdict::Drop)), ErrorKind::NotFound);
    expect_refused(delete_rule(ruleset, name, unknown_handle), ErrorKind::NotFound);
    expect_refused(delete_rule(ruleset, elsewhere, a), ErrorKind::NotFound);
    expect_refused(set_policy(ruleset, elsewhere, Verdict::Drop), ErrorKind::NotFound);
    expect_refused(flush_chain(ruleset, elsewhere), ErrorKind::NotFound);
    expect_refused(remove_device(ruleset, Hook::Egress, "eth0"), ErrorKind::NotFound);
    expect_refused(remove_device(ruleset, Hook::Ingress, "eth1"), ErrorKind::NotFound);
}

TEST_F(Edited, WrongRulesAreRefused) {
    keep();
    expect_refused(add_rule(ruleset, name, Rule{}, {}), ErrorKind::Input);
    expect_refused(replace_rule(ruleset, name, a, rule(Verdict::Drop, "a\"b")), ErrorKind::Input);
    Rule egress_only;
    egress_only.statements = {Match{.field = Field::MetaOifname, .mask = {}, .values = {}, .names = {"eth0"}}};
    expect_refused(add_rule(ruleset, name, egress_only, {}), ErrorKind::Input);
}

TEST_F(Edited, DevicesJoinAndLeave) {
    ASSERT_TRUE(add_device(ruleset, name, Hook::Ingress, "eth1"));
    ASSERT_TRUE(add_device(ruleset, name, Hook::Ingress, "eth1"));
    EXPECT_EQ(chain().devices, (std::vector<std::string>{"eth0", "eth1"}));
    ASSERT_TRUE(remove_device(ruleset, Hook::Ingress, "eth0"));
    ASSERT_TRUE(remove_device(ruleset, Hook::Ingress, "eth1"));
    EXPECT_TRUE(chain().devices.empty());
    EXPECT_EQ(chain().rules.size(), 3U);
}

TEST_F(Edited, ADeviceHasOneChainAHook) {
    const ChainName other{.table = "xdpctl", .chain = "other"};
    const ChainName egress{.table = "xdpctl", .chain = "egress"};
    keep();
    expect_refused(add_device(ruleset, other, Hook::Ingress, "eth0"), ErrorKind::Input);
    expect_refused(add_device(ruleset, name, Hook::Egress, "eth0"), ErrorKind::Input);
    ASSERT_TRUE(add_device(ruleset, egress, Hook::Egress, "eth0"));
    EXPECT_TRUE(validate(ruleset));
}

TEST_F(Edited, DevicesHaveALimit) {
    for (std::size_t i = chain().devices.size(); i < XDPCTL_DEVICES_MAX; ++i)
        ASSERT_TRUE(add_device(ruleset, name, Hook::Ingress, "veth" + std::to_string(i)));
    keep();
    expect_refused(add_device(ruleset, name, Hook::Ingress, "onemore"), ErrorKind::Limit);
    expect_refused(add_device(ruleset, {.table = "t", .chain = "c"}, Hook::Ingress, "name-of-an-interface"),
                   ErrorKind::Input);
}

TEST_F(Edited, ChainsAreMadeWhenMissing) {
    ASSERT_TRUE(ensure_chain(ruleset, name, Hook::Ingress));
    ASSERT_TRUE(ensure_chain(ruleset, {.table = "t", .chain = "c"}, Hook::Egress));
    EXPECT_EQ(ruleset.find_chain("t", "c")->hook, Hook::Egress);
    keep();
    expect_refused(ensure_chain(ruleset, name, Hook::Egress), ErrorKind::Input);
    expect_refused(ensure_chain(ruleset, {.table = "not a name", .chain = "c"}, Hook::Egress), ErrorKind::Input);
    expect_refused(ensure_chain(ruleset, {.table = "t", .chain = "drop"}, Hook::Egress), ErrorKind::Input);
}

}  // namespace
}  // namespace xdpctl::ruleset
