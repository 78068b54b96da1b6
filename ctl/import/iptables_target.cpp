// SPDX-License-Identifier: BSD-2-Clause
// Targets of iptables, and why most of them have no equal.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "import/iptables_rule.h"

namespace xdpctl::importing {

namespace {

struct Unsupported {
    std::string_view name;
    std::string_view why;
    std::string_view next;
};

constexpr std::array unsupported_targets{
    Unsupported{"REJECT", "xdpctl does not answer packets", "use DROP"},
    Unsupported{"NFLOG", "xdpctl has no netfilter log groups", "use LOG"},
    Unsupported{"ULOG", "xdpctl has no netfilter log groups", "use LOG"},
    Unsupported{"SNAT", "xdpctl does not translate addresses", "leave it to iptables"},
    Unsupported{"DNAT", "xdpctl does not translate addresses", "leave it to iptables"},
    Unsupported{"MASQUERADE", "xdpctl does not translate addresses", "leave it to iptables"},
    Unsupported{"REDIRECT", "xdpctl does not translate addresses", "leave it to iptables"},
    Unsupported{"NETMAP", "xdpctl does not translate addresses", "leave it to iptables"},
    Unsupported{"CT", "xdpctl keeps no connections", "leave it to iptables"},
    Unsupported{"NOTRACK", "xdpctl keeps no connections", "leave it to iptables"},
    Unsupported{"MARK", "xdpctl does not set marks", "leave it to iptables"},
    Unsupported{"CONNMARK", "xdpctl keeps no connections", "leave it to iptables"},
    Unsupported{"TCPMSS", "xdpctl does not change packets", "leave it to iptables"},
    Unsupported{"DSCP", "xdpctl does not change packets", "leave it to iptables"},
    Unsupported{"TOS", "xdpctl does not change packets", "leave it to iptables"},
    Unsupported{"TTL", "xdpctl does not change packets", "leave it to iptables"},
    Unsupported{"HL", "xdpctl does not change packets", "leave it to iptables"},
    Unsupported{"SET", "xdpctl does not add to sets from packets", {}},
    Unsupported{"TPROXY", "xdpctl does not pass packets to sockets", "leave it to iptables"},
    Unsupported{"NFQUEUE", "xdpctl does not queue packets to programs", "leave it to iptables"},
    Unsupported{"QUEUE", "xdpctl does not queue packets to programs", "leave it to iptables"},
    Unsupported{"TRACE", "xdpctl has no packet traces", "xdpctl explain tells a packet's way"},
    Unsupported{"AUDIT", "xdpctl does not write to the audit log", "use LOG"},
    Unsupported{"TEE", "xdpctl does not copy packets", "leave it to iptables"},
};

// Options of LOG that say where in the kernel's log a line goes and what else it has: events have everything.
constexpr std::array log_flags{"--log-tcp-sequence", "--log-tcp-options", "--log-ip-options", "--log-uid",
                               "--log-macdecode"};

Converted<std::string> convert_log(Words& words) {
    std::string statement = "log";
    while (!words.empty() && words.peek().starts_with("--log-")) {
        const std::string option = words.take();
        if (std::ranges::find(log_flags, option) != log_flags.end())
            continue;
        const auto value = words.argument(option);
        if (!value)
            return value;
        if (option == "--log-prefix") {
            if (value->find_first_of("\"\\\n") != std::string::npos)
                return std::unexpected(Reason{"the prefix has a quote or backslash in it", "change the prefix"});
            statement += fmt::format(" prefix \"{}\"", *value);
        } else if (option != "--log-level") {
            return std::unexpected(Reason{fmt::format("the option {} of LOG is unknown", option), {}});
        }
    }
    return statement;
}

}  // namespace

Converted<std::string> convert_target(const std::string& target, bool is_goto, Words& words,
                                      const RuleContext& context) {
    if (const auto chain = context.chains.find(target); chain != context.chains.end()) {
        if (!is_goto)
            return "jump " + chain->second;
        if (context.drops_by_policy)
            return std::unexpected(
                Reason{"behind a goto the built-in chain's policy DROP would follow, which is a rule "
                       "here",
                       "use -j and end the chain with DROP"});
        return "goto " + chain->second;
    }
    if (target == "ACCEPT")
        return "accept";
    if (target == "DROP")
        return "drop";
    if (target == "RETURN")  // from a built-in chain: to its policy
        return context.drops_by_policy ? "drop" : "return";
    if (target == "LOG")
        return convert_log(words);
    const auto known = std::ranges::find(unsupported_targets, target, &Unsupported::name);
    if (known != unsupported_targets.end())
        return std::unexpected(Reason{std::string(known->why), std::string(known->next)});
    return std::unexpected(
        Reason{fmt::format("there is no chain {}, and xdpctl knows no target of that name", target), {}});
}

}  // namespace xdpctl::importing
