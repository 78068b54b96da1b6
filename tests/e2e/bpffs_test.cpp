// SPDX-License-Identifier: BSD-2-Clause
// The state's directory: mounted when missing, the same one in every mount namespace, its own in every network
// namespace.
#include "kernel/bpffs.h"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "kernel/privilege.h"
#include "support/bpffs.h"
#include "support/confined.h"
#include "support/netns.h"

namespace xdpctl::kernel {
namespace {

namespace fs = std::filesystem;
using test::in_private_mounts;
using test::on_fresh_machine;
using testing::HasSubstr;

// Fails the surrounding action, which runs in a child process, where GoogleTest's own checks would not be heard.
bool holds(bool condition, std::string_view what) {
    if (!condition)
        std::cerr << "does not hold: " << what << '\n';
    return condition;
}

bool makes_directory(std::size_t warnings_expected) {
    Warnings warnings;
    const auto directory = state_directory(true, warnings);
    return holds(directory.has_value(), "there is a state directory") &&
           holds(on_bpffs(*directory), "it is on a BPF file system") &&
           holds(fs::status(*directory).permissions() == fs::perms::owner_all, "it is for its owner only") &&
           holds(warnings.size() == warnings_expected, "mounting is said, once");
}

bool finds_directory(bool expected) {
    Warnings warnings;
    const auto directory = state_directory(false, warnings);
    return holds(directory.has_value(), "a missing state is no error") &&
           holds(fs::exists(*directory) == expected, "the state directory is there just when it was made") &&
           holds(warnings.empty(), "looking changes nothing");
}

class BpffsTest : public testing::Test {
protected:
    void SetUp() override { ::unsetenv(bpffs_variable); }
};

TEST_F(BpffsTest, IsMountedWhenMissing) {
    EXPECT_TRUE(on_fresh_machine(
        [] { return finds_directory(false) && makes_directory(1) && finds_directory(true) && makes_directory(0); }));
}

TEST_F(BpffsTest, OutlivesThePrivateMountNamespaceThatMadeIt) {
    EXPECT_TRUE(on_fresh_machine([] {
        return in_private_mounts([] { return makes_directory(1) && finds_directory(true); }) && finds_directory(true) &&
               in_private_mounts([] { return finds_directory(true) && makes_directory(0); });
    }));
}

TEST_F(BpffsTest, IsFoundByAPrivateMountNamespaceOlderThanIt) {
    EXPECT_TRUE(on_fresh_machine([] {
        return in_private_mounts([] {
            // As from outside, while this namespace does not see the mount.
            return in_private_mounts([] { return makes_directory(1); }) && finds_directory(true);
        });
    }));
}

TEST_F(BpffsTest, NeedsPrivilegeToBeMounted) {
    EXPECT_TRUE(on_fresh_machine([] {
        std::optional<Error> error;
        test::with_capabilities({CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON}, [&] {
            Warnings warnings;
            if (const auto directory = state_directory(true, warnings); !directory)
                error = directory.error();
        });
        return holds(error && error->kind == ErrorKind::Privilege, "mounting needs CAP_SYS_ADMIN") &&
               holds(error->text().find("mount -t bpf") != std::string::npos, "the way out is said") &&
               finds_directory(false);
    }));
}

TEST_F(BpffsTest, EachNetworkNamespaceHasItsOwn) {
    const test::Bpffs bpffs;
    const auto directory_in = [](const test::Netns& netns) {
        return netns.run([] {
            Warnings warnings;
            return state_directory(true, warnings).value();
        });
    };
    const test::Netns second;
    fs::path first_directory;
    {
        const test::Netns first;
        first_directory = directory_in(first);
        EXPECT_EQ(directory_in(first), first_directory);
        EXPECT_NE(directory_in(second), first_directory);
    }
    if (first_directory.filename().native().starts_with("netns-inode-"))
        GTEST_SKIP() << "this kernel has no namespace cookies, and uses inode numbers again";
    const test::Netns third;
    EXPECT_NE(directory_in(third), first_directory);
}

TEST_F(BpffsTest, VariableMustNameABpfFileSystem) {
    ::setenv(bpffs_variable, "/tmp", 1);
    Warnings warnings;
    const auto directory = state_directory(true, warnings);
    ::unsetenv(bpffs_variable);
    ASSERT_FALSE(directory.has_value());
    EXPECT_EQ(directory.error().kind, ErrorKind::Input);
    EXPECT_THAT(directory.error().text(), HasSubstr("XDPCTL_BPFFS=/tmp is not on a BPF file system"));
}

TEST(PrivilegeTest, NamesWhatIsMissing) {
    const auto error_with = [](const std::vector<int>& capabilities) {
        Status status;
        test::with_capabilities(capabilities, [&] { status = require_privileges("attach to eth0"); });
        return status ? std::string() : status.error().text();
    };
    EXPECT_EQ(error_with({CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON}), "");
    EXPECT_EQ(error_with({CAP_SYS_ADMIN, CAP_NET_ADMIN}), "");
    EXPECT_THAT(error_with({CAP_NET_ADMIN, CAP_PERFMON}), HasSubstr("cannot attach to eth0: missing CAP_BPF\n"));
    EXPECT_THAT(error_with({CAP_BPF, CAP_PERFMON}), HasSubstr("missing CAP_NET_ADMIN\n"));
    EXPECT_THAT(error_with({CAP_BPF, CAP_NET_ADMIN}), HasSubstr("missing CAP_PERFMON\n"));
    EXPECT_THAT(error_with({}), HasSubstr("missing CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON\n"));
}

}  // namespace
}  // namespace xdpctl::kernel
