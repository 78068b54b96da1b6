// SPDX-License-Identifier: BSD-2-Clause
// The built xdpctl on whatever kernel runs: every way to attach that this kernel should have (docs/kernels.md), with
// real datagrams and exact counts. Made to run on other kernels by tests/vm/boot.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <compare>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "support/capture_file.h"
#include "support/command.h"
#include "support/netns.h"
#include "support/packet.h"
#include "support/traffic.h"
#include "vm/second_program.h"

namespace xdpctl::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct KernelVersion {
    int major = 0;
    int minor = 0;
    auto operator<=>(const KernelVersion&) const = default;
};

KernelVersion running_kernel() {
    utsname name{};
    KernelVersion version;
    if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &version.major, &version.minor) != 2)
        throw std::runtime_error("cannot tell the kernel's version");
    return version;
}

// What the kernels that are tested have, see docs/kernels.md.
bool has_frags() {
    return running_kernel() >= KernelVersion{5, 18};
}
bool tail_calls_from_extensions() {
    return running_kernel() >= KernelVersion{6, 1};
}
bool has_tcx() {
    return running_kernel() >= KernelVersion{6, 6};
}
bool binds_extensions_to_packet() {
    return running_kernel() >= KernelVersion{6, 12};
}

std::vector<std::uint32_t> loaded_programs() {
    std::vector<std::uint32_t> ids;
    std::uint32_t id = 0;
    while (bpf_prog_get_next_id(id, &id) == 0)
        ids.push_back(id);
    return ids;
}

constexpr std::uint16_t dropped_port = 4000;
constexpr std::uint16_t accepted_port = 4001;
constexpr std::uint64_t dropped_datagrams = 10;
constexpr std::uint64_t accepted_datagrams = 5;

// One way through the filter.
struct Path {
    const char* hook;
    const Netns& from;
    const char* from_address;
    const Netns& to;
    const char* to_address;
    std::uint64_t link_bytes;  // of a frame that the hook counts besides the IP packet
};

// A client, and the host that filters what it says: made once, since starting a program takes long in an emulated
// machine.
struct Network {
    Network() {
        pair.left().add_address("192.0.2.1/24");
        pair.right().add_address("192.0.2.2/24");
        pair.left().add_neighbour("192.0.2.2", pair.right().mac());
        pair.right().add_neighbour("192.0.2.1", pair.left().mac());
    }

    Netns client;
    Netns host;
    VethPair pair{client, "client0", host, "host0"};
};

// Raises the MTU of a pair as long as it lives.
class MtuOfBoth {
public:
    MtuOfBoth(const VethPair& pair, unsigned mtu) : pair_(pair) { set(mtu); }
    ~MtuOfBoth() { set(1500); }
    MtuOfBoth(const MtuOfBoth&) = delete;
    MtuOfBoth& operator=(const MtuOfBoth&) = delete;

private:
    void set(unsigned mtu) const {
        for (const VethEnd* end : {&pair_.left(), &pair_.right()})
            end->netns().shell(fmt::format("ip link set {} mtu {}", end->name(), mtu));
    }

    const VethPair& pair_;
};

class KernelTest : public testing::Test {
protected:
    static void SetUpTestSuite() { network_ = std::make_unique<Network>(); }
    static void TearDownTestSuite() { network_.reset(); }

    void TearDown() override { succeed({"flush", "ruleset"}); }

    CommandResult xdpctl(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), XDPCTL_PROGRAM);
        return host_.run([&] { return run_command(arguments); });
    }

    void succeed(const std::vector<std::string>& arguments) const {
        const CommandResult result = xdpctl(arguments);
        ASSERT_EQ(result.status, 0) << fmt::format("xdpctl {}\n", fmt::join(arguments, " ")) << result.out
                                    << result.err;
    }

    nlohmann::json json(const std::vector<std::string>& arguments) const {
        std::vector<std::string> with_json = arguments;
        with_json.emplace_back("--json");
        return nlohmann::json::parse(xdpctl(with_json).out);
    }

    // How the device is attached, as status says: "native (dispatcher)".
    std::string attachment() const {
        const nlohmann::json devices = json({"status"}).at("devices");
        if (devices.empty() || devices[0].at("state") != "active")
            return "none";
        return fmt::format("{} ({})", devices[0].at("mode").get<std::string>(),
                           devices[0].at("attachment").get<std::string>());
    }

    // Of the rules with a counter, in order.
    std::vector<Count> rule_counts() const {
        const std::string text = xdpctl({"list", "ruleset"}).out;
        const std::regex counter("counter packets (\\d+) bytes (\\d+)");
        std::vector<Count> counts;
        for (std::sregex_iterator match(text.begin(), text.end(), counter), end; match != end; ++match)
            counts.push_back({std::stoull((*match)[1]), std::stoull((*match)[2])});
        return counts;
    }

    void apply(const std::string& ruleset) const {
        const std::string path = fmt::format("/tmp/xdpctl-kernel-test-{}.nft", ::getpid());
        std::ofstream(path) << ruleset;
        succeed({"apply", "--file", path});
        std::filesystem::remove(path);
    }

    // Enough for tables, none of which the packets of the tests hit.
    static std::string many_rules() {
        std::string rules;
        for (int i = 0; i < 500; ++i)
            rules += fmt::format("ip saddr 198.51.{}.{} udp dport {} drop\n", i / 250, i % 250, 5000 + i);
        return rules;
    }

    void add_rules(const char* hook) const {
        succeed({"rule", "add", "--hook", hook, fmt::format("udp dport {} counter drop", dropped_port)});
        succeed({"rule", "add", "--hook", hook, fmt::format("udp dport {} counter accept", accepted_port)});
    }

    // Sends datagrams that the rules drop and accept. What arrives is exact, and so is what was counted in all rounds.
    void expect_filtering(const Path& path, std::size_t payload = 100, std::uint64_t rounds = 1) const {
        const UdpSocket sender(path.from, path.from_address, 0);
        const UdpSocket dropped(path.to, path.to_address, dropped_port);
        const UdpSocket accepted(path.to, path.to_address, accepted_port);
        const std::string text(payload, 'x');
        for (std::uint64_t i = 0; i < dropped_datagrams; ++i)
            sender.send(path.to_address, dropped_port, text);
        for (std::uint64_t i = 0; i < accepted_datagrams; ++i)
            sender.send(path.to_address, accepted_port, text);

        std::uint64_t arrived = 0;
        while (arrived < accepted_datagrams && accepted.receive())
            ++arrived;
        EXPECT_EQ(arrived, accepted_datagrams);
        EXPECT_FALSE(dropped.receive(silence_timeout));

        constexpr std::uint64_t ip_and_udp = 20 + 8;
        const std::uint64_t bytes = path.link_bytes + ip_and_udp + payload;
        EXPECT_THAT(rule_counts(),
                    ElementsAre(Count{rounds * dropped_datagrams, rounds * dropped_datagrams * bytes},
                                Count{rounds * accepted_datagrams, rounds * accepted_datagrams * bytes}));
    }

    Path ingress() const { return {"ingress", client_, "192.0.2.1", host_, "192.0.2.2", 0}; }
    Path egress() const { return {"egress", host_, "192.0.2.2", client_, "192.0.2.1", 14}; }

    static inline std::unique_ptr<Network> network_;
    const Netns& client_ = network_->client;
    const Netns& host_ = network_->host;
    const VethPair& pair_ = network_->pair;
};

TEST_F(KernelTest, FiltersUnderTheDispatcher) {
    succeed({"attach", "host0"});
    EXPECT_EQ(attachment(), tail_calls_from_extensions() ? "native (dispatcher)" : "native (xdp-link)");
    add_rules("ingress");
    expect_filtering(ingress());
}

TEST_F(KernelTest, FiltersBesideAnotherLibxdpProgram) {
    SecondProgram second(pair_.right());
    ASSERT_EQ(second.attach_by_libxdp(), 0);
    const CommandResult attached = xdpctl({"attach", "host0"});
    if (!tail_calls_from_extensions()) {
        EXPECT_EQ(attached.status, static_cast<int>(ErrorKind::Busy)) << attached.err;
        EXPECT_THAT(attached.err, HasSubstr("xdp_dispatcher"));
        return;
    }
    ASSERT_EQ(attached.status, 0) << attached.err;
    EXPECT_EQ(attachment(), "native (dispatcher)");
    add_rules("ingress");
    expect_filtering(ingress());
    // Behind the filter: it sees what that accepts.
    EXPECT_EQ(second.frames(), accepted_datagrams);

    succeed({"detach", "host0"});
    const UdpSocket sender(client_, "192.0.2.1", 0);
    const UdpSocket receiver(host_, "192.0.2.2", dropped_port);
    sender.send("192.0.2.2", dropped_port, "after");
    EXPECT_TRUE(receiver.receive());
    EXPECT_EQ(second.frames(), accepted_datagrams + 1);
}

TEST_F(KernelTest, StaysWhenAnotherLibxdpProgramFollows) {
    if (!tail_calls_from_extensions())
        GTEST_SKIP() << "this kernel's extension programs cannot tail-call: the filter is on a link";
    succeed({"attach", "host0"});
    add_rules("ingress");
    SecondProgram second(pair_.right());
    if (binds_extensions_to_packet()) {
        // The dispatcher that the other tool builds cannot take the filter: it has to give up.
        EXPECT_NE(second.attach_by_libxdp(), 0);
        EXPECT_EQ(attachment(), "native (dispatcher)");
        expect_filtering(ingress());
        return;
    }
    ASSERT_EQ(second.attach_by_libxdp(), 0);
    EXPECT_EQ(attachment(), "native (dispatcher)");
    expect_filtering(ingress());
    EXPECT_EQ(second.frames(), accepted_datagrams);
}

TEST_F(KernelTest, FiltersOnALink) {
    // libxdp without its file system cannot keep a dispatcher.
    ::setenv("LIBXDP_BPFFS", "/nonexistent", 1);
    const CommandResult attached = xdpctl({"attach", "host0", "--mode", "native"});
    ::unsetenv("LIBXDP_BPFFS");
    ASSERT_EQ(attached.status, 0) << attached.err;
    EXPECT_EQ(attachment(), "native (xdp-link)");
    add_rules("ingress");
    expect_filtering(ingress());
}

TEST_F(KernelTest, FiltersGeneric) {
    succeed({"attach", "host0", "--mode", "generic"});
    EXPECT_THAT(attachment(), HasSubstr("generic"));
    add_rules("ingress");
    expect_filtering(ingress());
}

TEST_F(KernelTest, FiltersAtTcIngress) {
    succeed({"attach", "host0", "--mode", "tc"});
    EXPECT_EQ(attachment(), has_tcx() ? "tc (tcx)" : "tc (clsact)");
    add_rules("ingress");
    expect_filtering(ingress());
}

TEST_F(KernelTest, FiltersAtTcEgress) {
    succeed({"attach", "host0", "--hook", "egress"});
    EXPECT_EQ(attachment(), has_tcx() ? "tc (tcx)" : "tc (clsact)");
    add_rules("egress");
    expect_filtering(egress());
}

TEST_F(KernelTest, FiltersNativeAtALargeMtu) {
    const MtuOfBoth large(pair_, 9000);
    const CommandResult attached = xdpctl({"attach", "host0", "--mode", "native"});
    if (!has_frags()) {
        EXPECT_EQ(attached.status, static_cast<int>(ErrorKind::Unsupported)) << attached.err;
        EXPECT_EQ(attachment(), "none");
        return;
    }
    ASSERT_EQ(attached.status, 0) << attached.err;
    add_rules("ingress");
    expect_filtering(ingress(), 8000);
}

TEST_F(KernelTest, LeavesAForeignProgramAlone) {
    SecondProgram second(pair_.right());
    second.attach_alone();
    const CommandResult attached = xdpctl({"attach", "host0", "--mode", "native"});
    EXPECT_EQ(attached.status, static_cast<int>(ErrorKind::Busy)) << attached.err;
    EXPECT_THAT(attached.err, HasSubstr("second"));
    EXPECT_EQ(attachment(), "none");
    const UdpSocket sender(client_, "192.0.2.1", 0);
    const UdpSocket receiver(host_, "192.0.2.2", accepted_port);
    sender.send("192.0.2.2", accepted_port, "still there");
    EXPECT_TRUE(receiver.receive());
    EXPECT_EQ(second.frames(), 1U);
}

TEST_F(KernelTest, KeepsRulesAndCountsThroughChanges) {
    succeed({"attach", "host0"});
    add_rules("ingress");
    expect_filtering(ingress());
    const std::vector<Count> counts = rule_counts();
    succeed({"rule", "insert", "ip saddr 198.51.100.0/24 drop"});
    succeed({"chain", "policy", "drop"});
    EXPECT_EQ(rule_counts(), counts);
    expect_filtering(ingress(), 100, 2);
    succeed({"detach", "host0"});
    EXPECT_EQ(attachment(), "none");
    EXPECT_THAT(xdpctl({"list", "ruleset"}).out, HasSubstr("198.51.100.0/24"));
}

// So many rules that they become tables, on every kernel whose programs can walk them.
TEST_F(KernelTest, FiltersByTables) {
    apply(fmt::format(
        "table netdev t {{ chain ingress {{ type filter hook ingress device \"host0\" priority 0; policy drop;\n"
        "{}udp dport {} counter drop\nudp dport {} counter accept\n}}\n}}\n",
        many_rules(), dropped_port, accepted_port));
    EXPECT_EQ(json({"list", "ruleset", "--cost"}).at("cost").at(0).at("engine"), has_frags() ? "tables" : "code");
    expect_filtering(ingress());
}

// By generated code and by tables, which look an address up in all sets of its family at once.
TEST_F(KernelTest, LooksAddressesUpInSets) {
    if (!has_frags())
        GTEST_SKIP() << "this kernel has no clock for sets of more than 64 elements";
    std::string elements4;
    for (int i = 0; i < 300; ++i)
        elements4 += fmt::format("198.51.{}.0/24, ", i % 250);
    const auto set = [](std::string_view name, std::string_view type, std::string_view elements) {
        return fmt::format("set {} {{ type {}; flags interval; auto-merge; elements = {{ {} }}; }}\n", name, type,
                           elements);
    };
    std::string sets6;
    std::string rules6;
    for (int number = 0; number < 5; ++number) {
        std::string elements;
        for (int i = 0; i < 300; ++i)
            elements += fmt::format("2001:db8:{:x}:{:x}::/64, ", number, i);
        sets6 += set(fmt::format("blocked6_{}", number), "ipv6_addr", elements);
        rules6 += fmt::format("ip6 saddr @blocked6_{} drop\n", number);
    }
    for (const std::string& others : {std::string(), many_rules()}) {
        apply(fmt::format(
            "table netdev t {{ {}{}{}chain ingress {{ type filter hook ingress device \"host0\" priority 0; policy "
            "drop;\n"
            "{}{}ip saddr @blocked drop\n"
            "ip saddr @known udp dport {} counter drop\nip saddr @known udp dport {} counter accept\n}}\n}}\n",
            set("blocked", "ipv4_addr", elements4), set("known", "ipv4_addr", elements4 + "192.0.2.0/24"), sets6,
            others, rules6, dropped_port, accepted_port));
        EXPECT_EQ(json({"list", "ruleset", "--cost"}).at("cost").at(0).at("engine"),
                  others.empty() ? "code" : "tables");
        expect_filtering(ingress());
        succeed({"flush", "ruleset"});
    }
}

TEST_F(KernelTest, RunsACapture) {
    const Bytes payload(10);
    const CaptureFile capture({frame({Ether{}, Ipv4{}, Udp{.dport = dropped_port}, payload}),
                               frame({Ether{}, Ipv6{}, Udp{.dport = accepted_port}, payload}),
                               frame({Ether{}, Vlan{}, Ipv4{}, Udp{.dport = dropped_port}, payload})});
    add_rules("ingress");
    for (const char* mode : {"xdp", "tc"}) {
        const nlohmann::json summary = json({"test-run", "--pcap", capture.path(), "--mode", mode}).at("summary");
        EXPECT_EQ(summary.at("dropped"), 2) << mode << summary;
        EXPECT_EQ(summary.at("accepted"), 1) << mode << summary;
    }
    EXPECT_EQ(rule_counts(), std::vector<Count>(2));
}

TEST_F(KernelTest, RemovesWhatADeletedNamespaceLeft) {
    const auto count = [](const char* directory, std::string_view prefix) {
        std::size_t entries = 0;
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
            entries += entry.path().filename().native().starts_with(prefix) ? 1 : 0;
        return entries;
    };
    const auto states = [&] { return count("/run/xdpctl/bpf", "netns-"); };
    const auto dispatchers = [&] { return count("/sys/fs/bpf/xdp", "dispatch-"); };
    succeed({"attach", "host0"});
    const std::size_t dispatchers_before = dispatchers();
    {
        const Netns guest;
        const VethPair pair(guest, "guest0", client_, "client1");
        guest.shell(fmt::format("{} attach guest0", XDPCTL_PROGRAM));
        EXPECT_EQ(states(), 2U);
    }
    // It is taken apart in the background.
    for (int change = 0; change < 5 && states() > 1; ++change)
        succeed({"rule", "add", "accept"});
    EXPECT_EQ(states(), 1U);
    EXPECT_EQ(dispatchers(), dispatchers_before);
    EXPECT_NE(attachment(), "none");
}

TEST_F(KernelTest, LeavesNothingBehind) {
    const std::vector<std::uint32_t> before = loaded_programs();
    succeed({"attach", "host0"});
    succeed({"attach", "host0", "--hook", "egress"});
    add_rules("ingress");
    add_rules("egress");
    EXPECT_NE(loaded_programs(), before);
    succeed({"flush", "ruleset"});
    EXPECT_EQ(attachment(), "none");
    EXPECT_THAT(host_.shell("ip link show host0"), Not(HasSubstr("prog/xdp")));
    EXPECT_THAT(host_.shell("tc filter show dev host0 egress"), IsEmpty());
    // Programs are freed a grace period after their last user is gone.
    for (int wait = 0; wait < 20 && loaded_programs() != before; ++wait)
        ::usleep(100'000);
    EXPECT_EQ(loaded_programs(), before);
}

}  // namespace
}  // namespace xdpctl::test
