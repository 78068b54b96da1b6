// SPDX-License-Identifier: BSD-2-Clause
// What every command says when it cannot: message, exit code, and nothing changed.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/fd.h"
#include "e2e/cli_fixture.h"
#include "kernel/state.h"

namespace xdpctl::test {
namespace {

using testing::HasSubstr;

class CliErrors : public CliTest {
protected:
    CliErrors() {
        succeed({"attach", "eth0"});
        succeed({"rule", "add", "tcp", "dport", "22", "counter", "accept"});
    }
};

// A program that passes everything, as someone else might have it on the device.
Fd load_foreign_program() {
    const std::array<bpf_insn, 2> pass{
        {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 2},
         {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}}};
    return Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass.data(), pass.size(), nullptr));
}

TEST_F(CliErrors, WrongInterface) {
    refuse({"attach", "eth9"}, ErrorKind::NotFound, "eth9");
    refuse({"attach", "eth1", "eth9"}, ErrorKind::NotFound, "eth9");
    refuse({"detach", "eth1"}, ErrorKind::NotFound, "eth1 is not attached");
    refuse({"detach", "eth0", "--hook", "egress"}, ErrorKind::NotFound, "eth0 is not attached");
    refuse({"stats", "eth1"}, ErrorKind::NotFound, "no statistics of eth1");
}

TEST_F(CliErrors, WrongInterfaceInAFile) {
    const std::string path = file("gone.nft", R"(table netdev t {
        chain c { type filter hook ingress devices = { eth1, eth9 } priority filter; policy drop; }
    })");
    refuse({"apply", "-f", path}, ErrorKind::NotFound, "eth9");
    refuse({"apply", "--dry-run", "-f", path}, ErrorKind::NotFound, "eth9");
}

TEST_F(CliErrors, AFileThatWouldRemoveEverything) {
    for (const char* content : {"", "# lost\n", "flush ruleset\n"}) {
        refuse({"apply", "-f", "-"}, ErrorKind::Input, "xdpctl flush ruleset", content);
        refuse({"apply", "--dry-run", "-f", file("empty.nft", content)}, ErrorKind::Input, "has no table");
    }
}

TEST_F(CliErrors, BadModes) {
    refuse({"attach", "eth1", "--mode", "fast"}, ErrorKind::Usage, "fast");
    refuse({"attach", "eth1", "--hook", "egress", "--mode", "native"}, ErrorKind::Usage,
           "hook egress has no mode native");
    refuse({"attach", "eth0", "--mode", "generic"}, ErrorKind::Failed, "eth0 is already attached in mode native");
    refuse({"attach", "eth1", "--mode", "offload"}, ErrorKind::Unsupported, "eth1");
}

TEST_F(CliErrors, BadWords) {
    refuse({}, ErrorKind::Usage, "a command is missing");
    refuse({"attack"}, ErrorKind::Usage, "'attack' is no command");
    refuse({"attach"}, ErrorKind::Usage, "IFACE");
    refuse({"detach"}, ErrorKind::Usage, "either interfaces or --all");
    refuse({"detach", "eth0", "--all"}, ErrorKind::Usage, "either interfaces or --all");
    refuse({"chain", "policy", "reject"}, ErrorKind::Usage, "'reject' is no policy");
    refuse({"chain", "policy", "xdpctl", "drop"}, ErrorKind::Usage, "'xdpctl' does not name a chain");
    refuse({"rule", "delete", "handle", "5", "now"}, ErrorKind::Usage, "'now' is too much");
    refuse({"rule", "delete", "5"}, ErrorKind::Usage, "the rule's handle is missing");
    refuse({"rule", "add", "--hook", "egress", "xdpctl", "ingress", "drop"}, ErrorKind::Usage, "--hook");
    refuse({"stats", "eth0", "--watch", "never"}, ErrorKind::Usage, "'never' is no interval");
}

TEST_F(CliErrors, BadRuleText) {
    refuse({"rule", "add", "tcp", "dprt", "22", "drop"}, ErrorKind::Input,
           "<command line>:1:5: error: unknown field 'dprt' of tcp\n"
           "    tcp dprt 22 drop\n"
           "        ^~~~\n");
    refuse({"rule", "replace", "handle", "3", "tcp", "dport", "drop"}, ErrorKind::Input, "<command line>:1:11");
    refuse({"rule", "insert", "tcp", "dport", "22", "reject"}, ErrorKind::Input, "'reject' is not supported");
}

TEST_F(CliErrors, ValuesOutOfRange) {
    refuse({"rule", "add", "tcp", "dport", "70000", "drop"}, ErrorKind::Input, "70000");
    refuse({"rule", "add", "vlan", "id", "4096", "drop"}, ErrorKind::Input, "4096");
    refuse({"rule", "add", "ip", "saddr", "192.0.2.0/33", "drop"}, ErrorKind::Input, "33");
    refuse({"rule", "add", "tcp", "dport", "25-22", "drop"}, ErrorKind::Input, "reversed");
    refuse({"status", "--lock-timeout", "-1"}, ErrorKind::Usage, "-1");
    refuse({"stats", "eth0", "--watch", "0.01"}, ErrorKind::Usage, "between 0.1 and 86400");
}

TEST_F(CliErrors, BadFile) {
    const std::string text =
        "table netdev t {\n"
        "    chain c {\n"
        "        type filter hook ingress device \"eth0\" priority filter; policy accept;\n"
        "        tcp dport 22 drip\n"
        "    }\n"
        "}\n";
    const std::string path = file("bad.nft", text);
    for (const char* command : {"apply", "check"}) {
        refuse({command, "-f", path}, ErrorKind::Input, path + ":4:22: error:");
        refuse({command, "-f", "-"}, ErrorKind::Input, "<stdin>:4:22: error:", text);
        refuse({command, "-f", path + ".gone"}, ErrorKind::NotFound, "cannot open");
        refuse({command, "-f", "/"}, ErrorKind::Input, "Is a directory");
    }
}

TEST_F(CliErrors, NoSuchRuleOrChain) {
    refuse({"rule", "delete", "handle", "999"}, ErrorKind::NotFound, "999");
    refuse({"rule", "replace", "handle", "999", "drop"}, ErrorKind::NotFound, "999");
    refuse({"rule", "add", "position", "999", "drop"}, ErrorKind::NotFound, "999");
    refuse({"rule", "add", "xdpctl", "nowhere", "drop"}, ErrorKind::NotFound, "table xdpctl has no chain nowhere");
    refuse({"rule", "add", "netdev", "other", "nowhere", "drop"}, ErrorKind::NotFound, "other");
    refuse({"rule", "list", "xdpctl", "nowhere"}, ErrorKind::NotFound, "no chain xdpctl nowhere");
    refuse({"flush", "chain", "--hook", "egress"}, ErrorKind::NotFound, "egress");
}

TEST_F(CliErrors, TooManyRules) {
    // Eight jumps in each of nine chains: 8^9 rules.
    std::string text = "table netdev t {\n";
    for (int chain = 0; chain < 9; ++chain) {
        text += fmt::format("chain c{} {{\n", chain);
        for (int rule = 0; rule < 8; ++rule)
            text += chain == 0 ? fmt::format("udp dport {} drop\n", rule) : fmt::format("jump c{}\n", chain - 1);
        text += "}\n";
    }
    text += "chain c { type filter hook ingress device \"eth0\" priority filter; jump c8; }\n}\n";
    const std::string path = file("many.nft", text);
    refuse({"check", "-f", path}, ErrorKind::Limit, "1048576");
    refuse({"apply", "-f", path}, ErrorKind::Limit, "1048576");
}

TEST_F(CliErrors, BusyHook) {
    const Fd foreign = load_foreign_program();
    ASSERT_TRUE(foreign.valid());
    const auto ifindex = static_cast<int>(here.run([&] { return second.left().ifindex(); }));
    ASSERT_EQ(here.run([&] { return bpf_xdp_attach(ifindex, foreign.get(), XDP_FLAGS_DRV_MODE, nullptr); }), 0);
    refuse({"attach", "eth1", "--mode", "native"}, ErrorKind::Busy, "foreign");
    EXPECT_EQ(here.run([&] { return bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, nullptr); }), 0);
    succeed({"attach", "eth1", "--mode", "native"});
}

TEST_F(CliErrors, NoPrivilege) {
    const std::string before = state();
    for (const char* command : {"status", "rule add drop", "attach eth1", "detach eth0", "stats", "list ruleset",
                                "flush ruleset", "chain policy drop"}) {
        const CommandResult result = shell(
            fmt::format("capsh --drop=cap_bpf,cap_net_admin,cap_sys_admin -- -c '{} {}'", XDPCTL_BINARY, command));
        EXPECT_EQ(result.status, static_cast<int>(ErrorKind::Privilege)) << command << result.err;
        EXPECT_THAT(result.err, HasSubstr("CAP_NET_ADMIN")) << command;
        EXPECT_THAT(result.err, HasSubstr("CAP_BPF")) << command;
    }
    EXPECT_EQ(state(), before);
}

TEST_F(CliErrors, CheckNeedsNoPrivilege) {
    const std::string path = file("good.nft", succeed({"list", "ruleset"}));
    const CommandResult result = shell(fmt::format("capsh --drop=all -- -c '{} check -f {}'", XDPCTL_BINARY, path));
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(CliErrors, NoBpffs) {
    const std::string before = state();
    const CommandResult result = shell("XDPCTL_BPFFS=/proc $X rule add drop");
    EXPECT_EQ(result.status, static_cast<int>(ErrorKind::Input));
    EXPECT_THAT(result.err, HasSubstr("XDPCTL_BPFFS"));
    EXPECT_EQ(state(), before);
}

TEST_F(CliErrors, AnotherWriter) {
    const std::string before = state();
    kernel::Warnings warnings;
    const auto writer = here.run([&] { return kernel::State::open_for_writing(std::chrono::seconds(1), warnings); });
    ASSERT_TRUE(writer) << writer.error().text();
    for (const char* command : {"rule add drop", "attach eth1", "flush ruleset", "stats --reset"}) {
        const CommandResult result = shell(fmt::format("$X --lock-timeout 0.1 {}", command));
        EXPECT_EQ(result.status, static_cast<int>(ErrorKind::Locked)) << command << result.err;
        EXPECT_THAT(result.err, HasSubstr(std::to_string(getpid()))) << "who holds it";
    }
    EXPECT_EQ(state(), before) << "readers do not wait";
}

TEST_F(CliErrors, ReadersDoNotLock) {
    const CommandResult result = shell(
        "$X stats --watch 0.1 > /dev/null & sleep 0.3\n"
        "$X --lock-timeout 0.1 rule add drop; status=$?\n"
        "kill -INT $!; wait $!; exit $status");
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(CliErrors, WithoutLibpcap) {
    const CommandResult result = shell(R"(unshare --mount sh -c '
        for library in /usr/lib/*/libpcap.so*; do mount --bind /dev/null "$library" || exit 99; done
        "$0" stats > /dev/null || exit 98
        exec "$0" test-run --pcap /dev/null' "$X")");
    EXPECT_EQ(result.status, static_cast<int>(ErrorKind::Failed)) << result.err;
    EXPECT_THAT(result.err, HasSubstr("cannot load libpcap"));
    EXPECT_THAT(result.err, HasSubstr("Debian's package is libpcap0.8"));
}

}  // namespace
}  // namespace xdpctl::test
