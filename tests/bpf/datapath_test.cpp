// SPDX-License-Identifier: BSD-2-Clause
// Maps and programs of every layer are created, loaded, joined and published.
#include "kernel/datapath.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include <array>

#include "support/bpffs.h"

namespace xdpctl::kernel {
namespace {

class DatapathTest : public testing::TestWithParam<Layer> {
protected:
    // What the kernel returns for a frame: an entry of its own, on the device in slot 3.
    std::uint32_t run(const Datapath& datapath) {
        auto entry = datapath.open_entry(DeviceSlot{3});
        EXPECT_TRUE(entry.has_value()) << entry.error().text();
        auto program = entry->load();
        EXPECT_TRUE(program.has_value()) << program.error().text();
        const std::array<std::byte, 60> frame{};
        LIBBPF_OPTS(bpf_test_run_opts, options);
        options.data_in = frame.data();
        options.data_size_in = frame.size();
        EXPECT_EQ(bpf_prog_test_run_opts(*program, &options), 0);
        return options.retval;
    }

    Count count(xdpctl_verdict verdict, xdpctl_reason reason) {
        auto counts = read_counters(maps_->device_counters, XDPCTL_DEVICE_COUNTERS);
        EXPECT_TRUE(counts.has_value()) << counts.error().text();
        return counts->at(xdpctl_device_counter(3, verdict, reason));
    }

    void set_policy(xdpctl_verdict policy) {
        const std::uint32_t key = 0;
        const xdpctl_chain chain{.policy = policy, .hook = XDPCTL_HOOK_INGRESS};
        ASSERT_EQ(bpf_map_update_elem(maps_->chain.get(), &key, &chain, BPF_ANY), 0);
    }

    [[nodiscard]] std::uint32_t code(xdpctl_verdict verdict) const {
        if (GetParam() == Layer::Xdp)
            return verdict == XDPCTL_DROP ? XDP_DROP : XDP_PASS;
        return static_cast<std::uint32_t>(verdict == XDPCTL_DROP ? TC_ACT_SHOT : TC_ACT_UNSPEC);
    }

    // Bytes of a 60-byte frame.
    [[nodiscard]] std::uint64_t bytes() const { return GetParam() == Layer::TcEgress ? 60 : 46; }

    Result<ChainMaps> maps_ = ChainMaps::create();
    Result<RuleMaps> rules_ = RuleMaps::create(1);
};

TEST_P(DatapathTest, MissingClassifierTakesThePolicy) {
    ASSERT_TRUE(maps_.has_value()) << maps_.error().text();
    auto datapath = Datapath::create(GetParam(), *maps_);
    ASSERT_TRUE(datapath.has_value()) << datapath.error().text();
    EXPECT_EQ(datapath->published(), 0U);

    EXPECT_EQ(run(*datapath), code(XDPCTL_ACCEPT));
    EXPECT_EQ(count(XDPCTL_ACCEPT, XDPCTL_REASON_STAGE_MISS), (Count{1, bytes()}));

    set_policy(XDPCTL_DROP);
    EXPECT_EQ(run(*datapath), code(XDPCTL_DROP));
    EXPECT_EQ(count(XDPCTL_DROP, XDPCTL_REASON_STAGE_MISS), (Count{1, bytes()}));
    EXPECT_EQ(count(XDPCTL_ACCEPT, XDPCTL_REASON_STAGE_MISS), (Count{1, bytes()}));
}

// r1 = ctx stays; packet.verdict = verdict, as the compiler's end of rules does it.
compile::Program policy_program(xdpctl_verdict verdict) {
    const auto instruction = [](int operation, int destination, int source, int offset, int immediate) {
        return bpf_insn{.code = static_cast<std::uint8_t>(operation),
                        .dst_reg = static_cast<std::uint8_t>(destination & 0xf),
                        .src_reg = static_cast<std::uint8_t>(source & 0xf),
                        .off = static_cast<std::int16_t>(offset),
                        .imm = immediate};
    };
    return {
        .instructions = {instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
                         instruction(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
                         instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
                         instruction(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
                         instruction(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, 0, 0, 0), instruction(0, 0, 0, 0, 0),
                         instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
                         instruction(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 1, 0),
                         instruction(BPF_ST | BPF_MEM | BPF_B, BPF_REG_0, 0, offsetof(xdpctl_packet, verdict), verdict),
                         instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0)},
        .maps = {{.instruction = 4, .map = compile::MapName::Packet}}};
}

TEST_P(DatapathTest, PublishedClassifierDecides) {
    ASSERT_TRUE(maps_.has_value()) << maps_.error().text();
    auto datapath = Datapath::create(GetParam(), *maps_);
    ASSERT_TRUE(datapath.has_value()) << datapath.error().text();

    for (const auto verdict : {XDPCTL_DROP, XDPCTL_ACCEPT}) {
        auto classifier = datapath->load_classifier(policy_program(verdict), *rules_);
        ASSERT_TRUE(classifier.has_value()) << classifier.error().text();
        const auto status = datapath->publish(*classifier);
        ASSERT_TRUE(status.has_value()) << status.error().text();
        EXPECT_NE(datapath->published(), 0U);
        EXPECT_EQ(run(*datapath), code(verdict));
        EXPECT_EQ(count(verdict, XDPCTL_REASON_POLICY), (Count{1, bytes()}));
    }
}

TEST_P(DatapathTest, PinsAreTheSameDatapath) {
    ASSERT_TRUE(maps_.has_value()) << maps_.error().text();
    const test::Bpffs bpffs;
    auto datapath = Datapath::create(GetParam(), *maps_);
    ASSERT_TRUE(datapath.has_value()) << datapath.error().text();
    ASSERT_TRUE(maps_->pin(bpffs.path()).has_value());
    ASSERT_TRUE(datapath->pin(bpffs.path()).has_value());

    const auto opened_maps = ChainMaps::open(bpffs.path());
    ASSERT_TRUE(opened_maps.has_value()) << opened_maps.error().text();
    auto opened = Datapath::open(GetParam(), *opened_maps, bpffs.path());
    ASSERT_TRUE(opened.has_value()) << opened.error().text();
    auto classifier = opened->load_classifier(policy_program(XDPCTL_DROP), *rules_);
    ASSERT_TRUE(classifier.has_value()) << classifier.error().text();
    ASSERT_TRUE(opened->publish(*classifier).has_value());

    EXPECT_EQ(datapath->published(), opened->published().value());
    EXPECT_EQ(run(*datapath), code(XDPCTL_DROP));
    EXPECT_EQ(count(XDPCTL_DROP, XDPCTL_REASON_POLICY), (Count{1, bytes()}));
}

TEST_P(DatapathTest, RefusedProgramKeepsTheEndOfTheLog) {
    ASSERT_TRUE(maps_.has_value()) << maps_.error().text();
    auto datapath = Datapath::create(GetParam(), *maps_);
    ASSERT_TRUE(datapath.has_value()) << datapath.error().text();
    const compile::Program reads_unset_register{
        .instructions = {bpf_insn{
            .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_7, .off = 0, .imm = 0}},
        .maps = {}};
    const auto classifier = datapath->load_classifier(reads_unset_register, *rules_);
    ASSERT_FALSE(classifier.has_value());
    EXPECT_EQ(classifier.error().kind, ErrorKind::Rejected);
    EXPECT_NE(classifier.error().cause.find("R7 !read_ok"), std::string::npos) << classifier.error().text();
}

std::string layer_name(const testing::TestParamInfo<Layer>& layer) {
    return layer.param == Layer::Xdp ? "Xdp" : layer.param == Layer::TcIngress ? "TcIngress" : "TcEgress";
}

INSTANTIATE_TEST_SUITE_P(Layers, DatapathTest, testing::Values(Layer::Xdp, Layer::TcIngress, Layer::TcEgress),
                         layer_name);

TEST(ChainMaps, MissingPinIsNotFound) {
    const test::Bpffs bpffs;
    const auto maps = ChainMaps::open(bpffs.path());
    ASSERT_FALSE(maps.has_value());
    EXPECT_EQ(maps.error().kind, ErrorKind::NotFound);
}

TEST(GracePeriod, Passes) {
    const auto status = wait_for_running_programs();
    EXPECT_TRUE(status.has_value()) << status.error().text();
}

}  // namespace
}  // namespace xdpctl::kernel
