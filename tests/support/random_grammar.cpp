// SPDX-License-Identifier: BSD-2-Clause
#include "support/random_grammar.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "lang/value.h"
#include "ruleset/check.h"
#include "ruleset/field.h"

namespace xdpctl::test {

namespace {

using ruleset::Field;
using ruleset::FieldInfo;
using ruleset::ValueType;

// Regular chains, in the order in which jumps lead from one to the next.
constexpr std::array<std::string_view, 3> regular_chains = {"one", "two", "three"};

constexpr int ether_types[] = {0x0800, 0x0806, 0x8100, 0x86dd};
constexpr int transport_numbers[] = {1, 2, 6, 17, 33, 50, 51, 58, 108, 132, 136};

bool is_of_second_tag(const FieldInfo& field) {
    return field.protocol == "vlan" && ruleset::of_second_tag(field.field) == field.field;
}

// Of the frame or, the same for all frames, its device.
bool is_of_frame(const FieldInfo& field) {
    switch (field.type) {
    case ValueType::Mark:
    case ValueType::TcHandle:
    case ValueType::PacketType:
    case ValueType::Ifindex:
        return false;
    default:
        return field.field != Field::MetaCpu && field.field != Field::MetaRandom && field.field != Field::Raw &&
               !is_of_second_tag(field);
    }
}

class Grammar {
public:
    Grammar(std::mt19937& random, ruleset::Hook hook, const RecordedValues& recorded)
        : random_(random), hook_(hook), recorded_(recorded) {}

    std::string table() {
        std::string chains;
        for (std::size_t chain = 0; chain < regular_chains.size(); ++chain)
            chains += fmt::format("\tchain {} {{\n{}\t}}\n", regular_chains[chain], rules(below(5), chain + 1));
        chains += fmt::format(
            "\tchain base {{\n\t\ttype filter hook {} device \"eth0\" priority filter; policy {};\n{}\t}}\n",
            ruleset::hook_name(hook_), one_in(2) ? "accept" : "drop", rules(20, 0));
        return fmt::format("table netdev t {{\n{}{}}}\n", sets_, chains);
    }

private:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <typename Items>
    const auto& any(const Items& items) {
        return items[below(std::size(items))];
    }

    // That a rule at the hook can ask for.
    [[nodiscard]] bool is_asked_for(const FieldInfo& field) const {
        const Field other = hook_ == ruleset::Hook::Ingress ? Field::MetaOifname : Field::MetaIifname;
        return is_of_frame(field) && field.field != other;
    }

    [[nodiscard]] std::vector<FieldInfo> fields_of(std::string_view protocol) const {
        std::vector<FieldInfo> out;
        for (const FieldInfo& field : ruleset::fields())
            if (field.protocol == protocol && is_asked_for(field))
                out.push_back(field);
        return out;
    }

    // `later`: the first regular chain that a jump can lead to.
    std::string rules(std::size_t count, std::size_t later) {
        std::string out;
        for (; count > 0; --count)
            out += fmt::format("\t\t{}\n", rule(later));
        return out;
    }

    // Protocols of one packet, from the outside in.
    std::vector<std::string_view> protocols() {
        constexpr std::string_view transports[] = {"tcp", "tcp",  "udp",    "udp",  "udplite", "dccp", "sctp",
                                                   "th",  "icmp", "icmpv6", "igmp", "ah",      "esp",  "comp"};
        std::vector<std::string_view> out;
        if (one_in(8))
            out.push_back("meta");
        if (one_in(8))
            out.push_back("vlan");
        if (one_in(12)) {
            out.push_back("arp");
            return out;
        }
        const std::string_view transport = one_in(2) ? any(transports) : std::string_view{};
        if (one_in(2)) {
            const bool is_ip6 = transport == "icmpv6" || (transport != "icmp" && transport != "igmp" && one_in(2));
            out.push_back(is_ip6 ? "ip6" : "ip");
            if (is_ip6 && one_in(4))
                out.push_back(one_in(2) ? "frag" : "exthdr");
        }
        if (!transport.empty())
            out.push_back(transport);
        return out;
    }

    std::string rule(std::size_t later) {
        has_unequal_ = false;
        if (one_in(6))
            return match(settling_field()) + " counter " + perhaps_outcome(later);
        std::vector<FieldInfo> keys;
        std::string out = matches(keys);
        if (one_in(12))
            out += raw_match() + ' ';
        // What nft implies for it would stand in front of the counter.
        const bool has_frag = std::ranges::find(keys, "frag", &FieldInfo::protocol) != keys.end();
        if (!keys.empty() && (has_frag || one_in(2))) {
            out += lookup(keys) + ' ';
            keys.clear();
        }
        // Last, since nft takes what follows it for untagged frames only.
        if (keys.empty() && one_in(6))
            out += match(any(fields_of("ether"))) + ' ';
        const bool matches_all = out.empty();
        if (one_in(8))
            out += limit() + ' ';
        out += "counter ";
        if (!keys.empty())
            return out + fmt::format("{} vmap {}", joined(keys), values(keys, true, later));
        // What ends everything leaves nothing to the rules behind it.
        return matches_all ? out : out + perhaps_outcome(later);
    }

    // That no comparison takes so long as to fill again.
    std::string limit() {
        const std::string_view over = one_in(3) ? "over " : "";
        if (one_in(2))
            return fmt::format("limit rate {}{}/day burst {} packets", over, 1 + below(20), 1 + below(20));
        const std::string burst = one_in(2) ? "" : fmt::format(" burst {} bytes", below(3000));
        return fmt::format("limit rate {}{} bytes/week{}", over, 1 + below(3000), burst);
    }

    // Of fields that one packet has, but for those that go into `keys`, to be looked up together.
    std::string matches(std::vector<FieldInfo>& keys) {
        std::string out;
        std::vector<std::string_view> of = protocols();
        while (of.empty() && !one_in(6))
            of = protocols();
        for (const std::string_view protocol : of) {
            const std::vector<FieldInfo> fields = fields_of(protocol);
            std::set<Field> seen;
            for (std::size_t left = 1 + below(2); left > 0; --left) {
                const FieldInfo& field = any(fields);
                if (settles_protocols(field) || (is_of_message(field) && !seen.empty()) ||
                    !seen.insert(field.field).second)
                    continue;
                if (is_of_message(field))
                    left = 1;
                // A tag is not implied behind what it carries.
                const bool implies_tag = protocol == "vlan" && seen.size() == 1;
                if (one_in(4) && can_be_key(field) && !implies_tag)
                    keys.push_back(field);
                else
                    out += match(field) + ' ';
            }
        }
        return out;
    }

    std::string perhaps_outcome(std::size_t later) { return one_in(3) ? outcome(later) : std::string{}; }

    const FieldInfo& settling_field() {
        for (;;)
            if (const FieldInfo& field = any(ruleset::fields());
                is_asked_for(field) && settles_protocols(field) && !kills_nft(field))
                return field;
    }

    // What a rule says about the protocol decides which other matches nft takes.
    static bool settles_protocols(const FieldInfo& field) {
        switch (field.field) {
        case Field::EtherType:
        case Field::VlanType:
        case Field::IpProtocol:
        case Field::Ip6Nexthdr:
        case Field::MetaProtocol:
        case Field::MetaL4proto:
            return true;
        default:
            return kills_nft(field);
        }
    }

    // With some values.
    static bool kills_nft(const FieldInfo& field) {
        return field.field == Field::AhNexthdr || field.field == Field::CompNexthdr;
    }

    // Which messages have it is settled by the first such field, or by the type.
    static bool is_of_message(const FieldInfo& field) {
        switch (field.field) {
        case Field::IcmpId:
        case Field::IcmpSequence:
        case Field::IcmpGateway:
        case Field::IcmpMtu:
        case Field::Icmpv6Id:
        case Field::Icmpv6Sequence:
        case Field::Icmpv6Mtu:
        case Field::Icmpv6MaxDelay:
            return true;
        default:
            return false;
        }
    }

    static bool can_be_key(const FieldInfo& field) {
        switch (field.field) {
        case Field::CompFlags:  // nft has no size for it
        case Field::Ip6Dscp:    // nft shifts what lies in two bytes in the machine's order
        case Field::FragFragOff:
            return false;
        default:
            return field.type != ValueType::Existence;
        }
    }

    std::string outcome(std::size_t later) {
        const std::size_t choice = below(later < regular_chains.size() ? 6 : 4);
        constexpr std::string_view words[] = {"accept", "drop", "return", "continue", "jump", "goto"};
        if (choice < 4)
            return std::string(words[choice]);
        return fmt::format("{} {}", words[choice], regular_chains[later + below(regular_chains.size() - later)]);
    }

    std::string number(unsigned bits) {
        const std::uint64_t highest = bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
        const std::uint64_t wide = std::uint64_t{random_()} << 32 | random_();
        const std::uint64_t choices[] = {0, 1, highest, highest - 1, below(64), wide};
        const std::uint64_t value = any(choices) & highest;
        return one_in(4) ? fmt::format("{:#x}", value) : fmt::format("{}", value);
    }

    std::string value(const FieldInfo& field) {
        const auto found = recorded_.find(field.field);
        return found == recorded_.end() || one_in(2) ? made_value(field)
                                                     : lang::format_plain(field.type, any(found->second));
    }

    std::string made_value(const FieldInfo& field) {
        switch (field.type) {
        case ValueType::Ipv4Addr:
            return fmt::format("{}.{}", one_in(2) ? "192.0.2" : "198.51.100", below(8));
        case ValueType::Ipv6Addr:
            return fmt::format("2001:db8::{:x}", below(8));
        case ValueType::EtherAddr:
            return fmt::format("02:00:00:00:00:{:02x}", below(8));
        case ValueType::Ifname:
            return one_in(3) ? "\"eth*\"" : one_in(2) ? "\"eth0\"" : "\"lan0\"";
        case ValueType::TcpFlag:
            return flags();
        case ValueType::EtherType:
            return one_in(3) ? number(field.bits) : fmt::format("{:#06x}", any(ether_types));
        case ValueType::InetProto:
            return one_in(3) ? number(field.bits) : fmt::format("{}", any(transport_numbers));
        default:
            return number(field.bits);
        }
    }

    std::string flags() {
        constexpr std::string_view names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"};
        return one_in(3) ? fmt::format("{} | {}", any(names), any(names)) : std::string(any(names));
    }

    std::string flag_list() {
        std::string out = flags();
        std::ranges::replace(out, '|', ',');
        return out;
    }

    // The wrong way round is refused, and the order of addresses seen only in those that are made.
    std::string range(const FieldInfo& field) {
        const bool is_ip = field.type == ValueType::Ipv4Addr || field.type == ValueType::Ipv6Addr;
        for (;;) {
            const std::string first = is_ip ? made_value(field) : value(field);
            const std::string last = is_ip ? made_value(field) : value(field);
            if (std::pair(magnitude(first), first) < std::pair(magnitude(last), last))
                return fmt::format("{}-{}", first, last);
        }
    }

    static std::uint64_t magnitude(const std::string& text) {
        return text.find_first_of(".:") != std::string::npos ? 0 : std::stoull(text, nullptr, 0);
    }

    bool has_ranges(const FieldInfo& field) {
        return field.type != ValueType::Ifname && field.type != ValueType::TcpFlag && field.bits > 2 &&
               field.bits <= 128;
    }

    // Values that do not overlap when their texts differ.
    std::string key(const FieldInfo& field) {
        constexpr std::string_view names[] = {"\"eth0\"", "\"eth1\"", "\"lan0\"", "\"wan*\""};
        if (field.type == ValueType::Ifname)
            return std::string(any(names));
        if (field.type != ValueType::TcpFlag)
            return value(field);
        std::string one = flags();
        return one.substr(0, one.find(' '));
    }

    std::string element(const FieldInfo& field) {
        const bool is_ip = field.type == ValueType::Ipv4Addr || field.type == ValueType::Ipv6Addr;
        if (is_ip && one_in(4))
            return fmt::format("{}/{}", value(field), field.bits - below(9));
        return has_ranges(field) && one_in(4) ? range(field) : value(field);
    }

    // Once in a rule: nft makes one comparison of two, when their fields are neighbours.
    bool unequal() {
        const bool out = !has_unequal_ && one_in(4);
        has_unequal_ |= out;
        return out;
    }

    std::string match(const FieldInfo& field) {
        constexpr std::string_view orders[] = {"<", ">", "<=", ">="};
        const std::string name = lang::field_name(field);
        if (field.type == ValueType::Existence)
            return fmt::format("{} {}", name, one_in(2) ? "exists" : "missing");
        if (field.type == ValueType::TcpFlag)
            return flags_match();
        if (has_ranges(field) && field.bits <= 32 && field.type != ValueType::Ipv4Addr &&
            field.field != Field::Ip6Dscp && one_in(5))  // nft 1.0.6 shifts masks of it wrongly
            return bits_match(field);
        const std::string_view sign = unequal() ? "!= " : "";
        switch (below(5)) {
        case 0:
            return fmt::format("{} {}{{ {}, {}, {} }}", name, sign, value(field), element(field), value(field));
        case 1:
            if (has_ranges(field))
                return fmt::format("{} {} {}", name, any(orders), value(field));
            [[fallthrough]];
        default:
            return fmt::format("{} {}{}", name, sign, element(field));
        }
    }

    std::string bits_match(const FieldInfo& field) {
        constexpr std::string_view orders[] = {"==", "<", ">"};
        const std::string name = lang::field_name(field);
        const std::string_view word = unequal() ? "!=" : any(orders);
        const std::string mask = number(field.bits), other = number(field.bits), value = number(field.bits);
        switch (below(4)) {
        case 0:
            return fmt::format("{} & {} {} {}", name, mask, word, value);
        case 1:
            return fmt::format("{} | {} == {}", name, mask, value);
        case 2:
            return fmt::format("{} ^ {} == {}", name, mask, value);
        default:
            return fmt::format("{} & {} ^ {} == {}", name, mask, other, value);
        }
    }

    std::string flags_match() {
        switch (below(6)) {
        case 0:
            return fmt::format("tcp flags {}", flag_list());
        case 1:
            return fmt::format("tcp flags ! {}", flag_list());
        case 2:
            return fmt::format("tcp flags & ({}) == {}", flags(), flags());
        case 3:
            return fmt::format("tcp flags {} / {}, syn", flag_list(), flag_list());
        case 4:
            return fmt::format("tcp flags {{ {}, {} }}", flags(), flags());
        default:
            return fmt::format("tcp flags & ({} | syn) != {}", flags(), flags());
        }
    }

    std::string raw_match() {
        constexpr std::string_view bases[] = {"ll", "nh", "th"};
        const std::size_t bytes = 1 + below(4);
        const auto length = static_cast<unsigned>(one_in(3) ? 1 + below(8) : 8 * bytes);
        return fmt::format("@{},{},{} {}{}", any(bases), one_in(3) ? below(160) : 8 * below(20), length,
                           one_in(3) ? "!= " : "", number(length));
    }

    static std::string joined(const std::vector<FieldInfo>& fields) {
        std::string out;
        for (const FieldInfo& field : fields)
            out += (out.empty() ? "" : " . ") + lang::field_name(field);
        return out;
    }

    // Elements that do not overlap in their first part; a named set, or braces.
    std::string values(const std::vector<FieldInfo>& fields, bool is_map, std::size_t later) {
        std::set<std::string> firsts;
        std::vector<std::string> elements;
        for (std::size_t left = 1 + below(5); left > 0; --left) {
            const std::string first = key(fields.front());
            const bool is_number = first.find_first_not_of("0123456789abcdefx") == std::string::npos;
            if (!firsts.insert(is_number ? fmt::format("{}", magnitude(first)) : first).second)
                continue;
            std::string one = first;
            for (std::size_t part = 1; part < fields.size(); ++part)
                one += " . " + element(fields[part]);
            elements.push_back(is_map ? fmt::format("{} : {}", one, outcome(later)) : one);
        }
        const std::string braces = fmt::format("{{ {} }}", fmt::join(elements, ", "));
        if (one_in(2))
            return braces;
        const std::string name = fmt::format("s{}", sets_made_++);
        sets_ += fmt::format("\t{} {} {{\n\t\ttypeof {}{}\n\t\tflags interval\n\t\telements = {}\n\t}}\n",
                             is_map ? "map" : "set", name, joined(fields), is_map ? " : verdict" : "", braces);
        return "@" + name;
    }

    std::string lookup(const std::vector<FieldInfo>& fields) {
        return fmt::format("{} {}{}", joined(fields), one_in(3) ? "!= " : "", values(fields, false, 0));
    }

    std::mt19937& random_;
    ruleset::Hook hook_;
    const RecordedValues& recorded_;
    std::string sets_;
    std::size_t sets_made_ = 0;
    bool has_unequal_ = false;  // the rule being made
};

}  // namespace

std::string random_table_text(std::mt19937& random, ruleset::Hook hook, const RecordedValues& recorded) {
    return Grammar(random, hook, recorded).table();
}

}  // namespace xdpctl::test
