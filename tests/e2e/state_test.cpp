// SPDX-License-Identifier: BSD-2-Clause
// The pinned state and its atomic change, on real devices with real packets.
#include "kernel/state.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <random>
#include <ranges>
#include <set>
#include <thread>

#include "e2e/state_fixture.h"
#include "kernel/bpffs.h"
#include "kernel/clsact.h"
#include "kernel/layout.h"
#include "kernel/limit_maps.h"
#include "kernel/live.h"
#include "kernel/rule_maps.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "maps/counter.h"
#include "maps/generation.h"
#include "ruleset/edit.h"
#include "support/bpffs.h"
#include "support/command.h"
#include "support/confined.h"
#include "support/netns.h"
#include "support/traffic.h"

namespace xdpctl::kernel {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ruleset::Hook;
using ruleset::Position;
using ruleset::Ruleset;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(StateTest, NamespaceWithoutStateReadsAsEmpty) {
    const State state = read();
    EXPECT_THAT(state.ruleset().tables, IsEmpty());
    EXPECT_EQ(state.generation(), 0U);
    EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(StateTest, AnotherProcessSeesWhatAnEarlierOneCommitted) {
    const int status = wait_for(fork_child([&] {
        attach("eth0");
        add("udp dport 4000 counter packets 7 bytes 70 drop comment \"test\"");
    }));
    ASSERT_EQ(status, 0);
    EXPECT_FALSE(test::udp_arrives(there_, here_, "192.0.2.1", 4000, test::silence_timeout));
    EXPECT_TRUE(test::udp_arrives(there_, here_, "192.0.2.1", 4001));

    const State state = read();
    EXPECT_EQ(state.generation(), 2U);
    const ruleset::Chain* chain = state.ruleset().find_chain("xdpctl", "ingress");
    ASSERT_NE(chain, nullptr);
    ASSERT_THAT(chain->rules, SizeIs(1));
    EXPECT_EQ(chain->rules[0].comment, "test");
    EXPECT_EQ(packets(chain->rules[0].handle), 8U) << "the start value and the datagram that was dropped";
    ASSERT_THAT(devices(), SizeIs(1));
    EXPECT_EQ(devices()[0].name, "eth0");
    EXPECT_EQ(devices()[0].presence, Presence::Active);
    EXPECT_EQ(devices()[0].attachment.kind, XDPCTL_ATTACHMENT_XDP_LINK);
}

TEST_F(StateTest, StoredRulesetShowsNamedFields) {
    attach("eth0");
    add("udp dport 4000 drop");
    const fs::path stored = Layout::ruleset(Layout(directory_).generation(read().generation()));
    const std::string dump = here_.shell("bpftool map dump pinned " + stored.string());
    EXPECT_THAT(dump, HasSubstr("\"layout_version\": " + std::to_string(XDPCTL_LAYOUT_VERSION)));
    EXPECT_THAT(dump, HasSubstr("\"last_handle\": 3"));
    EXPECT_THAT(dump, HasSubstr("\"text\":"));
}

TEST_F(StateTest, CountersSurviveEveryOtherRuleChange) {
    attach("eth0");
    const Handle counted = add("udp dport 4000 counter");
    const Handle other = add("tcp dport 22 counter drop");
    send(10);
    EXPECT_EQ(packets(counted), 10U);

    const Handle inserted = add("udp dport 4001 counter", {.kind = Position::Kind::Start, .handle = {}});
    add("udp dport 4002 accept", {.kind = Position::Kind::Before, .handle = counted});
    send(1);
    change([&](Ruleset& ruleset) { take(replace_rule(ruleset, {}, other, rule("tcp dport 23 counter drop"))); });
    send(1);
    change([&](Ruleset& ruleset) { take(delete_rule(ruleset, {}, inserted)); });
    send(1);
    change([&](Ruleset& ruleset) { take(set_policy(ruleset, {}, ruleset::Verdict::Drop)); });
    send(1);
    EXPECT_EQ(packets(counted), 14U);
}

TEST_F(StateTest, ASlotIsCleanWhenItIsUsedAgain) {
    attach("eth0");
    Handle handle = add("udp dport 4000 counter");
    for (int i = 0; i < 5; ++i) {
        send(3);
        EXPECT_EQ(packets(handle), 3U);
        change([&](Ruleset& ruleset) { take(delete_rule(ruleset, {}, handle)); });
        handle = add("udp dport 4000 counter");
        EXPECT_EQ(packets(handle), 0U);
    }
}

// Maps of counters have a size: rules that outgrow them get others, and far fewer rules smaller ones.
class GrowingTest : public StateTest {
protected:
    static constexpr std::size_t few = 1, many = 1'500;

    void SetUp() override {
        StateTest::SetUp();
        attach("eth0");
        counted_ = add("udp dport 4000 counter");
        for (std::size_t port = 10'000; fillers_.size() < many; ++port)
            fillers_.push_back(rule("udp dport " + std::to_string(port) + " counter"));
    }

    // The rule that counts, behind so many others.
    void resize(std::size_t fillers) {
        change([&](Ruleset& ruleset) {
            auto& rules = ruleset.tables.front().chains.front().rules;
            rules.erase(rules.begin(), rules.end() - 1);
            for (std::size_t i = 0; i < fillers; ++i)
                take(add_rule(ruleset, {}, fillers_[i], {.kind = Position::Kind::Before, .handle = counted_}));
        });
        EXPECT_THAT(warnings_, IsEmpty());
    }

    std::uint64_t slots() const {
        const Layout layout(directory_);
        const ChainKey key{read().ruleset().find_chain("xdpctl", "ingress")->handle, Hook::Ingress};
        return take(RuleMaps::open(Layout::rules(layout.generation(read().generation()), key))).size();
    }

    Handle counted_{};
    std::vector<ruleset::Rule> fillers_;
};

TEST_F(GrowingTest, CountsGoOnInOtherMaps) {
    send(3);
    const std::uint64_t at_first = slots();
    resize(many);
    EXPECT_GE(slots(), many);
    EXPECT_EQ(packets(counted_), 3U);
    send(2);
    EXPECT_EQ(packets(counted_), 5U);
    resize(few);
    EXPECT_EQ(slots(), at_first);
    send(1);
    EXPECT_EQ(packets(counted_), 6U);
    for (const std::string& pin : pins())
        EXPECT_THAT(pin, Not(HasSubstr("former")));
}

TEST_F(GrowingTest, UnderTrafficNoPacketIsLost) {
    const std::uint64_t sent = send_during([&] {
        std::uint64_t seen = 0;
        for (int i = 0; i < 20; ++i) {
            resize(i % 2 == 0 ? many : few);
            const std::uint64_t now = packets(counted_);
            EXPECT_GE(now, seen);
            seen = now;
        }
    });
    EXPECT_EQ(packets(counted_), sent);
}

// Whenever the writer dies, the counts are whole, for the reader that comes next as after the repair.
TEST_F(GrowingTest, AKilledWriterLosesNoCount) {
    send(3);
    constexpr std::size_t enough = 300;  // for other maps
    unsigned call = 1;
    for (; kill_at_call(call, [&] { resize(enough); }); ++call) {
        EXPECT_EQ(packets(counted_), 3U) << "killed before call " << call;
        here_.run([&] { open_for_writing(); });
        ASSERT_EQ(packets(counted_), 3U) << "repaired after call " << call;
        if (read().ruleset().find_chain("xdpctl", "ingress")->rules.size() > 1)
            resize(few);
    }
    EXPECT_GT(call, 20U);
    send(1);
    EXPECT_EQ(packets(counted_), 4U);
}

// The rule keeps its bucket whatever is around it; another rule has another one.
TEST_F(StateTest, BucketsSurviveEveryOtherChange) {
    attach("eth0");
    const Handle limited = add("udp dport 4000 limit rate 1/day burst 8 packets counter");
    send(3);
    EXPECT_EQ(packets(limited), 3U);
    add("udp dport 4001 limit rate 1/day burst 2 packets counter", {.kind = Position::Kind::Start, .handle = {}});
    send(1);
    // Other maps of counters, and tables.
    change([](Ruleset& ruleset) {
        for (int i = 0; i < 600; ++i)
            take(add_rule(ruleset, {}, rule(fmt::format("tcp dport {} ip saddr 192.0.2.7 drop", i)),
                          {.kind = Position::Kind::Start, .handle = {}}));
    });
    send(2);
    EXPECT_EQ(packets(limited), 6U);
    change([](Ruleset& ruleset) {
        std::erase_if(ruleset.tables[0].chains[0].rules, [](const ruleset::Rule& one) { return !one.limit(); });
    });
    send(10);
    EXPECT_EQ(packets(limited), 8U);

    Handle full{};
    change([&](Ruleset& ruleset) {
        full =
            take(replace_rule(ruleset, {}, limited, rule("udp dport 4000 limit rate 1/day burst 7 packets counter")));
    });
    send(10);
    EXPECT_EQ(packets(full), 7U);
    change([&](Ruleset& ruleset) { take(flush_chain(ruleset, {})); });
    EXPECT_FALSE(fs::exists(Layout::limits(Layout(directory_).generation(read().generation()))));
}

// Two chains that jump to one rule share its bucket, as XDP and TC do.
TEST_F(StateTest, ABucketIsOneForAllChains) {
    change(
        [](Ruleset& ruleset) {
            ruleset = take(
                lang::parse_ruleset("table netdev xdpctl {\n"
                                    "chain shared {\nudp dport 4000 limit rate 1/day burst 5 packets counter accept\n"
                                    "udp dport 4000 counter drop\n}\n"
                                    "chain ingress {\ntype filter hook ingress device \"eth0\" priority 0;\n"
                                    "jump shared\n}\n"
                                    "chain second {\ntype filter hook ingress device \"eth1\" priority 0;\n"
                                    "jump shared\n}\n}\n",
                                    "<test>"));
            take(adopt_handles({}, ruleset));
        },
        {.modes = {{"eth0", XDPCTL_MODE_AUTO}, {"eth1", XDPCTL_MODE_TC}}});
    const Handle limited = read().ruleset().find_chain("xdpctl", "shared")->rules[0].handle;
    send(3);
    test::UdpSocket(there_, "0.0.0.0", 0).send("198.51.100.1", 4000, "payload");
    settle_traffic();
    EXPECT_EQ(packets(limited), 4U);
    send(3);
    EXPECT_EQ(packets(limited), 5U);
}

// Whenever the writer dies, the rule that is kept has its bucket, and no other one has it.
TEST_F(StateTest, AKilledWriterLeavesBucketsAsTheyWere) {
    attach("eth0");
    const Handle limited = add("udp dport 4000 limit rate 1/day burst 1000 packets counter");
    const auto bucket = [&] {
        const auto map = take(LimitMap::open(Layout::limits(Layout(directory_).generation(read().generation()))));
        const auto buckets = take(map.read());
        const auto found = std::ranges::find(buckets, std::to_underlying(limited), &xdpctl_limit::handle);
        return found == buckets.end() ? 0 : found->empty_since;
    };
    send(3);
    const auto before = bucket();
    unsigned call = 1;
    const auto toggle = [&] {
        change([](Ruleset& ruleset) {
            auto& rules = ruleset.tables[0].chains[0].rules;
            if (rules.size() > 1)
                rules.resize(1);
            else
                take(add_rule(ruleset, {}, rule("udp dport 4001 limit rate 1/day burst 2 packets counter"), {}));
        });
    };
    for (; kill_at_call(call, toggle); ++call) {
        here_.run([&] { open_for_writing(); });
        ASSERT_EQ(bucket(), before) << "killed before call " << call;
        if (read().ruleset().tables[0].chains[0].rules.size() > 1)
            toggle();
    }
    EXPECT_GT(call, 20U);
    send(2);
    EXPECT_EQ(packets(limited), 5U);
}

TEST_F(StateTest, ApplyKeepsTheCountersOfKeptRules) {
    attach("eth0");
    const Handle counted = add("udp dport 4000 counter packets 100 bytes 1000");
    send(5);
    change([&](Ruleset& ruleset) {
        Ruleset next =
            take(lang::parse_ruleset("table netdev xdpctl { chain ingress {\n"
                                     "type filter hook ingress device \"eth0\" priority 0; policy accept;\n"
                                     "tcp dport 22 drop\n"
                                     "udp dport 4000 counter packets 105 bytes 1175\n"
                                     "}\n}\n",
                                     "<test>"));
        take(adopt_handles(ruleset, next));
        ruleset = std::move(next);
    });
    EXPECT_THAT(warnings_, IsEmpty());
    EXPECT_EQ(packets(counted), 105U);
    send(1);
    EXPECT_EQ(packets(counted), 106U);
}

TEST_F(StateTest, PolicyDecidesWhenNoRuleDoes) {
    attach("eth0");
    EXPECT_TRUE(test::udp_arrives(there_, here_, "192.0.2.1", 4000));
    change([](Ruleset& ruleset) { take(set_policy(ruleset, {}, ruleset::Verdict::Drop)); });
    EXPECT_FALSE(test::udp_arrives(there_, here_, "192.0.2.1", 4000, test::silence_timeout));
    EXPECT_EQ(judged([](const DeviceCount& count) {
                  return count.verdict == XDPCTL_DROP && count.reason == XDPCTL_REASON_POLICY;
              }),
              1U);
    change([](Ruleset& ruleset) { take(set_policy(ruleset, {}, ruleset::Verdict::Accept)); });
    EXPECT_TRUE(test::udp_arrives(there_, here_, "192.0.2.1", 4000));
}

TEST_F(StateTest, ChainsAndLayersJudgeTogether) {
    attach("eth0");
    attach("eth1", Hook::Ingress, XDPCTL_MODE_TC);
    attach("eth0", Hook::Egress);
    const Handle in = add("udp dport 4000 counter drop");
    const Handle out = add("udp dport 4000 counter drop", {}, {"xdpctl", "egress"});
    send(3);
    send(4, 4000, "198.51.100.1");
    test::UdpSocket(here_, "192.0.2.1", 0).send("192.0.2.2", 4000, "payload");
    settle_traffic();
    EXPECT_EQ(packets(in), 7U);
    EXPECT_EQ(packets(out), 1U);
    EXPECT_EQ(judged([](const DeviceCount& count) { return count.device == "eth1"; }), 4U);
    const auto status = devices();
    ASSERT_THAT(status, SizeIs(3));
    EXPECT_EQ(status[1].attachment.mode, XDPCTL_MODE_TC);
    EXPECT_EQ(status[2].hook, Hook::Egress);
    EXPECT_TRUE(std::ranges::all_of(status, [](const auto& device) { return device.presence == Presence::Active; }));
}

TEST_F(StateTest, DetachingLeavesTheRules) {
    attach("eth0");
    attach("eth1");
    add("udp dport 4000 drop");
    change([](Ruleset& ruleset) { take(remove_device(ruleset, Hook::Ingress, "eth0")); });
    EXPECT_TRUE(test::udp_arrives(there_, here_, "192.0.2.1", 4000));
    EXPECT_FALSE(test::udp_arrives(there_, here_, "198.51.100.1", 4000, test::silence_timeout));
    change([](Ruleset& ruleset) { take(remove_device(ruleset, Hook::Ingress, "eth1")); });
    EXPECT_TRUE(test::udp_arrives(there_, here_, "198.51.100.1", 4000));
    EXPECT_THAT(read().ruleset().find_chain("xdpctl", "ingress")->rules, SizeIs(1));
    EXPECT_THAT(here_.shell("ip -o link show"), Not(HasSubstr("prog/xdp")));
}

TEST_F(StateTest, ResetStartsEveryCounterAnew) {
    attach("eth0");
    const Handle counted = add("udp dport 4000 counter packets 100 bytes 1000");
    send(5);
    here_.run([&] {
        Warnings warnings;
        take(open_for_writing().reset_counts(warnings));
    });
    EXPECT_EQ(packets(counted), 0U);
    EXPECT_EQ(judged([](const DeviceCount&) { return true; }), 0U);
    send(2);
    EXPECT_EQ(packets(counted), 2U);
}

TEST_F(StateTest, SecondWriterIsToldWhoIsWriting) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t holder = here_.run([&] {
        return fork_child([&] {
            const State state = open_for_writing();
            (void)!::write(ready[1], "x", 1);
            ::pause();
        });
    });
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    const Status refused = try_change([](Ruleset&) {});
    EXPECT_TRUE(here_.run([] { return State::open().has_value(); })) << "a reader waits for nobody";
    ::kill(holder, SIGKILL);
    wait_for(holder);
    ::close(ready[0]);
    ::close(ready[1]);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Locked);
    EXPECT_THAT(refused.error().text(), HasSubstr("pid " + std::to_string(holder)));
    EXPECT_THAT(refused.error().text(), HasSubstr("state_test"));
    EXPECT_TRUE(try_change([](Ruleset&) {})) << "the lock dies with its holder";
}

// Every packet is judged by a whole ruleset: the one accepts all it is shown, the other drops all, and nothing is left
// for the policy.
TEST_F(StateTest, TwoHundredCommitsUnderTrafficLoseNoPacket) {
    attach("eth0");
    const Handle all = add("ip protocol udp counter");
    Handle verdict = add("ip protocol udp accept");

    std::string failure;
    const std::uint64_t sent = send_during([&] {
        for (int i = 0; i < 200 && failure.empty(); ++i) {
            const Status done = try_change([&](Ruleset& ruleset) {
                const char* text = i % 2 == 0 ? "ip protocol udp drop" : "ip protocol udp accept";
                verdict = take(replace_rule(ruleset, {}, verdict, rule(text)));
            });
            if (!done)
                failure = done.error().text();
        }
    });
    ASSERT_EQ(failure, "");
    EXPECT_EQ(read().generation(), 203U);
    EXPECT_EQ(packets(all), sent);
    expect_judged_by_rules(sent);
}

TEST_F(StateTest, ReadersSeeOneWholeRulesetWhileAWriterCommits) {
    attach("eth0");
    add("udp dport 1 drop");
    const pid_t writer = fork_child([&] {
        for (;;) {
            change([](Ruleset& ruleset) {
                take(flush_chain(ruleset, {}));
                const auto count = static_cast<unsigned>(std::to_underlying(ruleset.last_handle) % 3 + 1);
                for (unsigned i = 0; i < count; ++i)
                    take(add_rule(ruleset, {}, rule("udp dport " + std::to_string(count) + " counter drop"), {}));
            });
        }
    });
    std::uint64_t generation = 0;
    for (int i = 0; i < 500; ++i) {
        const State state = read();
        ASSERT_GE(state.generation(), generation);
        generation = state.generation();
        const auto& rules = state.ruleset().find_chain("xdpctl", "ingress")->rules;
        ASSERT_FALSE(rules.empty());
        if (rules.front().counter() != nullptr) {
            ASSERT_THAT(lang::print_rule(rules.back()), HasSubstr("udp dport " + std::to_string(rules.size())));
        }
        ASSERT_TRUE(state.rule_counts());
    }
    ::kill(writer, SIGKILL);
    wait_for(writer);
    EXPECT_GT(generation, 10U) << "the writer did not write";
}

// Writers that are killed: the old or the new ruleset runs, whole, and the next writer leaves nothing of the other.

class KilledWriterTest : public StateTest {
protected:
    void SetUp() override {
        StateTest::SetUp();
        attach("eth0");
        attach("eth1");
        kept_ = add("udp dport 4000 counter drop");
    }

    // Moves a device and rules between two chains, so that there is everything to a commit that can be.
    void move_second_device() {
        change([&](Ruleset& ruleset) {
            const ruleset::ChainName first;
            const ruleset::ChainName other{"xdpctl", "other"};
            auto& chains = ruleset.tables.front().chains;
            const bool to_other = std::erase_if(chains, [](const auto& chain) { return chain.name == "other"; }) == 0;
            (void)remove_device(ruleset, Hook::Ingress, "eth1");
            take(add_device(ruleset, to_other ? other : first, Hook::Ingress, "eth1"));
            if (to_other)
                take(add_rule(ruleset, other, rule("udp dport 4000 counter drop"), {}));
            auto& rules = chains.front().rules;
            rules.erase(rules.begin() + 1, rules.end());
            take(add_rule(ruleset, first, rule("tcp dport 22 counter"), {}));
        });
    }

    void expect_consistent() {
        const State before = read();
        const State state = here_.run([&] { return open_for_writing(); });
        EXPECT_EQ(state.ruleset(), before.ruleset()) << "what was listed is not what ran";
        generations_.insert(state.generation());

        std::set<std::string> directories{"gen-" + std::to_string(state.generation())};
        for (const auto& chain : state.ruleset().tables.front().chains)
            directories.insert("chain-" + std::to_string(std::to_underlying(chain.handle)) + "-ingress");
        std::size_t links = 0;
        for (const std::string& pin : pins()) {
            EXPECT_TRUE(directories.contains(pin.substr(0, pin.find('/')))) << pin;
            links += pin.find("/link-") != std::string::npos ? 1 : 0;
        }
        EXPECT_EQ(links, 2U);
        const auto status = here_.run([&] { return take(state.devices()); });
        EXPECT_THAT(status, SizeIs(2));
        for (const DeviceStatus& device : status)
            EXPECT_EQ(device.presence, Presence::Active) << device.name;

        std::size_t rules = 0;
        for (const auto& chain : state.ruleset().tables.front().chains)
            rules += chain.rules.size();
        EXPECT_THAT(take(state.rule_counts()), SizeIs(rules)) << "a rule without its slot";
        EXPECT_EQ(state.ruleset().tables.front().chains.front().rules.front().handle, kept_);
    }

    void expect_filtering() {
        for (const std::string address : {"192.0.2.1", "198.51.100.1"})
            EXPECT_FALSE(test::udp_arrives(there_, here_, address, 4000, test::silence_timeout)) << address;
    }

    Handle kept_{};
    std::set<std::uint64_t> generations_;
};

TEST_F(KilledWriterTest, AtAnyTime) {
    const auto start = std::chrono::steady_clock::now();
    move_second_device();
    const auto four_commits = (std::chrono::steady_clock::now() - start) * 4;
    std::mt19937 random(1);
    for (unsigned round = 0; round < 40; ++round) {
        const pid_t writer = fork_child([&] {
            for (;;)
                move_second_device();
        });
        std::this_thread::sleep_for(std::uniform_int_distribution<std::int64_t>(0, four_commits.count())(random) * 1ns);
        ::kill(writer, SIGKILL);
        wait_for(writer);
        expect_consistent();
    }
    EXPECT_GT(generations_.size(), 5U) << "the writers were killed before they had done anything";
    expect_filtering();
}

TEST_F(KilledWriterTest, BeforeEachSystemCallThatChangesSomething) {
    for (const std::string way : {"there", "back"}) {
        unsigned call = 1;
        for (; kill_at_call(call, [&] { move_second_device(); }); ++call) {
            expect_consistent();
            if (HasFailure())
                FAIL() << "killed on the way " << way << " before call " << call;
        }
        EXPECT_GT(call, 50U);
        if ((read().ruleset().tables.front().chains.size() == 1) == (way == "there"))
            move_second_device();
    }
    expect_filtering();
}

TEST_F(KilledWriterTest, WithAFilterThatNothingRecords) {
    here_.run([&] {
        here_.shell("ip link add eth2 type veth peer name peer2");
        const Layout layout(directory_);
        const ChainKey key{read().ruleset().find_chain("xdpctl", "ingress")->handle, Hook::Ingress};
        const auto chain = take(LiveChain::open(layout, key));
        const Interface interface = take(find_interface("eth2"));
        const DeviceSlot slot{2};
        const xdpctl_device seat{.name = "eth2",
                                 .ifindex = std::to_underlying(interface.index),
                                 .attachment = XDPCTL_ATTACHMENT_NONE,
                                 .mode = XDPCTL_MODE_AUTO,
                                 .program_id = 0,
                                 .attached_at = 0};
        take(chain->bind_device(slot, seat));
        const Datapath* layer = take(chain->create_layer(layout, Layer::TcIngress));
        auto entry = take(layer->open_entry(slot));
        take(attach_clsact(interface, Hook::Ingress, take(entry.load())));
    });
    EXPECT_THAT(here_.shell("tc filter show dev eth2 ingress"), HasSubstr("xdpctl"));
    expect_consistent();
    EXPECT_EQ(here_.shell("tc filter show dev eth2 ingress"), "");
    EXPECT_THAT(here_.shell("tc qdisc show dev eth2"), Not(HasSubstr("clsact")));
}

// A commit that runs out of descriptors: a failure by a real cause at each of its steps.
TEST_F(KilledWriterTest, OrOutOfDescriptors) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "sanitizers open descriptors of their own";
#endif
    const std::uint64_t generation = read().generation();
    unsigned failures = 0;
    for (rlim_t extra = 0;; ++extra) {
        const Ruleset before = read().ruleset();
        const pid_t writer = fork_child([&] {
            const rlimit limit{.rlim_cur = open_descriptors() + extra, .rlim_max = open_descriptors() + extra};
            ::setrlimit(RLIMIT_NOFILE, &limit);
            try {
                move_second_device();
            } catch (const std::exception&) {
                ::_exit(2);
            }
        });
        const int status = wait_for(writer);
        if (status == 0)
            break;
        EXPECT_EQ(WEXITSTATUS(status), 2);
        failures += 1;
        EXPECT_EQ(read().ruleset(), before) << "with " << extra << " descriptors";
        expect_consistent();
        if (HasFailure())
            FAIL() << "with " << extra << " descriptors";
    }
    EXPECT_GT(failures, 10U);
    EXPECT_EQ(read().generation(), generation + 1);
    expect_filtering();
}

// Devices that pass from chain to chain.

class PassingTest : public StateTest, public testing::WithParamInterface<xdpctl_mode> {};

TEST_P(PassingTest, ADevicePassesToAnotherChainWithoutAnUnfilteredPacket) {
    attach("eth0", Hook::Ingress, GetParam());
    add("ip protocol udp drop");
    std::atomic<bool> stop = false;
    std::thread traffic([&] {
        const test::UdpSocket socket(there_, "0.0.0.0", 0);
        while (!stop)
            socket.send("192.0.2.1", 4000, "payload");
    });
    const test::UdpSocket receiver(here_, "192.0.2.1", 4000);
    for (int i = 0; i < 20; ++i) {
        const std::string name = "chain" + std::to_string(i);
        EXPECT_TRUE(try_change([&](Ruleset& ruleset) {
            Ruleset next;
            take(add_device(next, {"t", name}, Hook::Ingress, "eth0"));
            take(add_rule(next, {"t", name}, rule("ip protocol udp drop"), {}));
            take(adopt_handles(ruleset, next));
            ruleset = std::move(next);
        }));
        EXPECT_THAT(warnings_, IsEmpty());
    }
    stop = true;
    traffic.join();
    EXPECT_FALSE(receiver.receive(test::silence_timeout)) << "a packet passed between two chains that drop it";
    ASSERT_THAT(devices(), SizeIs(1));
    EXPECT_EQ(devices()[0].chain, "chain19");
    EXPECT_EQ(devices()[0].presence, Presence::Active);
    EXPECT_EQ(devices()[0].attachment.mode, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Modes, PassingTest, testing::Values(XDPCTL_MODE_NATIVE, XDPCTL_MODE_GENERIC, XDPCTL_MODE_TC));

TEST_F(StateTest, NamesOfDevicesMatchWhateverSlotsTheyHave) {
    attach("eth0");
    attach("eth1");
    const Handle second = add("iifname \"eth1\" counter");
    send(1);
    send(2, 4000, "198.51.100.1");
    EXPECT_EQ(packets(second), 2U);
    change([](Ruleset& ruleset) { take(remove_device(ruleset, Hook::Ingress, "eth0")); });
    change([](Ruleset& ruleset) { take(remove_device(ruleset, Hook::Ingress, "eth1")); });
    attach("eth1");
    attach("eth0");
    send(1);
    send(2, 4000, "198.51.100.1");
    EXPECT_EQ(packets(second), 4U);
}

// Failures: nothing may change.

class FailureTest : public StateTest {
protected:
    void SetUp() override {
        StateTest::SetUp();
        attach("eth0");
        counted_ = add("udp dport 4000 counter drop");
        send(3);
        before_ = read().ruleset();
        pins_ = pins();
    }

    void expect_unchanged() {
        EXPECT_EQ(read().ruleset(), before_);
        EXPECT_EQ(pins(), pins_);
        send(1);
        EXPECT_EQ(packets(counted_), 4U);
        EXPECT_FALSE(test::udp_arrives(there_, here_, "192.0.2.1", 4000, test::silence_timeout));
        EXPECT_EQ(devices().size(), 1U);
    }

    Handle counted_{};
    Ruleset before_;
    std::set<std::string> pins_;
};

TEST_F(FailureTest, MissingDevice) {
    const Status done = try_change(
        [](Ruleset& ruleset) {
            take(add_device(ruleset, {}, Hook::Ingress, "eth1"));
            take(add_device(ruleset, {}, Hook::Ingress, "eth9"));
        },
        {.modes = {}, .require_devices = true});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::NotFound);
    EXPECT_THAT(done.error().text(), HasSubstr("eth9"));
    expect_unchanged();
}

TEST_F(FailureTest, ForeignProgramOnTheLastOfSeveralDevices) {
    here_.shell("ip link add eth2 type veth peer name peer2");
    // XDP_PASS of somebody else.
    const bpf_insn pass[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 2},
                             {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    const Fd program(bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass, std::size(pass), nullptr));
    ASSERT_TRUE(program.valid());
    const Fd link(here_.run([&] {
        const auto index = static_cast<int>(take(find_interface("eth2")).index);
        return bpf_link_create(program.get(), index, BPF_XDP, nullptr);
    }));
    ASSERT_TRUE(link.valid());

    const Status done = try_change([](Ruleset& ruleset) {
        take(add_device(ruleset, {}, Hook::Ingress, "eth1"));
        take(add_device(ruleset, {"t", "c"}, Hook::Ingress, "eth2"));
        take(set_policy(ruleset, {}, ruleset::Verdict::Drop));
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::Busy);
    EXPECT_THAT(done.error().text(), HasSubstr("foreign"));
    expect_unchanged();
    EXPECT_THAT(here_.shell("ip -o link show eth1"), Not(HasSubstr("prog/xdp")));
    EXPECT_THAT(here_.shell("ip -o link show eth2"), HasSubstr("prog/xdp"));
}

TEST_F(FailureTest, MissingCapability) {
    std::optional<Error> error;
    here_.run([&] {
        test::with_capabilities({CAP_NET_ADMIN}, [&] {
            Warnings warnings;
            State state = take(State::open_for_writing(lock_timeout, warnings));
            Ruleset next = state.ruleset();
            take(add_device(next, {}, Hook::Ingress, "eth1"));
            if (const Status done = state.commit(std::move(next), {}, warnings); !done)
                error = done.error();
        });
    });
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind, ErrorKind::Privilege) << error->text();
    expect_unchanged();
}

TEST_F(FailureTest, TooManyRules) {
    const Status done = try_change([](Ruleset& ruleset) {
        for (unsigned i = 0; i < 4000; ++i) {
            std::string text = "ip saddr { 192.0.2.1";
            for (unsigned j = 2; j < 100; ++j)
                text += ", 192.0.2." + std::to_string(j * 2);
            take(add_rule(ruleset, {}, rule(text + " } counter"), {}));
        }
    });
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().kind, testing::AnyOf(ErrorKind::Limit, ErrorKind::Rejected));
    expect_unchanged();
}

TEST_F(FailureTest, UnknownLayoutVersion) {
    const auto state = std::make_unique<State>(read());
    const fs::path stored = Layout::ruleset(Layout(directory_).generation(state->generation()));
    const fs::path aside = directory_ / "aside";
    fs::rename(stored, aside);
    const xdpctl_generation head{
        .layout_version = 99, .text_length = 0, .number = 2, .last_handle = 0, .sets = 0, .reserved = 0};
    {
        LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
        const Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "ruleset", 4, sizeof(head), 1, &options));
        const std::uint32_t key = 0;
        ASSERT_EQ(bpf_map_update_elem(map.get(), &key, &head, BPF_ANY), 0);
        ASSERT_EQ(bpf_obj_pin(map.get(), stored.c_str()), 0);
    }
    const Status done = try_change([](Ruleset& ruleset) { ruleset.tables.clear(); });
    fs::remove(stored);
    fs::rename(aside, stored);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::Unsupported);
    EXPECT_THAT(done.error().text(), HasSubstr("99"));
    expect_unchanged();
}

// Devices that change under the filter.

TEST_F(StateTest, FollowsARenamedDevice) {
    attach("eth0");
    const Handle counted = add("udp dport 4000 counter");
    send(2);
    here_.shell("ip link set eth0 down; ip link set eth0 name wan0; ip link set wan0 up");
    pair_.right().add_neighbour("192.0.2.1", pair_.right().mac());
    ASSERT_THAT(devices(), SizeIs(1));
    EXPECT_EQ(devices()[0].name, "eth0");
    EXPECT_EQ(devices()[0].current_name, "wan0");
    EXPECT_EQ(devices()[0].presence, Presence::Active);

    add("udp dport 4001 counter");
    EXPECT_THAT(warnings_, testing::ElementsAre(HasSubstr("wan0")));
    EXPECT_EQ(read().ruleset().find_chain("xdpctl", "ingress")->devices, std::vector<std::string>{"wan0"});
    EXPECT_EQ(devices()[0].presence, Presence::Active);
    EXPECT_EQ(packets(counted), 2U);
    add("udp dport 4002 counter");
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(StateTest, DeviceThatVanishesAndComesBack) {
    attach("eth0");
    attach("eth1");
    add("udp dport 4000 drop");
    here_.shell("ip link delete eth1");
    EXPECT_EQ(devices()[1].presence, Presence::DeviceGone);
    EXPECT_EQ(devices()[1].current_name, "");

    add("udp dport 4001 drop");
    EXPECT_THAT(warnings_, testing::Contains(HasSubstr("eth1 is gone")));
    EXPECT_EQ(devices()[1].presence, std::nullopt);
    EXPECT_THAT(pins(), Not(testing::Contains(HasSubstr("link-1"))));
    EXPECT_THAT(read().ruleset().find_chain("xdpctl", "ingress")->devices, SizeIs(2));

    const test::VethPair again(here_, "eth1", there_, "peer1");
    add("udp dport 4002 drop");
    EXPECT_THAT(warnings_, testing::ElementsAre(HasSubstr("xdpctl attach eth1")));
    EXPECT_EQ(devices()[1].presence, std::nullopt);
    change([](Ruleset&) {}, {.modes = {{"eth1", XDPCTL_MODE_AUTO}}});
    EXPECT_EQ(devices()[1].presence, Presence::Active);
}

TEST_F(StateTest, DeviceThatMovesToAnotherNamespace) {
    attach("eth0");
    attach("eth1");
    here_.shell("ip link set eth1 netns " + there_.name());
    EXPECT_EQ(devices()[1].presence, Presence::OtherNamespace);
    add("udp dport 4000 drop");
    EXPECT_THAT(warnings_, testing::Contains(HasSubstr("another network namespace")));
    EXPECT_EQ(devices()[1].presence, std::nullopt);
    EXPECT_THAT(there_.shell("ip -o link show eth1"), Not(HasSubstr("prog/xdp")));
}

TEST_F(StateTest, UnknownDeviceIsLeftOutWithAWarning) {
    change([](Ruleset& ruleset) { take(add_device(ruleset, {}, Hook::Ingress, "eth9")); });
    EXPECT_THAT(warnings_, testing::ElementsAre(HasSubstr("eth9")));
    ASSERT_THAT(devices(), SizeIs(1));
    EXPECT_EQ(devices()[0].presence, std::nullopt);
    EXPECT_EQ(devices()[0].ifindex, IfIndex{});
}

// Namespaces that are deleted, beside the one of a writer.
class AbandonedStateTest : public StateTest {
protected:
    // A namespace with a committed ruleset, and what is pinned for it.
    struct Neighbour {
        explicit Neighbour(const test::Netns& there, const std::string& peer)
            : pair(std::make_unique<test::VethPair>(netns, "eth0", there, peer)) {
            netns.run([&] {
                Warnings warnings;
                State state = open_for_writing();
                directory = take(state_directory(false, warnings));
                Ruleset next = state.ruleset();
                take(add_device(next, {}, Hook::Ingress, "eth0"));
                take(state.commit(std::move(next), {}, warnings));
            });
        }
        test::Netns netns;
        std::unique_ptr<test::VethPair> pair;
        fs::path directory;
    };

    // Deleted namespaces are taken apart in the background.
    bool is_removed_by_a_writer(const fs::path& directory, std::chrono::milliseconds patience = 5s) const {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        for (;;) {
            here_.run([] { (void)open_for_writing(); });
            if (!fs::exists(directory))
                return true;
            if (std::chrono::steady_clock::now() >= deadline)
                return false;
            std::this_thread::sleep_for(20ms);
        }
    }

    static void remove_device(const Neighbour& neighbour) { neighbour.netns.shell("ip link delete eth0"); }
};

TEST_F(AbandonedStateTest, OfADeletedNamespaceIsRemoved) {
    auto neighbour = std::make_unique<Neighbour>(there_, "peer2");
    const fs::path directory = neighbour->directory;
    ASSERT_TRUE(fs::exists(directory));
    neighbour.reset();
    EXPECT_TRUE(is_removed_by_a_writer(directory));
}

TEST_F(AbandonedStateTest, OfANamespaceThatIsThereStays) {
    const Neighbour neighbour(there_, "peer2");
    EXPECT_FALSE(is_removed_by_a_writer(neighbour.directory, 0ms));
    remove_device(neighbour);
    EXPECT_FALSE(is_removed_by_a_writer(neighbour.directory, 0ms)) << "its rules wait for the device's return";
    neighbour.netns.run([] {
        State state = open_for_writing();
        EXPECT_THAT(state.ruleset().tables, SizeIs(1));
        Warnings warnings;
        take(state.commit({}, {}, warnings));
    });
}

TEST_F(AbandonedStateTest, OfANamespaceThatADescriptorKeepsStays) {
    auto neighbour = std::make_unique<Neighbour>(there_, "peer2");
    const fs::path directory = neighbour->directory;
    remove_device(*neighbour);
    Fd keeper(::dup(neighbour->netns.fd().get()));
    neighbour.reset();
    EXPECT_FALSE(is_removed_by_a_writer(directory, 0ms));
    keeper = Fd();
    EXPECT_TRUE(is_removed_by_a_writer(directory));
}

TEST_F(AbandonedStateTest, OfANamespaceThatAThreadKeepsStays) {
    auto neighbour = std::make_unique<Neighbour>(there_, "peer2");
    const fs::path directory = neighbour->directory;
    remove_device(*neighbour);
    std::atomic<bool> entered = false;
    std::atomic<bool> leave = false;
    std::jthread keeper([&, netns = Fd(::dup(neighbour->netns.fd().get()))]() mutable {
        EXPECT_EQ(::setns(netns.get(), CLONE_NEWNET), 0);
        netns = Fd();
        entered = true;
        entered.notify_all();
        leave.wait(false);
    });
    entered.wait(false);
    neighbour.reset();
    EXPECT_FALSE(is_removed_by_a_writer(directory, 0ms));
    leave = true;
    leave.notify_all();
    keeper.join();
    EXPECT_TRUE(is_removed_by_a_writer(directory));
}

TEST_F(AbandonedStateTest, OfANamespaceThatAMountKeepsStays) {
    auto neighbour = std::make_unique<Neighbour>(there_, "peer2");
    const fs::path directory = neighbour->directory;
    remove_device(*neighbour);
    const fs::path mounted = bpffs_.path().string() + " keeper";
    test::shell("touch '" + mounted.string() + "' && mount --bind /run/netns/" + neighbour->netns.name() + " '" +
                mounted.string() + "'");
    neighbour.reset();
    EXPECT_FALSE(is_removed_by_a_writer(directory, 0ms));
    test::shell("umount '" + mounted.string() + "' && rm '" + mounted.string() + "'");
    EXPECT_TRUE(is_removed_by_a_writer(directory));
}

}  // namespace
}  // namespace xdpctl::kernel
