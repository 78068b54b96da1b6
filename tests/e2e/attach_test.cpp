// SPDX-License-Identifier: BSD-2-Clause
// Entries on real devices: every way of attaching, what is said when it cannot be done, and that nothing is left
// behind.
#include "kernel/attach.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <linux/if_link.h>

#include <array>

#include "e2e/attach_fixture.h"
#include "kernel/clsact.h"
#include "kernel/load.h"
#include "kernel/program.h"
#include "kernel/tcx.h"
#include "kernel/vlan_tags.h"
#include "support/confined.h"
#include "support/leaks.h"

namespace xdpctl::kernel {
namespace {

using ruleset::Hook;
using test::Snapshot;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::array ways{
    Way{"Auto", Hook::Ingress, XDPCTL_MODE_AUTO, XDPCTL_ATTACHMENT_XDP_LINK, XDPCTL_MODE_NATIVE},
    Way{"Native", Hook::Ingress, XDPCTL_MODE_NATIVE, XDPCTL_ATTACHMENT_XDP_LINK, XDPCTL_MODE_NATIVE},
    Way{"Generic", Hook::Ingress, XDPCTL_MODE_GENERIC, XDPCTL_ATTACHMENT_XDP_LINK, XDPCTL_MODE_GENERIC},
    Way{"TcxIngress", Hook::Ingress, XDPCTL_MODE_TC, XDPCTL_ATTACHMENT_TCX_LINK, XDPCTL_MODE_TC},
    Way{"TcxEgress", Hook::Egress, XDPCTL_MODE_AUTO, XDPCTL_ATTACHMENT_TCX_LINK, XDPCTL_MODE_TC},
    Way{"ClsactIngress", Hook::Ingress, XDPCTL_MODE_TC, XDPCTL_ATTACHMENT_CLSACT, XDPCTL_MODE_TC, true},
    Way{"ClsactEgress", Hook::Egress, XDPCTL_MODE_TC, XDPCTL_ATTACHMENT_CLSACT, XDPCTL_MODE_TC, true},
};

bool kernel_has_tcx() {
    const auto programs = tcx_programs(IfIndex{1}, Hook::Ingress);
    return programs || programs.error().kind != ErrorKind::Unsupported;
}

// What comes of the way on this kernel.
Way on_this_kernel(Way way) {
    if (way.kind == XDPCTL_ATTACHMENT_TCX_LINK && !kernel_has_tcx())
        way.kind = XDPCTL_ATTACHMENT_CLSACT;
    return way;
}

// A program of somebody else that lets everything pass.
Fd load_foreign_program(bpf_prog_type type) {
    const std::array<bpf_insn, 2> instructions{
        bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K,
                 .dst_reg = BPF_REG_0,
                 .src_reg = 0,
                 .off = 0,
                 .imm = type == BPF_PROG_TYPE_XDP ? XDP_PASS : -1},
        bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    return Fd(bpf_prog_load(type, "foreign", "GPL", instructions.data(), instructions.size(), nullptr));
}

// Adds it as a direct-action filter, the way others do.
std::string foreign_filter(const std::filesystem::path& pin, const char* direction, unsigned priority) {
    return fmt::format("tc filter add dev device {} protocol all prio {} handle 1 bpf direct-action object-pinned {}",
                       direction, priority, pin.native());
}

class EveryWay : public AttachTest, public testing::WithParamInterface<Way> {
protected:
    const Way way_ = on_this_kernel(GetParam());
};
INSTANTIATE_TEST_SUITE_P(AttachTest, EveryWay, testing::ValuesIn(ways),
                         [](const testing::TestParamInfo<Way>& test) { return test.param.name; });

TEST_P(EveryWay, JudgesPacketsUntilDetached) {
    (void)open_entry(Layer::Xdp);  // the maps that stay open: not part of what attaching leaves
    (void)open_entry(Layer::TcIngress);
    (void)open_entry(Layer::TcEgress);
    const Snapshot before({&home_, &far_});
    const auto attached = attach_device(way_);
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_EQ(attached->kind, way_.kind);
    EXPECT_EQ(attached->mode, way_.mode);
    EXPECT_EQ(std::filesystem::exists(pin_), way_.pinned());
    EXPECT_EQ(presence(pair_.left().ifindex(), way_, *attached), Presence::Active);

    const Hook hook = way_.hook;
    EXPECT_TRUE(datagram_arrives(hook));
    EXPECT_EQ(judged(XDPCTL_ACCEPT).packets, 1U);
    set_policy(XDPCTL_DROP);
    EXPECT_FALSE(datagram_arrives(hook, test::silence_timeout));
    EXPECT_EQ(judged(XDPCTL_DROP).packets, 1U);

    detach_device(way_, *attached);
    EXPECT_THAT(before.differences(), IsEmpty());
    EXPECT_TRUE(datagram_arrives(hook));
    EXPECT_EQ(judged(XDPCTL_ACCEPT).packets, 1U);
    detach_device(way_, *attached);  // once more is no error
}

TEST_P(EveryWay, FollowsARenamedDevice) {
    const auto attached = attach_device(way_);
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    const IfIndex ifindex = pair_.left().ifindex();
    // Up to Linux 6.1 only a device that is down can be renamed.
    home_.shell("ip link set device down && ip link set device name renamed && ip link set renamed up");
    EXPECT_EQ(presence(ifindex, way_, *attached), Presence::Active);
    const Status detached = home_.run([&] { return detach(ifindex, way_.hook, *attached, pin_); });
    EXPECT_TRUE(detached.has_value()) << detached.error().text();
    EXPECT_EQ(presence(ifindex, way_, *attached), Presence::ProgramGone);
}

TEST_P(EveryWay, SurvivesDeletionOfTheDevice) {
    const auto attached = attach_device(way_);
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    const IfIndex ifindex = pair_.left().ifindex();
    home_.shell("ip link delete device");
    EXPECT_EQ(presence(ifindex, way_, *attached), Presence::DeviceGone);
    const Status detached = home_.run([&] { return detach(ifindex, way_.hook, *attached, pin_); });
    EXPECT_TRUE(detached.has_value()) << detached.error().text();
    EXPECT_FALSE(std::filesystem::exists(pin_));
}

TEST_P(EveryWay, FindsADeviceThatMovedAway) {
    const auto attached = attach_device(way_);
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    const IfIndex ifindex = pair_.left().ifindex();
    home_.shell(fmt::format("ip link set device netns {}", far_.name()));
    // A moved device loses its queueing disciplines, so a filter does not come along as a link does.
    EXPECT_EQ(presence(ifindex, way_, *attached), way_.pinned() ? Presence::OtherNamespace : Presence::DeviceGone);
    const Status detached = home_.run([&] { return detach(ifindex, way_.hook, *attached, pin_); });
    EXPECT_TRUE(detached.has_value()) << detached.error().text();
    const Interface moved = far_.run([] { return find_interface("device").value(); });
    EXPECT_EQ(moved.xdp_program_native + moved.xdp_program_generic, 0U);
    EXPECT_THAT(far_.run([&] { return tcx_programs(moved.index, way_.hook); }).value_or(std::vector<std::uint32_t>()),
                IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(pin_));
}

TEST_P(EveryWay, NoticesAProgramTakenOffByHand) {
    const auto attached = attach_device(way_);
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    if (way_.pinned()) {
        const Fd link(bpf_obj_get(pin_.c_str()));
        ASSERT_EQ(bpf_link_detach(link.get()), 0);
    } else {
        home_.shell("tc qdisc delete dev device clsact");
    }
    EXPECT_EQ(presence(pair_.left().ifindex(), way_, *attached), Presence::ProgramGone);
    detach_device(way_, *attached);
    EXPECT_FALSE(std::filesystem::exists(pin_));
}

TEST_P(EveryWay, NeedsItsCapabilities) {
    for (const std::vector<int>& too_few : {std::vector{CAP_NET_ADMIN, CAP_PERFMON}, {CAP_BPF, CAP_PERFMON}}) {
        const Interface interface = device();
        const Snapshot before({&home_});
        home_.run([&] {
            test::with_capabilities(too_few, [&] {
                const auto attached = attach_here(interface, way_);
                ASSERT_FALSE(attached.has_value());
                EXPECT_EQ(attached.error().kind, ErrorKind::Privilege) << attached.error().text();
            });
        });
        datapaths_.clear();
        EXPECT_THAT(before.differences(), IsEmpty());
    }
}

TEST_P(EveryWay, NeedsNoMoreThanItsCapabilities) {
    const Interface interface = device();
    home_.run([&] {
        test::with_capabilities({CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON}, [&] {
            const auto attached = attach_here(interface, way_);
            ASSERT_TRUE(attached.has_value()) << attached.error().text();
            const Status detached = detach(interface.index, way_.hook, *attached, pin_);
            EXPECT_TRUE(detached.has_value()) << detached.error().text();
        });
    });
}

TEST_P(EveryWay, ReportsADeviceThatIsGone) {
    const Interface gone = device();
    home_.shell("ip link delete device");
    const auto attached = attach_to(gone, way_);
    ASSERT_FALSE(attached.has_value());
    EXPECT_EQ(attached.error().kind, ErrorKind::NotFound) << attached.error().text();
    EXPECT_FALSE(std::filesystem::exists(pin_));
}

class PinnedWay : public AttachTest, public testing::WithParamInterface<Way> {};
INSTANTIATE_TEST_SUITE_P(AttachTest, PinnedWay, testing::ValuesIn(ways.begin(), ways.begin() + 5),
                         [](const testing::TestParamInfo<Way>& test) { return test.param.name; });

TEST_P(PinnedWay, IsUndoneWhenItsLinkCannotBePinned) {
    if (!on_this_kernel(GetParam()).pinned())
        GTEST_SKIP() << "this kernel has no TCX";
    pin_ = bpffs_.path() / "missing" / "link";
    const Snapshot before({&home_});
    const auto attached = attach_device(GetParam());
    ASSERT_FALSE(attached.has_value());
    EXPECT_THAT(attached.error().text(), HasSubstr(pin_.native()));
    datapaths_.clear();
    EXPECT_THAT(before.differences(), IsEmpty());
}

// Frames of more than a page.
class JumboFrames : public AttachTest, public testing::WithParamInterface<Way> {
protected:
    JumboFrames() : AttachTest(9000) {}
};
INSTANTIATE_TEST_SUITE_P(AttachTest, JumboFrames, testing::ValuesIn(ways),
                         [](const testing::TestParamInfo<Way>& test) { return test.param.name; });

TEST_P(JumboFrames, AreJudged) {
    const auto attached = attach_device(GetParam());
    const bool native = GetParam().mode != XDPCTL_MODE_NATIVE || xdp_frags_supported();
    if (!native && GetParam().asked == XDPCTL_MODE_NATIVE) {
        ASSERT_FALSE(attached.has_value());
        EXPECT_EQ(attached.error().kind, ErrorKind::Unsupported);
        EXPECT_THAT(attached.error().text(), HasSubstr("MTU of 9000 is too large"));
        return;
    }
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_EQ(attached->mode, native ? GetParam().mode : XDPCTL_MODE_GENERIC);
    const bool ingress = GetParam().hook == Hook::Ingress;
    const test::UdpSocket receiver(ingress ? home_ : far_, ingress ? near_address : far_address, 5000);
    const test::UdpSocket sender(ingress ? far_ : home_, ingress ? far_address : near_address, 0);
    const std::string payload(8900, 'x');

    sender.send(ingress ? near_address : far_address, 5000, payload);
    EXPECT_EQ(receiver.receive(), payload);
    // IPv4 and UDP headers; a program on egress also counts the Ethernet header that is there already.
    const std::uint64_t headers = 20 + 8 + (ingress ? 0 : 14);
    EXPECT_EQ(judged(XDPCTL_ACCEPT), (Count{1, payload.size() + headers}));
    set_policy(XDPCTL_DROP);
    sender.send(ingress ? near_address : far_address, 5000, payload);
    EXPECT_FALSE(receiver.receive(test::silence_timeout));
    EXPECT_EQ(judged(XDPCTL_DROP).packets, 1U);
}

// XDP programs of somebody else.
class ForeignXdp : public AttachTest, public testing::WithParamInterface<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(AttachTest, ForeignXdp, testing::Values(XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE),
                         [](const testing::TestParamInfo<std::uint32_t>& test) {
                             return test.param == XDP_FLAGS_DRV_MODE ? "Native" : "Generic";
                         });

TEST_P(ForeignXdp, IsNamedAndKept) {
    const Fd foreign = load_foreign_program(BPF_PROG_TYPE_XDP);
    const std::string id = std::to_string(program_id(foreign.get()).value());
    const auto foreign_pin = bpffs_.path() / "foreign";
    ASSERT_EQ(bpf_obj_pin(foreign.get(), foreign_pin.c_str()), 0);
    ASSERT_EQ(
        home_.run([&] { return bpf_xdp_attach(static_cast<int>(device().index), foreign.get(), GetParam(), nullptr); }),
        0);
    (void)open_entry(Layer::Xdp);
    const Snapshot before({&home_});
    for (const xdpctl_mode mode : {XDPCTL_MODE_AUTO, XDPCTL_MODE_NATIVE, XDPCTL_MODE_GENERIC}) {
        const auto attached = attach_device(Hook::Ingress, mode);
        ASSERT_FALSE(attached.has_value());
        EXPECT_EQ(attached.error().kind, ErrorKind::Busy);
        EXPECT_THAT(attached.error().text(),
                    AllOf(HasSubstr("program " + id), HasSubstr("\"foreign\""), HasSubstr("uid 0"),
                          HasSubstr(foreign_pin.native()), HasSubstr("--mode tc")));
        EXPECT_THAT(before.differences(), IsEmpty());
    }
    // The way out that the error names.
    const auto attached = attach_device(Hook::Ingress, XDPCTL_MODE_TC);
    EXPECT_TRUE(attached.has_value()) << attached.error().text();
}

TEST_F(AttachTest, LinkOfSomebodyElseIsNamed) {
    const Fd foreign = load_foreign_program(BPF_PROG_TYPE_XDP);
    const Fd link(
        home_.run([&] { return bpf_link_create(foreign.get(), static_cast<int>(device().index), BPF_XDP, nullptr); }));
    ASSERT_TRUE(link.valid());
    bpf_link_info info{};
    std::uint32_t size = sizeof info;
    ASSERT_EQ(bpf_obj_get_info_by_fd(link.get(), &info, &size), 0);
    const auto attached = attach_device(Hook::Ingress, XDPCTL_MODE_AUTO);
    ASSERT_FALSE(attached.has_value());
    EXPECT_THAT(attached.error().text(), HasSubstr(fmt::format("link {}", info.id)));
}

class BothHooks : public AttachTest, public testing::WithParamInterface<Hook> {
protected:
    [[nodiscard]] Way tcx() const { return {"", GetParam(), XDPCTL_MODE_TC, XDPCTL_ATTACHMENT_TCX_LINK}; }
    [[nodiscard]] Way clsact() const {
        return {"", GetParam(), XDPCTL_MODE_TC, XDPCTL_ATTACHMENT_CLSACT, XDPCTL_MODE_TC, true};
    }
    void SetUp() override {
        foreign_ = load_foreign_program(BPF_PROG_TYPE_SCHED_CLS);
        ASSERT_EQ(bpf_obj_pin(foreign_.get(), foreign_pin_.c_str()), 0);
    }
    [[nodiscard]] const char* direction() const { return GetParam() == Hook::Ingress ? "ingress" : "egress"; }

    Fd foreign_;
    std::filesystem::path foreign_pin_ = bpffs_.path() / "foreign";
};
INSTANTIATE_TEST_SUITE_P(AttachTest, BothHooks, testing::Values(Hook::Ingress, Hook::Egress),
                         [](const testing::TestParamInfo<Hook>& test) {
                             return test.param == Hook::Ingress ? "Ingress" : "Egress";
                         });

TEST_P(BothHooks, TcxProgramOfSomebodyElseRunsOn) {
    if (!kernel_has_tcx())
        GTEST_SKIP() << "this kernel has no TCX";
    const std::uint32_t foreign_id = program_id(foreign_.get()).value();
    const auto type = static_cast<bpf_attach_type>(GetParam() == Hook::Ingress ? 46 : 47);
    const Fd link(
        home_.run([&] { return bpf_link_create(foreign_.get(), static_cast<int>(device().index), type, nullptr); }));
    ASSERT_TRUE(link.valid());

    const auto attached = attach_device(tcx());
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_THAT(warnings_,
                ElementsAre(AllOf(HasSubstr(fmt::format("program {}", foreign_id)), HasSubstr("\"foreign\""))));
    const auto programs = [&] { return home_.run([&] { return tcx_programs(device().index, GetParam()).value(); }); };
    EXPECT_THAT(programs(), ElementsAre(foreign_id, attached->program_id));
    detach_device(tcx(), *attached);
    EXPECT_THAT(programs(), ElementsAre(foreign_id));
}

TEST_P(BothHooks, FilterOfSomebodyElseStays) {
    home_.shell("tc qdisc add dev device clsact");
    home_.shell(foreign_filter(foreign_pin_, direction(), 1));
    const Snapshot before({&home_});
    const auto attached = attach_device(clsact());
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_TRUE(datagram_arrives(GetParam()));
    EXPECT_EQ(judged(XDPCTL_ACCEPT).packets, 1U);
    detach_device(clsact(), *attached);
    datapaths_.clear();
    EXPECT_THAT(before.differences(), IsEmpty());
}

TEST_P(BothHooks, QdiscOfSomebodyElseStays) {
    home_.shell("tc qdisc add dev device clsact");
    const auto attached = attach_device(clsact());
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    detach_device(clsact(), *attached);
    EXPECT_THAT(home_.shell("tc qdisc show dev device"), HasSubstr("clsact"));
}

TEST_P(BothHooks, QdiscGoesWithTheLastFilterOnly) {
    const Way other{"",
                    GetParam() == Hook::Ingress ? Hook::Egress : Hook::Ingress,
                    XDPCTL_MODE_TC,
                    XDPCTL_ATTACHMENT_CLSACT,
                    XDPCTL_MODE_TC,
                    true};
    const auto first = attach_device(clsact());
    ASSERT_TRUE(first.has_value()) << first.error().text();
    const auto second = attach_device(other);
    ASSERT_TRUE(second.has_value()) << second.error().text();
    detach_device(clsact(), *first);
    EXPECT_EQ(presence(device().index, other, *second), Presence::Active);
    detach_device(other, *second);
    EXPECT_THAT(home_.shell("tc qdisc show dev device"), Not(HasSubstr("clsact")));
}

TEST_P(BothHooks, QdiscWithAFilterAddedLaterStays) {
    const auto attached = attach_device(clsact());
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    home_.shell(foreign_filter(foreign_pin_, direction(), 1));
    detach_device(clsact(), *attached);
    const std::string filters = home_.shell(fmt::format("tc filter show dev device {}", direction()));
    EXPECT_THAT(filters, AllOf(HasSubstr("foreign"), Not(HasSubstr("xdpctl"))));
}

TEST_P(BothHooks, TakenFilterPlaceIsReported) {
    home_.shell("tc qdisc add dev device clsact");
    home_.shell(foreign_filter(foreign_pin_, direction(), 0xc0de));
    const Snapshot before({&home_});
    const auto attached = attach_device(clsact());
    ASSERT_FALSE(attached.has_value());
    EXPECT_EQ(attached.error().kind, ErrorKind::Busy);
    EXPECT_THAT(attached.error().text(), AllOf(HasSubstr("\"foreign\""), HasSubstr(foreign_pin_.native())));
    datapaths_.clear();
    EXPECT_THAT(before.differences(), IsEmpty());
}

TEST_F(AttachTest, IngressQdiscHasNoEgressHook) {
    home_.shell("tc qdisc add dev device ingress");
    const Snapshot before({&home_});
    const auto egress =
        attach_device(Way{"", Hook::Egress, XDPCTL_MODE_TC, XDPCTL_ATTACHMENT_CLSACT, XDPCTL_MODE_TC, true});
    ASSERT_FALSE(egress.has_value());
    EXPECT_EQ(egress.error().kind, ErrorKind::Busy);
    EXPECT_THAT(egress.error().text(), HasSubstr("\"ingress\""));

    const Way ingress_way{"", Hook::Ingress, XDPCTL_MODE_TC, XDPCTL_ATTACHMENT_CLSACT, XDPCTL_MODE_TC, true};
    const auto ingress = attach_device(ingress_way);
    ASSERT_TRUE(ingress.has_value()) << ingress.error().text();
    EXPECT_TRUE(datagram_arrives(Hook::Ingress));
    EXPECT_EQ(judged(XDPCTL_ACCEPT).packets, 1U);
    detach_device(ingress_way, *ingress);
    datapaths_.clear();
    EXPECT_THAT(before.differences(), IsEmpty());
}

TEST_F(AttachTest, AutoFallsBackToGenericAndSaysWhatItCosts) {
    home_.shell("ip link add plain type bridge");
    const auto attached = attach_to(device("plain"), Way{"", Hook::Ingress, XDPCTL_MODE_AUTO});
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_EQ(attached->mode, XDPCTL_MODE_GENERIC);
    EXPECT_EQ(device("plain").xdp_program_generic, attached->program_id);
    EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("plain is attached in generic mode"),
                                             HasSubstr("bridge has no native XDP"), HasSubstr("costs"))));
}

TEST_F(AttachTest, NativeIsNotReplacedByAnotherModeWhenAskedFor) {
    home_.shell("ip link add plain type bridge");
    const Snapshot before({&home_});
    for (const xdpctl_mode mode : {XDPCTL_MODE_NATIVE, XDPCTL_MODE_OFFLOAD}) {
        const auto attached = attach_to(device("plain"), Way{"", Hook::Ingress, mode});
        ASSERT_FALSE(attached.has_value());
        EXPECT_EQ(attached.error().kind, ErrorKind::Unsupported) << attached.error().text();
        EXPECT_THAT(attached.error().text(), AllOf(HasSubstr("plain"), HasSubstr("bridge"), HasSubstr("use --mode")));
    }
    datapaths_.clear();
    EXPECT_THAT(before.differences(), IsEmpty());
}

TEST_F(AttachTest, EgressHasNoXdp) {
    for (const xdpctl_mode mode : {XDPCTL_MODE_NATIVE, XDPCTL_MODE_GENERIC, XDPCTL_MODE_OFFLOAD}) {
        const auto attached = attach_device(Hook::Egress, mode);
        ASSERT_FALSE(attached.has_value());
        EXPECT_EQ(attached.error().kind, ErrorKind::Usage);
    }
}

TEST_F(AttachTest, WarnsOfTagsThatXdpDoesNotSee) {
    const auto warning = [&] { return home_.run([&] { return hidden_tags_warning(device()).value_or(""); }); };
    EXPECT_THAT(warning(), AllOf(HasSubstr("ethtool -K peer txvlan off"), HasSubstr("--mode tc")));
    const auto attached = attach_device(Hook::Ingress, XDPCTL_MODE_NATIVE);
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_THAT(warnings_, Contains(warning()));
    far_.shell("ethtool -K peer txvlan off");
    EXPECT_EQ(warning(), "");

    // Both ends in one namespace.
    home_.shell("ip link add one type veth peer name two");
    EXPECT_THAT(home_.run([&] { return hidden_tags_warning(device("one")).value_or(""); }),
                HasSubstr("ethtool -K two txvlan off"));
}

TEST_F(AttachTest, DoesNotWarnOfTagsOnTc) {
    const auto attached = attach_device(Hook::Ingress, XDPCTL_MODE_TC);
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_THAT(warnings_, IsEmpty());
}

class InterfaceTest : public AttachTest {};

TEST_F(InterfaceTest, TellsWhatADeviceIs) {
    const Interface veth = device();
    EXPECT_EQ(veth.kind, "veth");
    EXPECT_EQ(veth.driver, "veth");
    EXPECT_EQ(veth.mtu, 1500U);
    EXPECT_TRUE(veth.up);
    EXPECT_EQ(veth.link, pair_.right().ifindex());
    EXPECT_TRUE(veth.link_namespace.has_value());

    home_.shell("ip link add bridge type bridge && ip link set device master bridge");
    EXPECT_EQ(device().master, device("bridge").index);
    EXPECT_EQ(device("bridge").kind, "bridge");
}

TEST_F(InterfaceTest, SuggestsNamesThatComeClose) {
    const auto next = [&](const std::string& name) {
        return home_.run([&] { return find_interface(name).error().next; });
    };
    EXPECT_EQ(next("devcie"), "did you mean device?");
    EXPECT_EQ(next("dev"), "did you mean device?");
    EXPECT_EQ(next("ol"), "interfaces here: lo, device");
    EXPECT_EQ(next("uplink"), "interfaces here: lo, device");
    EXPECT_EQ(home_.run([] { return find_interface("eth7").error().kind; }), ErrorKind::NotFound);
    EXPECT_EQ(home_.run([] { return query_interface(IfIndex{99999}).value(); }), std::nullopt);
}

}  // namespace
}  // namespace xdpctl::kernel
