// SPDX-License-Identifier: BSD-2-Clause
#include "stats/talkers.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "lang/value.h"

namespace xdpctl::stats {

namespace {

const xdpctl_talk* find(const std::vector<kernel::Talker>& talkers, const xdpctl_talker& who) {
    const auto before = [](const kernel::Talker& one, const xdpctl_talker& other) {
        return std::memcmp(&one.who, &other, sizeof(other)) < 0;
    };
    const auto found = std::lower_bound(talkers.begin(), talkers.end(), who, before);
    return found != talkers.end() && std::memcmp(&found->who, &who, sizeof(who)) == 0 ? &found->what : nullptr;
}

std::uint64_t packets_of(const xdpctl_talk& talk) {
    return talk.packets[XDPCTL_ACCEPT] + talk.packets[XDPCTL_DROP];
}

}  // namespace

std::string source_text(const xdpctl_talker& talker) {
    std::uint32_t words[4];
    for (std::size_t i = 0; i < std::size(words); ++i)
        words[i] = htonl(talker.saddr[i]);
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(talker.is_ip6 != 0 ? AF_INET6 : AF_INET, words, text, sizeof(text));
}

std::string destination_text(const xdpctl_talker& talker) {
    std::string out = lang::format_value(ruleset::ValueType::InetProto, talker.l4_proto);
    if (talker.dport != 0)
        out += fmt::format(" {}", talker.dport);
    return out;
}

std::vector<TalkerStats> talker_stats(const std::vector<kernel::Talker>& now, const std::vector<kernel::Talker>& before,
                                      std::chrono::duration<double> interval) {
    std::vector<TalkerStats> out;
    for (const kernel::Talker& talker : now) {
        const xdpctl_talk* earlier = find(before, talker.who);
        const xdpctl_talk last =
            earlier != nullptr && packets_of(*earlier) <= packets_of(talker.what) ? *earlier : xdpctl_talk{};
        const std::uint64_t packets = packets_of(talker.what) - packets_of(last);
        if (packets == 0)
            continue;
        const double seconds = interval.count();
        const auto per_second = [&](std::uint64_t number) { return static_cast<double>(number) / seconds; };
        out.push_back({.source = source_text(talker.who),
                       .destination = destination_text(talker.who),
                       .measure = {.count = {packets_of(talker.what), talker.what.bytes},
                                   .rate = Rate{per_second(packets), per_second(talker.what.bytes - last.bytes)}},
                       .drops_per_second = per_second(talker.what.packets[XDPCTL_DROP] - last.packets[XDPCTL_DROP])});
    }
    return out;
}

}  // namespace xdpctl::stats
