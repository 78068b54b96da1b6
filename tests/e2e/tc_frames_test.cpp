// SPDX-License-Identifier: BSD-2-Clause
// Packets in the shapes that only a running kernel gives them: VLAN tags beside the frame, headers outside the linear
// part. The parser has to find the same as in a plain frame.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "compile/compile.h"
#include "kernel/clsact.h"
#include "kernel/datapath.h"
#include "kernel/interface.h"
#include "support/netns.h"
#include "support/packet.h"
#include "support/traffic.h"

namespace xdpctl::test {
namespace {

using ruleset::Field;
using ruleset::Hook;

struct FieldValue {
    Field field;
    ruleset::Value value;
};

// A chain whose only rule counts the packets in which all fields have the given values, on one end of a pair. Frames
// are sent from the left end: egress chains judge them there, ingress chains on the right.
class TcFramesTest : public testing::TestWithParam<Hook> {
protected:
    void attach(const std::vector<FieldValue>& fields) {
        ruleset::Chain chain;
        chain.name = "chain";
        chain.hook = GetParam();
        chain.devices = {"device"};
        ruleset::Rule rule;
        for (const auto& [field, value] : fields) {
            ruleset::Match match;
            match.field = field;
            match.values = {{value, value}};
            rule.statements.emplace_back(match);
        }
        rule.statements.emplace_back(ruleset::Counter{});
        chain.rules = {rule};

        const RuleSlot slots[] = {RuleSlot{0}};
        const auto program = compile::compile(chain, {.rule_slots = slots, .device_names = chain.devices}).value();
        datapath_.publish(datapath_.load_classifier(program, rules_).value()).value();
        const int entry = entry_.load().value();
        judging_end().netns().run([&] {
            kernel::attach_clsact(kernel::find_interface(judging_end().name()).value(), GetParam(), entry).value();
        });
    }

    [[nodiscard]] const VethEnd& judging_end() const {
        return GetParam() == Hook::Egress ? pair_.left() : pair_.right();
    }

    // What the rule counted, once it counted something or the time is up.
    [[nodiscard]] Count counted() const {
        const auto deadline = std::chrono::steady_clock::now() + arrival_timeout;
        for (;;) {
            const Count count = rules_.counted(RuleSlot{0});
            if (count.packets != 0 || std::chrono::steady_clock::now() > deadline)
                return count;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    // As nftables counts on the hook: without the Ethernet header on ingress, tags that are not in the frame nowhere.
    [[nodiscard]] std::uint64_t counted_bytes(std::size_t untagged_frame) const {
        return untagged_frame - (GetParam() == Hook::Ingress ? 14 : 0);
    }

    Netns near_;
    Netns far_;
    VethPair pair_{near_, "device", far_, "device", 9000};
    kernel::ChainMaps maps_ = kernel::ChainMaps::create().value();
    kernel::RuleMaps rules_ = kernel::RuleMaps::create(1).value();
    kernel::Layer layer_ = GetParam() == Hook::Egress ? kernel::Layer::TcEgress : kernel::Layer::TcIngress;
    kernel::Datapath datapath_ = kernel::Datapath::create(layer_, maps_).value();
    kernel::EntryObject entry_ = datapath_.open_entry(DeviceSlot{0}).value();
};

void send(const PacketSocket& socket, const Bytes& frame) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(frame.data());
    socket.send({first, frame.size()});
}

// Puts a tag beside every packet that leaves a device, as a VLAN device does it: a filter in front of all others.
void tag_leaving_packets(const VethEnd& end, std::uint16_t tpid, std::uint16_t tci) {
    const auto instruction = [](int code, int destination, int immediate) {
        return bpf_insn{.code = static_cast<std::uint8_t>(code),
                        .dst_reg = static_cast<std::uint8_t>(destination & 0xf),
                        .src_reg = 0,
                        .off = 0,
                        .imm = immediate};
    };
    const bpf_insn instructions[] = {
        instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, htons(tpid)),
        instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, tci),
        instruction(BPF_JMP | BPF_CALL, 0, BPF_FUNC_skb_vlan_push),
        instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, TC_ACT_UNSPEC),
        instruction(BPF_JMP | BPF_EXIT, 0, 0),
    };
    const Fd program(
        bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "tagger", "GPL", instructions, std::size(instructions), nullptr));
    LIBBPF_OPTS(bpf_tc_hook, hook);
    hook.ifindex = static_cast<int>(end.ifindex());
    hook.attach_point = BPF_TC_EGRESS;
    LIBBPF_OPTS(bpf_tc_opts, filter);
    filter.prog_fd = program.get();
    filter.handle = 1;
    filter.priority = 1;
    end.netns().run([&] {
        const int hooked = bpf_tc_hook_create(&hook);
        if ((hooked != 0 && hooked != -EEXIST) || bpf_tc_attach(&hook, &filter) != 0)
            throw std::runtime_error("cannot attach the tagging filter");
    });
}

TEST_P(TcFramesTest, OffloadedTag) {
    attach({{Field::EtherType, 0x8100}, {Field::VlanId, 5}, {Field::TcpDport, 22}});
    tag_leaving_packets(pair_.left(), 0x8100, 5);
    const Bytes plain = frame({Ether{}, Ipv4{}, Tcp{.dport = 22}, Bytes(100)});
    send(PacketSocket(pair_.left()), plain);
    EXPECT_EQ(counted(), (Count{1, counted_bytes(plain.size())}));
}

// The outer tag beside the frame, the inner one in it.
TEST_P(TcFramesTest, OffloadedTagOverTagInTheFrame) {
    attach({{Field::EtherType, 0x88a8}, {Field::VlanId, 5}, {Field::UdpDport, 53}});
    tag_leaving_packets(pair_.left(), 0x88a8, 5);
    const Bytes inner = frame({Ether{}, Vlan{.id = 6}, Ipv6{}, Udp{.dport = 53}, Bytes(100)});
    send(PacketSocket(pair_.left()), inner);
    EXPECT_EQ(counted(), (Count{1, counted_bytes(inner.size())}));
}

TEST_P(TcFramesTest, TooManyTagsWithTheOffloadedOne) {
    attach({{Field::VlanId, 5}});
    tag_leaving_packets(pair_.left(), 0x8100, 5);
    send(PacketSocket(pair_.left()), frame({Ether{}, Vlan{}, Vlan{}, Ipv4{}, Udp{}, Bytes(100)}));
    EXPECT_EQ(counted().packets, 1U);
    const auto counts = kernel::read_counters(maps_.device_counters, XDPCTL_DEVICE_COUNTERS).value();
    EXPECT_EQ(counts[xdpctl_device_counter(0, XDPCTL_ACCEPT, XDPCTL_MALFORMED_VLAN_DEPTH)].packets, 1U);
}

// struct virtio_net_hdr, whose kernel header is not for C++. A packet socket takes it in front of a frame.
struct VnetHeader {
    std::uint8_t flags = 0;
    std::uint8_t gso_type = 0;
    std::uint16_t header_length = 0;
    std::uint16_t gso_size = 0;
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;
};

// Sends a frame of more than a page as a packet with just its Ethernet header in the linear part.
void send_nonlinear(const VethEnd& end, const Bytes& frame) {
    const auto require = [](bool ok, const char* what) {
        if (!ok)
            throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
    };
    const Fd socket = end.netns().run([] { return Fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)); });
    require(socket.valid(), "socket");
    const int on = 1;
    require(::setsockopt(socket.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) == 0, "PACKET_VNET_HDR");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(end.ifindex());
    const VnetHeader prefix{.header_length = ETH_HLEN};
    Bytes message(sizeof(prefix));
    std::memcpy(message.data(), &prefix, sizeof(prefix));
    message.insert(message.end(), frame.begin(), frame.end());
    require(::sendto(socket.get(), message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)) == static_cast<ssize_t>(message.size()),
            "sendto");
}

TEST_P(TcFramesTest, HeadersOutsideTheLinearPart) {
    attach({{Field::IpSaddr, 0xc0000201}, {Field::TcpDport, 22}});
    const Bytes large = frame({Ether{}, Ipv4{}, Tcp{.dport = 22}, Bytes(8000)});
    send_nonlinear(pair_.left(), large);
    EXPECT_EQ(counted(), (Count{1, counted_bytes(large.size())}));
}

TEST_P(TcFramesTest, HeadersFarOutsideTheLinearPart) {
    attach({{Field::TcpDport, 22}});
    const Bytes large =
        frame({Ether{}, Ipv6{}, Extension{.size = 2048}, Extension{.size = 1024}, Tcp{.dport = 22}, Bytes(4000)});
    send_nonlinear(pair_.left(), large);
    EXPECT_EQ(counted(), (Count{1, counted_bytes(large.size())}));
}

INSTANTIATE_TEST_SUITE_P(Hooks, TcFramesTest, testing::Values(Hook::Ingress, Hook::Egress),
                         [](const auto& hook) { return hook.param == Hook::Egress ? "Egress" : "Ingress"; });

}  // namespace
}  // namespace xdpctl::test
