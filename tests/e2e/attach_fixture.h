// SPDX-License-Identifier: BSD-2-Clause
// What tests of attaching share: a device with an entry that judges by its chain's policy.
#pragma once

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <xdp/libxdp.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <ostream>
#include <string>

#include "kernel/attach.h"
#include "kernel/clsact.h"
#include "kernel/program.h"
#include "maps/verdict.h"
#include "support/bpffs.h"
#include "support/netns.h"
#include "support/traffic.h"

namespace xdpctl::kernel {

inline constexpr const char* near_address = "192.0.2.1";
inline constexpr const char* far_address = "192.0.2.2";

// A way to attach, and what must come of it.
struct Way {
    std::string name;
    ruleset::Hook hook = ruleset::Hook::Ingress;
    xdpctl_mode asked = XDPCTL_MODE_AUTO;
    xdpctl_attachment kind = XDPCTL_ATTACHMENT_NONE;
    xdpctl_mode mode = XDPCTL_MODE_AUTO;
    bool force_clsact = false;  // which is taken only where there is no TCX

    [[nodiscard]] bool pinned() const {
        return kind == XDPCTL_ATTACHMENT_XDP_LINK || kind == XDPCTL_ATTACHMENT_TCX_LINK;
    }
    friend std::ostream& operator<<(std::ostream& out, const Way& way) { return out << way.name; }
};

// A chain with one device: `device_` in `home_`, whose peer is in `far_`. Addresses and neighbours are set, so that
// only what a test sends is on the wire.
class AttachTest : public testing::Test {
protected:
    // Without its file system libxdp is not used: the ways tested are the others, wherever the tests run.
    static void SetUpTestSuite() { ::setenv(XDP_BPFFS_ENVVAR, "/nonexistent", 1); }
    static void TearDownTestSuite() { ::unsetenv(XDP_BPFFS_ENVVAR); }

    explicit AttachTest(unsigned mtu = 1500) : pair_(home_, "device", far_, "peer", mtu) {
        pair_.left().add_address(fmt::format("{}/24", near_address));
        pair_.right().add_address(fmt::format("{}/24", far_address));
        pair_.left().add_neighbour(far_address, pair_.right().mac());
        pair_.right().add_neighbour(near_address, pair_.left().mac());
        set_policy(XDPCTL_ACCEPT);
    }

    [[nodiscard]] Interface device(const std::string& name = "device") const {
        return home_.run([&] { return find_interface(name).value(); });
    }

    Result<EntryObject> open_entry(Layer layer) {
        if (!datapaths_.contains(layer)) {
            auto created = Datapath::create(layer, maps_);
            if (!created)
                return std::unexpected(created.error());
            datapaths_.emplace(layer, std::move(*created));
        }
        return datapaths_.at(layer).open_entry(DeviceSlot{0});
    }

    Result<Attachment> attach_clsact_entry(const Interface& interface, ruleset::Hook hook) {
        auto entry = open_entry(hook == ruleset::Hook::Ingress ? Layer::TcIngress : Layer::TcEgress);
        if (!entry)
            return std::unexpected(entry.error());
        const auto program = entry->load();
        if (!program)
            return std::unexpected(program.error());
        XDPCTL_TRY(attach_clsact(interface, hook, *program));
        return Attachment{XDPCTL_ATTACHMENT_CLSACT, XDPCTL_MODE_TC, program_id(*program).value()};
    }

    // REQUIRES: called in the device's namespace.
    Result<Attachment> attach_here(const Interface& interface, const Way& way) {
        if (way.force_clsact)
            return attach_clsact_entry(interface, way.hook);
        const OpenEntry open = [&](Layer layer) { return open_entry(layer); };
        return attach(interface, way.hook, way.asked, open, pin_, warnings_);
    }
    Result<Attachment> attach_to(const Interface& interface, const Way& way) {
        return home_.run([&] { return attach_here(interface, way); });
    }
    Result<Attachment> attach_device(const Way& way) { return attach_to(device(), way); }
    Result<Attachment> attach_device(ruleset::Hook hook, xdpctl_mode mode) {
        return attach_device(Way{"", hook, mode});
    }

    void detach_device(const Way& way, const Attachment& attachment) {
        const Status detached = home_.run([&] { return detach(pair_.left().ifindex(), way.hook, attachment, pin_); });
        EXPECT_TRUE(detached.has_value()) << detached.error().text();
    }

    [[nodiscard]] Presence presence(IfIndex ifindex, const Way& way, const Attachment& attachment) const {
        return home_.run([&] { return check(ifindex, way.hook, attachment, pin_).value(); });
    }

    void set_policy(xdpctl_verdict policy) {
        const std::uint32_t key = 0;
        const xdpctl_chain chain{.policy = policy, .hook = XDPCTL_HOOK_INGRESS};
        ASSERT_EQ(bpf_map_update_elem(maps_.chain.get(), &key, &chain, BPF_ANY), 0);
    }

    // Packets that the entry judged: without a classifier each is one stage miss.
    [[nodiscard]] Count judged(xdpctl_verdict verdict) const {
        return read_counters(maps_.device_counters, XDPCTL_DEVICE_COUNTERS)
            .value()
            .at(xdpctl_device_counter(0, verdict, XDPCTL_REASON_STAGE_MISS));
    }

    // A datagram into the hook: received by the device, or sent by it.
    [[nodiscard]] bool datagram_arrives(ruleset::Hook hook,
                                        std::chrono::milliseconds timeout = test::arrival_timeout) const {
        return hook == ruleset::Hook::Ingress ? test::udp_arrives(far_, home_, near_address, 5000, timeout)
                                              : test::udp_arrives(home_, far_, far_address, 5000, timeout);
    }

    test::Bpffs bpffs_;
    test::Netns home_;
    test::Netns far_;
    test::VethPair pair_;
    std::filesystem::path pin_ = bpffs_.path() / "link";
    ChainMaps maps_ = ChainMaps::create().value();
    std::map<Layer, Datapath> datapaths_;
    Warnings warnings_;
};

}  // namespace xdpctl::kernel
