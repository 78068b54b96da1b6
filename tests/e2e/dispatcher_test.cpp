// SPDX-License-Identifier: BSD-2-Clause
// Entries under libxdp's dispatcher, on kernels that allow extension programs.
#include <gmock/gmock.h>
#include <xdp/libxdp.h>

#include <cstdlib>
#include <memory>

#include "e2e/attach_fixture.h"
#include "kernel/libxdp.h"
#include "kernel/load.h"

namespace xdpctl::kernel {
namespace {

using ruleset::Hook;

class DispatcherTest : public AttachTest, public testing::WithParamInterface<xdpctl_mode> {
protected:
    // libxdp looks for its file system once in a process.
    static void SetUpTestSuite() {
        libxdp_pins_ = std::make_unique<test::Bpffs>();
        ::setenv(XDP_BPFFS_ENVVAR, libxdp_pins_->path().c_str(), 1);
    }
    static void TearDownTestSuite() {
        ::unsetenv(XDP_BPFFS_ENVVAR);
        libxdp_pins_.reset();
    }
    void SetUp() override {
        if (!dispatcher_usable())
            GTEST_SKIP() << "this kernel refuses extension programs";
        if (!xdp_frags_supported())
            GTEST_SKIP() << "this kernel's extension programs cannot reach XDP programs by tail call";
    }

    [[nodiscard]] Way way() const {
        return {"", Hook::Ingress, GetParam(), XDPCTL_ATTACHMENT_XDP_DISPATCHER, GetParam()};
    }
    [[nodiscard]] std::uint32_t program_on_device() const {
        return device().xdp_program_native + device().xdp_program_generic;
    }
    // Dispatchers that libxdp keeps pinned.
    static std::ptrdiff_t dispatchers() {
        const std::filesystem::directory_iterator pins(libxdp_pins_->path() / "xdp");
        return std::distance(begin(pins), end(pins));
    }

    static std::unique_ptr<test::Bpffs> libxdp_pins_;
};
std::unique_ptr<test::Bpffs> DispatcherTest::libxdp_pins_;
INSTANTIATE_TEST_SUITE_P(DispatcherTest, DispatcherTest, testing::Values(XDPCTL_MODE_NATIVE, XDPCTL_MODE_GENERIC),
                         [](const testing::TestParamInfo<xdpctl_mode>& test) {
                             return test.param == XDPCTL_MODE_NATIVE ? "Native" : "Generic";
                         });

TEST_P(DispatcherTest, JudgesPacketsUntilDetached) {
    const auto attached = attach_device(way());
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    EXPECT_EQ(attached->kind, XDPCTL_ATTACHMENT_XDP_DISPATCHER);
    EXPECT_EQ(attached->mode, GetParam());
    EXPECT_EQ(presence(device().index, way(), *attached), Presence::Active);

    EXPECT_TRUE(datagram_arrives(Hook::Ingress));
    EXPECT_EQ(judged(XDPCTL_ACCEPT).packets, 1U);
    set_policy(XDPCTL_DROP);
    EXPECT_FALSE(datagram_arrives(Hook::Ingress, test::silence_timeout));
    EXPECT_EQ(judged(XDPCTL_DROP).packets, 1U);

    detach_device(way(), *attached);
    EXPECT_EQ(presence(device().index, way(), *attached), Presence::ProgramGone);
    EXPECT_EQ(program_on_device(), 0U);
    EXPECT_EQ(dispatchers(), 0);
}

TEST_P(DispatcherTest, RunsBesideAnotherProgram) {
    const auto first = attach_device(way());
    ASSERT_TRUE(first.has_value()) << first.error().text();
    const auto second = attach_device(way());
    ASSERT_TRUE(second.has_value()) << second.error().text();
    EXPECT_TRUE(datagram_arrives(Hook::Ingress));
    EXPECT_EQ(judged(XDPCTL_ACCEPT).packets, 2U) << "each of the two entries counts in the same chain";

    detach_device(way(), *first);
    EXPECT_EQ(presence(device().index, way(), *second), Presence::Active);
    EXPECT_TRUE(datagram_arrives(Hook::Ingress));
    EXPECT_EQ(judged(XDPCTL_ACCEPT).packets, 3U);
    detach_device(way(), *second);
    EXPECT_EQ(program_on_device(), 0U);
    EXPECT_EQ(dispatchers(), 0);
}

TEST_P(DispatcherTest, IsJoinedInTheModeItHas) {
    const auto first = attach_device(way());
    ASSERT_TRUE(first.has_value()) << first.error().text();
    const auto second = attach_device(Hook::Ingress, XDPCTL_MODE_AUTO);
    ASSERT_TRUE(second.has_value()) << second.error().text();
    EXPECT_EQ(second->kind, XDPCTL_ATTACHMENT_XDP_DISPATCHER);
    EXPECT_EQ(second->mode, GetParam());
    detach_device(way(), *second);
    detach_device(way(), *first);
    EXPECT_EQ(dispatchers(), 0);
}

TEST_P(DispatcherTest, LeavesNoPinsOfADeletedDevice) {
    const auto attached = attach_device(way());
    ASSERT_TRUE(attached.has_value()) << attached.error().text();
    const IfIndex ifindex = device().index;
    home_.shell("ip link delete device");
    EXPECT_EQ(presence(ifindex, way(), *attached), Presence::DeviceGone);
    const Status detached = home_.run([&] { return detach(ifindex, Hook::Ingress, *attached, pin_); });
    EXPECT_TRUE(detached.has_value()) << detached.error().text();
    EXPECT_EQ(dispatchers(), 0);
}

}  // namespace
}  // namespace xdpctl::kernel
