// SPDX-License-Identifier: BSD-2-Clause
// What `bpftool map dump` shows of each pinned map: its value's type and the names of its fields, from the kernel's
// BTF.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kernel/datapath.h"
#include "kernel/pin.h"
#include "support/bpffs.h"

namespace xdpctl::kernel {
namespace {

using testing::ElementsAre;

// Names of a struct's members, and of those of unions in it that have no name.
void add_fields(const btf* types, const btf_type* composite, std::vector<std::string>& fields) {
    for (int i = 0; i < btf_vlen(composite); ++i) {
        const btf_member& member = btf_members(composite)[i];
        if (member.name_off != 0)
            fields.emplace_back(btf__name_by_offset(types, member.name_off));
        else
            add_fields(types, btf__type_by_id(types, member.type), fields);
    }
}

// Of an array its elements' type.
struct ValueType {
    std::string name;
    std::vector<std::string> fields;
};

ValueType value_type(const std::filesystem::path& pin) {
    const auto map = open_pin(pin);
    EXPECT_TRUE(map.has_value()) << map.error().text();
    bpf_map_info info{};
    std::uint32_t size = sizeof(info);
    EXPECT_EQ(bpf_obj_get_info_by_fd(map->get(), &info, &size), 0);
    const std::unique_ptr<btf, decltype(&btf__free)> types(btf__load_from_kernel_by_id(info.btf_id), &btf__free);
    if (types == nullptr)
        return {};
    const btf_type* value = btf__type_by_id(types.get(), info.btf_value_type_id);
    if (btf_is_array(value))
        value = btf__type_by_id(types.get(), btf_array(value)->type);
    ValueType found{btf__name_by_offset(types.get(), value->name_off), {}};
    if (btf_is_struct(value))
        add_fields(types.get(), value, found.fields);
    return found;
}

TEST(MapTypes, ValuesHaveNamedFields) {
    const test::Bpffs bpffs;
    auto maps = ChainMaps::create();
    ASSERT_TRUE(maps.has_value()) << maps.error().text();
    auto datapath = Datapath::create(Layer::Xdp, *maps);
    ASSERT_TRUE(datapath.has_value()) << datapath.error().text();
    const auto rules = RuleMaps::create(2);
    ASSERT_TRUE(rules.has_value()) << rules.error().text();
    ASSERT_TRUE(maps->pin(bpffs.path()).has_value());
    ASSERT_TRUE(rules->pin(bpffs.path()).has_value());
    ASSERT_TRUE(datapath->pin(bpffs.path()).has_value());

    const auto chain = value_type(bpffs.path() / "chain");
    EXPECT_EQ(chain.name, "xdpctl_chain");
    EXPECT_THAT(chain.fields, ElementsAre("policy", "hook"));

    const auto device = value_type(bpffs.path() / "devices");
    EXPECT_EQ(device.name, "xdpctl_device");
    EXPECT_THAT(device.fields, ElementsAre("name", "ifindex", "attachment", "mode", "program_id", "attached_at"));

    for (const char* name : {"device_counters", "rule_counters"}) {
        const auto counter = value_type(bpffs.path() / name);
        EXPECT_EQ(counter.name, "xdpctl_counter");
        EXPECT_THAT(counter.fields, ElementsAre("packets", "bytes"));
    }

    const auto slot = value_type(bpffs.path() / "rule_slots");
    EXPECT_EQ(slot.name, "xdpctl_rule_slot");
    EXPECT_THAT(slot.fields, ElementsAre("handle", "packets", "bytes"));

    const auto packet = value_type(bpffs.path() / "packet");
    EXPECT_EQ(packet.name, "xdpctl_packet");
    EXPECT_THAT(packet.fields,
                ElementsAre("saddr", "daddr", "headers", "length", "ether_saddr_low", "ether_daddr_low",
                            "ether_saddr_high", "ether_daddr_high", "ether_type", "network_proto", "vlan_tci", "sport",
                            "dport", "arp_operation", "fragment_offset", "network_offset", "transport_offset",
                            "ip6_nexthdr", "l4_proto", "tcp_flags", "icmp_type", "icmp_code", "malformed", "verdict",
                            "reason", "device", "rule", "logs", "log_rules", "joint_masks", "behind"));

    EXPECT_EQ(value_type(bpffs.path() / "stages").name, "__u32");
}

}  // namespace
}  // namespace xdpctl::kernel
