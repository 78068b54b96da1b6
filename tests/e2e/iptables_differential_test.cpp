// SPDX-License-Identifier: BSD-2-Clause
// Random rules in iptables and ip6tables, and what they become when they are imported; the same frames into both: every
// rule and the policy count the same packets and bytes. XDPCTL_TEST_PAIRS says how many pairs of a ruleset and a frame.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <regex>
#include <stdexcept>

#include "e2e/nft_differences.h"
#include "import/iptables.h"
#include "lang/parse.h"
#include "support/command.h"
#include "support/evaluator.h"
#include "support/netns.h"
#include "support/random_frame.h"
#include "support/random_table.h"
#include "support/traffic.h"
#include "testrun/testrun.h"

namespace xdpctl::test {
namespace {

using importing::Family;
using ruleset::Field;
using ruleset::Value;

// Rules of the raw table: its chain PREROUTING sees every packet of the device, as xdpctl does.
class RandomIptables {
public:
    RandomIptables(std::mt19937& random, Family family) : random_(random), is_ip6_(family == Family::Ipv6) {}

    // Each rule has a comment of its own; that of the first, which counts everything, is "all".
    std::string save() {
        std::string out = "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:one - [0:0]\n:two - [0:0]\n";
        out += "-A PREROUTING -m comment --comment all\n";
        out += rules("PREROUTING", 20, 0) + rules("one", 5, 1) + rules("two", 5, 2);
        // A chain that nothing leads to is left out.
        return out + "-A PREROUTING -m comment --comment end -j one\n-A one -m comment --comment end1 -j two\nCOMMIT\n";
    }

private:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
    bool one_in(std::size_t n) { return below(n) == 0; }

    std::string rules(std::string_view chain, std::size_t count, std::size_t later) {
        std::string out;
        for (; count > 0; --count)
            out += fmt::format("-A {}{} -m comment --comment r{}{}\n", chain, matches(), made_++, target(later));
        return out;
    }

    std::string matches() {
        std::string out;
        if (one_in(2))
            out += fmt::format("{} -s {}", no(), address());
        if (one_in(3))
            out += fmt::format("{} -d {}", no(), address());
        if (one_in(8))
            out += fmt::format("{} -i {}", no(), one_in(2) ? "eth+" : "eth0");
        out += transport();
        if (one_in(10))
            out += fmt::format(" -m length{} --length {}:{}", no(), below(60), 60 + below(60));
        if (one_in(10))
            out += is_ip6_ ? fmt::format(" -m hl --hl-{} {}", any({"eq", "lt", "gt"}), 60 + below(8))
                           : fmt::format(" -m ttl --ttl-{} {}", any({"eq", "lt", "gt"}), 60 + below(8));
        if (one_in(12))
            out += fmt::format(" -m dscp{} --dscp {}", no(), below(3));
        if (one_in(12))
            out += fmt::format(" -m mac{} --mac-source 02:00:00:00:00:0{}", no(), below(4));
        if (one_in(12))
            out += is_ip6_ ? fmt::format(" -m iprange{} --src-range 2001:db8::1-2001:db8::{}", no(), 2 + below(6))
                           : fmt::format(" -m iprange{} --dst-range 192.0.2.1-192.0.2.{}", no(), 2 + below(6));
        if (!is_ip6_ && one_in(15))
            out += no() + " -f";
        return out;
    }

    std::string transport() {
        switch (below(6)) {
        case 0: {
            const std::string ports = fmt::format(" -p tcp -m tcp{} --dport {}", no(), range());
            return one_in(2) ? ports
                             : ports + fmt::format("{} --tcp-flags {} {}", no(), "FIN,SYN,RST,ACK",
                                                   any({"SYN", "SYN,ACK", "NONE"}));
        }
        case 1:
            return fmt::format(" -p udp -m udp{} --sport {}", no(), range());
        case 2:
            return fmt::format(" -p {0} -m multiport{1} --{2}s {3},{4}:{5}", any({"tcp", "udp", "sctp"}), no(),
                               any({"sport", "dport"}), below(100), 100 + below(100), 300 + below(1000));
        case 3:
            return is_ip6_     ? fmt::format(" -p ipv6-icmp -m icmp6{} --icmpv6-type {}", no(), 127 + below(4))
                   : one_in(3) ? fmt::format(" -p icmp -m icmp --icmp-type {}", any({"3/1", "11/0"}))
                               : fmt::format(" -p icmp -m icmp{} --icmp-type {}", no(), any({"0", "3", "8"}));
        case 4:
            return fmt::format("{} -p {}", no(), any({"tcp", "udp", "sctp", "47"}));
        default:
            return {};
        }
    }

    std::string target(std::size_t later) {
        constexpr std::string_view chains[] = {"one", "two"};
        switch (below(later < 2 ? 6 : 4)) {
        case 0:
            return " -j ACCEPT";
        case 1:
            return " -j DROP";
        case 2:
            return " -j RETURN";
        case 3:
            return {};
        default:
            return fmt::format(" -{} {}", one_in(3) ? "g" : "j", chains[later + below(2 - later)]);
        }
    }

    std::string_view any(std::initializer_list<std::string_view> words) { return words.begin()[below(words.size())]; }
    std::string no() { return one_in(5) ? " !" : ""; }
    std::string range() {
        const std::size_t first = below(200);
        return one_in(2) ? fmt::format("{}", first) : fmt::format("{}:{}", first, first + below(2000));
    }
    std::string address() {
        if (is_ip6_)
            return fmt::format("2001:db8::{:x}/{}", below(8), one_in(2) ? 128 : 120 + below(8));
        return fmt::format("{}.{}/{}", one_in(2) ? "192.0.2" : "198.51.100", below(8), one_in(2) ? 32 : 24 + below(8));
    }

    std::mt19937& random_;
    bool is_ip6_;
    std::size_t made_ = 0;
};

// By the comment of a rule, and "policy".
using Counts = std::map<std::string, Count>;

// Frames to eth0 that the network layer of its namespace takes.
class IptablesDifferential : public testing::TestWithParam<std::tuple<std::string, Family>> {
protected:
    static std::string flavour() { return std::get<0>(GetParam()); }
    static Family family() { return std::get<1>(GetParam()); }

    void SetUp() override {
        if (iptables("-save", {"-t", "raw"}).status != 0)
            GTEST_SKIP() << "no iptables of this kind here";
    }

    CommandResult iptables(const std::string& what, const std::vector<std::string>& arguments,
                           const std::string& input = {}) const {
        std::vector<std::string> argv{
            fmt::format("{}-{}{}", family() == Family::Ipv6 ? "ip6tables" : "iptables", flavour(), what)};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return inside_.run([&] { return run_command(argv, input); });
    }

    [[nodiscard]] Counts iptables_counts() const {
        static const std::regex rule(R"(\[(\d+):(\d+)\] -A .*--comment ([a-z0-9]+))");
        static const std::regex policy(R"(:PREROUTING ACCEPT \[(\d+):(\d+)\])");
        const std::string listing = iptables("-save", {"-c", "-t", "raw"}).out;
        Counts out;
        for (auto at = std::sregex_iterator(listing.begin(), listing.end(), rule); at != std::sregex_iterator(); ++at)
            out[(*at)[3]] = {std::stoull((*at)[1]), std::stoull((*at)[2])};
        if (std::smatch found; std::regex_search(listing, found, policy))
            out["policy"] = {std::stoull(found[1]), std::stoull(found[2])};
        return out;
    }

    // The rules' counts of the frames. The first rule counts all of them.
    Counts judge_by_iptables(const std::string& rules, std::span<const Bytes> frames) {
        const CommandResult loaded = iptables("-restore", {}, rules);
        EXPECT_EQ(loaded.status, 0) << loaded.err << rules;
        for (const Bytes& frame : frames)
            source_.send({reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size()});
        const auto deadline = std::chrono::steady_clock::now() + arrival_timeout;
        Counts out = iptables_counts();
        while (out["all"].packets < frames.size() && std::chrono::steady_clock::now() < deadline)
            out = iptables_counts();
        EXPECT_EQ(out["all"].packets, frames.size()) << "iptables has not seen all frames, or more";
        return out;
    }

    // Addressed to eth0, whole and with a right checksum, as the network layer takes it; else nothing.
    [[nodiscard]] std::optional<Bytes> delivered(Bytes frame) const {
        std::ranges::transform(wire_.right().mac(), frame.begin(), [](std::uint8_t byte) { return std::byte{byte}; });
        const Fields fields = parse_frame(frame, ruleset::Hook::Ingress);
        const auto value = [&](Field field) {
            const auto found = fields.values.find(field);
            return found == fields.values.end() ? Value{0} : found->second;
        };
        const bool is_ip6 = family() == Family::Ipv6;
        const bool is_of_family = value(Field::EtherType) == (is_ip6 ? 0x86dd : 0x0800);
        // Padding is gone when iptables counts.
        const bool is_unpadded =
            is_ip6 ? value(Field::Ip6Length) + 54 == frame.size() : value(Field::IpLength) + 14 == frame.size();
        const Value offset = value(is_ip6 ? Field::FragFragOff : Field::IpFragOff) & 0x1fff;
        // The old iptables for IPv4 drops a second fragment that begins inside the transport header, and reads no
        // other; the new one takes what they carry for ports, and both drop some of IPv6.
        const bool is_odd_fragment = offset == 1 || (offset > 1 && (is_ip6 || flavour() == "nft"));
        // IPv6 drops options of hop-by-hop that it does not know, and addresses that no sender has.
        const auto is_odd = [&](Field address) { return value(address) >> 120 == 0xff || value(address) >> 8 == 0; };
        const bool is_odd_ip6 = is_ip6 && (value(Field::ExthdrHbh) == 1 || is_odd(Field::Ip6Saddr) ||
                                           is_odd(Field::Ip6Daddr) || has_other_extension(fields));
        if (!is_of_family || fields.malformed || !is_unpadded || is_odd_fragment || is_odd_ip6)
            return std::nullopt;
        if (!is_ip6)
            fill_checksum(frame);
        return frame;
    }

    static void fill_checksum(Bytes& frame) {
        const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(frame[14 + i]); };
        frame[24] = frame[25] = std::byte{0};
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < 4 * (byte(0) & 0xf); i += 2)
            sum += byte(i) << 8 | byte(i + 1);
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        frame[24] = static_cast<std::byte>(~sum >> 8);
        frame[25] = static_cast<std::byte>(~sum);
    }

    Netns outside_, inside_;
    VethPair wire_{outside_, "eth1", inside_, "eth0"};
    PacketSocket source_{wire_.left()};
};

// A rule of iptables is one or several rules of ours, with its comment.
struct Imported {
    ruleset::Table table;  // the base chain first
    std::map<Handle, std::string> comments;
};

Imported import(const std::string& rules, Family family) {
    const auto conversion =
        importing::convert_iptables(rules, {.family = family,
                                            .chain = "raw:PREROUTING",
                                            .sets = {},
                                            .place = {.table = "t", .chain = "c", .devices = {"eth0"}}});
    if (!conversion)
        throw std::runtime_error(conversion.error().text());
    if (!conversion->left_out.empty())
        throw std::runtime_error(conversion->left_out.front().text + ": " + conversion->left_out.front().reason.why);
    auto parsed = lang::parse_ruleset(conversion->ruleset, "imported");
    if (!parsed)
        throw std::runtime_error(parsed.error().text());
    Imported out{.table = parsed->tables.front(), .comments = {}};
    auto& chains = out.table.chains;
    std::iter_swap(std::ranges::find_if(chains, &ruleset::Chain::is_base), chains.begin());
    for (std::uint64_t handle = 1; ruleset::Chain & chain : chains)
        for (ruleset::Rule& rule : chain.rules) {
            rule.handle = Handle{handle++};
            out.comments[rule.handle] = rule.comment;
        }
    return out;
}

Counts judge_by_xdpctl(const Imported& imported, std::span<const Bytes> frames) {
    auto runner = testrun::Runner::create(imported.table.chains.front(), kernel::Layer::Xdp, {}, {}, &imported.table);
    if (!runner)
        throw std::runtime_error(runner.error().text());
    Counts out;
    for (const Bytes& frame : frames) {
        const auto outcome = runner->run(frame);
        if (!outcome)
            throw std::runtime_error(outcome.error().text());
        if (outcome->reason == XDPCTL_REASON_POLICY)
            out["policy"] += {1, outcome->packet.length};
    }
    const auto counts = runner->rule_counts();
    if (!counts)
        throw std::runtime_error(counts.error().text());
    for (const auto& [handle, count] : *counts)
        out[imported.comments.at(handle)] += count;
    return out;
}

// What the two count differently.
std::string differences(const Counts& theirs, const Counts& ours) {
    std::string out;
    for (const auto& [rule, count] : theirs) {
        const auto found = ours.find(rule);
        const Count by_us = found == ours.end() ? Count{} : found->second;
        if (by_us != count)
            out += fmt::format("{}: iptables counts {} packets, {} bytes, xdpctl {}, {}\n", rule, count.packets,
                               count.bytes, by_us.packets, by_us.bytes);
    }
    return out;
}

TEST_P(IptablesDifferential, IsNoneInImportedRules) {
    constexpr std::size_t frames_of_ruleset = 300;
    const char* asked = std::getenv("XDPCTL_TEST_PAIRS");
    const std::uint64_t wanted = asked == nullptr ? 3 * frames_of_ruleset : std::strtoull(asked, nullptr, 10);
    std::size_t rules = 0, hit = 0;
    std::uint64_t pairs = 0;
    for (unsigned seed = 1; pairs < wanted; ++seed) {
        std::mt19937 random(seed);
        const std::string text = RandomIptables(random, family()).save();
        const Imported imported = import(text, family());
        const ruleset::Chain values = all_values(imported.table);
        std::vector<Bytes> frames;
        while (frames.size() < frames_of_ruleset)
            if (auto frame = delivered(random_frame(random, values)))
                frames.push_back(*std::move(frame));
        const Counts theirs = judge_by_iptables(text, frames);
        const std::string found = differences(theirs, judge_by_xdpctl(imported, frames));
        for (std::size_t i = 0; !found.empty() && i < frames.size(); ++i) {
            const std::span<const Bytes> one(&frames[i], 1);
            const std::string alone = differences(judge_by_iptables(text, one), judge_by_xdpctl(imported, one));
            ASSERT_EQ(alone, "") << hex(frames[i]) << "\nseed " << seed << "\n" << text;
        }
        ASSERT_EQ(found, "") << "no frame alone shows it; seed " << seed << "\n" << text;
        pairs += frames.size();
        rules += theirs.size();
        hit += static_cast<std::size_t>(
            std::ranges::count_if(theirs, [](const auto& rule) { return rule.second.packets > 0; }));
    }
    EXPECT_GT(hit * 4, rules) << "the frames hardly meet the rules";
    fmt::print("{} pairs of a ruleset and a frame; {} of {} rules matched\n", pairs, hit, rules);
}

INSTANTIATE_TEST_SUITE_P(All, IptablesDifferential,
                         testing::Combine(testing::Values("legacy", "nft"),
                                          testing::Values(Family::Ipv4, Family::Ipv6)));

}  // namespace
}  // namespace xdpctl::test
