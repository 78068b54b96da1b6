// SPDX-License-Identifier: BSD-2-Clause
// Compiled rules against the reference evaluator. The compiled instructions run alone: the packet comes from a plain
// array that the test writes, so that packets need not pass the parser.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <cstring>

#include "base/fd.h"
#include "compile/compile.h"
#include "lang/print.h"
#include "maps/counter.h"
#include "support/evaluator.h"
#include "support/packet_fields.h"
#include "support/random_chain.h"
#include "support/random_fields.h"

namespace xdpctl::test {
namespace {

// Compiled rules in front of an exit program of two instructions.
class LoadedRules {
public:
    LoadedRules(const ruleset::Chain& chain, std::span<const std::string> device_names)
        : slots_(static_cast<std::uint32_t>(2 * chain.rules.size() + 1)) {
        std::vector<RuleSlot> of_rules;
        for (std::uint32_t i = 0; i < chain.rules.size(); ++i)
            of_rules.push_back(slot_of(i));
        auto program = compile::straight_line(chain, {.rule_slots = of_rules, .device_names = device_names});
        if (!program) {
            ADD_FAILURE() << program.error().text();
            return;
        }
        for (const compile::MapReference& reference : program->maps)
            program->instructions[reference.instruction].imm =
                reference.map == compile::MapName::Packet ? packet_.get() : counters_.get();
        program->instructions.push_back({BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS});
        program->instructions.push_back({BPF_JMP | BPF_EXIT, 0, 0, 0, 0});
        std::string log(1 << 16, '\0');
        LIBBPF_OPTS(bpf_prog_load_opts, options, .log_size = static_cast<__u32>(log.size()), .log_buf = log.data());
        program_ = Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "rules", "Dual BSD/GPL", program->instructions.data(),
                                    program->instructions.size(), &options));
        if (!program_.valid())
            ADD_FAILURE() << std::strerror(errno) << "\n" << log.c_str();
    }

    [[nodiscard]] bool valid() const { return program_.valid(); }

    // Far apart and out of order, so that no index passes for another.
    [[nodiscard]] RuleSlot slot_of(std::size_t rule) const {
        return RuleSlot(static_cast<std::uint32_t>((rule * 2 + slots_ / 2) % slots_));
    }

    xdpctl_packet run(xdpctl_packet packet) {
        const __u32 zero = 0;
        EXPECT_EQ(bpf_map_update_elem(packet_.get(), &zero, &packet, BPF_ANY), 0);
        const std::uint8_t frame[64] = {};
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame));
        EXPECT_EQ(bpf_prog_test_run_opts(program_.get(), &options), 0);
        EXPECT_EQ(options.retval, static_cast<__u32>(XDP_PASS));
        EXPECT_EQ(bpf_map_lookup_elem(packet_.get(), &zero, &packet), 0);
        return packet;
    }

    // By slot.
    [[nodiscard]] std::vector<Count> counts() const {
        std::vector<Count> sums(slots_);
        for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
            std::vector<xdpctl_counter> counters(slots_);
            EXPECT_EQ(bpf_map_lookup_elem(counters_.get(), &cpu, counters.data()), 0);
            for (std::size_t slot = 0; slot < slots_; ++slot)
                sums[slot] += {counters[slot].packets, counters[slot].bytes};
        }
        return sums;
    }

private:
    static Fd make_array(const char* name, std::uint32_t value_size, std::uint32_t elements) {
        return Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(__u32), value_size, elements, nullptr));
    }

    std::uint32_t slots_;
    std::uint32_t cpus_ = static_cast<std::uint32_t>(libbpf_num_possible_cpus());
    Fd packet_ = make_array("packet", sizeof(xdpctl_packet), 1);
    Fd counters_ = make_array("counters", slots_ * sizeof(xdpctl_counter), cpus_);
    Fd program_;
};

std::string hex(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    return fmt::format("{:02x}", fmt::join(bytes, bytes + size, ""));
}

// One packet through both; false at the first difference.
bool agree(LoadedRules& rules, const ruleset::Chain& chain, const Fields& fields, const xdpctl_packet& packet,
           std::string_view device, std::vector<Count>& counts) {
    const Evaluation expected = evaluate(chain, fields, device);
    for (const std::size_t rule : expected.counted)
        counts[rule] += {1, fields.length};
    const xdpctl_packet got = rules.run(packet);
    const std::uint32_t expected_rule =
        expected.rule ? std::to_underlying(rules.slot_of(*expected.rule)) : XDPCTL_NO_RULE;
    const bool drop = expected.verdict == ruleset::Verdict::Drop;
    EXPECT_EQ(got.verdict, drop ? XDPCTL_DROP : XDPCTL_ACCEPT);
    EXPECT_EQ(got.reason, expected.reason);
    EXPECT_EQ(got.rule, expected_rule);
    EXPECT_EQ(std::memcmp(&got, &packet, offsetof(xdpctl_packet, verdict)), 0) << "the packet's fields were changed";
    const std::vector<Count> counted = rules.counts();
    for (std::size_t rule = 0; rule < chain.rules.size(); ++rule)
        EXPECT_EQ(counted[std::to_underlying(rules.slot_of(rule))], counts[rule]) << "rule " << rule;
    return !testing::Test::HasFailure();
}

class RandomRules : public testing::TestWithParam<std::size_t> {};

TEST_P(RandomRules, DecideAndCountAsTheEvaluatorSays) {
    const std::size_t rules_each = GetParam();
    const std::vector<std::string> slots{"", "eth0", "eth1", "wan0"};
    std::mt19937 random(static_cast<unsigned>(rules_each));
    for (int i = 0; i < 60; ++i) {
        const auto hook = i % 2 == 0 ? ruleset::Hook::Ingress : ruleset::Hook::Egress;
        const ruleset::Chain chain = random_chain(random, hook, rules_each, MatchedFields::OfPacket);
        LoadedRules rules(chain, slots);
        ASSERT_TRUE(rules.valid());
        std::vector<Count> counts(rules_each);
        for (int j = 0; j < 100; ++j) {
            const Fields fields = random_fields(random, chain);
            const auto device = static_cast<std::uint16_t>(1 + random() % 3);
            const xdpctl_packet packet = packet_of(fields, DeviceSlot(device), random);
            ASSERT_TRUE(agree(rules, chain, fields, packet, slots[device], counts))
                << lang::print_chain(chain) << "device " << slots[device] << ", packet "
                << hex(&packet, sizeof(packet));
        }
    }
}

ruleset::Match match(ruleset::Field field, ruleset::Value first, ruleset::Value last) {
    ruleset::Match out;
    out.field = field;
    out.values = {{first, last}};
    return out;
}

// Rule i takes one source address, a few ports and one destination network, and counts; every eighth only counts.
ruleset::Chain large_chain(std::size_t rules) {
    ruleset::Chain chain;
    chain.name = "large";
    for (std::size_t i = 0; i < rules; ++i) {
        ruleset::Rule& rule = chain.rules.emplace_back();
        rule.statements = {match(ruleset::Field::IpSaddr, 0xc0000000 + i, 0xc0000000 + i),
                           match(ruleset::Field::TcpDport, i, i + 9),
                           match(ruleset::Field::IpDaddr, 0xc6336400, 0xc63364ff), ruleset::Counter{}};
        if (i % 8 != 0)
            rule.statements.emplace_back(ruleset::Verdict::Drop);
    }
    return chain;
}

class LargeChains : public testing::TestWithParam<std::size_t> {};

TEST_P(LargeChains, VerifyAndDecideAtEveryPlace) {
    const ruleset::Chain chain = large_chain(GetParam());
    LoadedRules rules(chain, {});
    ASSERT_TRUE(rules.valid());
    std::mt19937 random(1);
    std::vector<Count> counts(chain.rules.size());
    for (const std::size_t rule : {std::size_t{0}, std::size_t{1}, chain.rules.size() / 2, chain.rules.size() - 1}) {
        Fields fields = random_fields(random, {});
        fields.values = {{ruleset::Field::IpSaddr, 0xc0000000 + rule},
                         {ruleset::Field::IpDaddr, 0xc6336409},
                         {ruleset::Field::TcpDport, rule + 9},
                         {ruleset::Field::TcpSport, 1024},
                         {ruleset::Field::TcpFlags, 2},
                         {ruleset::Field::MetaLength, fields.length}};
        const xdpctl_packet packet = packet_of(fields, DeviceSlot{0}, random);
        ASSERT_TRUE(agree(rules, chain, fields, packet, "", counts)) << "rule " << rule;
        EXPECT_EQ(counts[rule].packets, 1);
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LargeChains, testing::Values(1'024, 4'096));

INSTANTIATE_TEST_SUITE_P(Sizes, RandomRules, testing::Values(0, 1, 2, 5, 20, 100));

}  // namespace
}  // namespace xdpctl::test
