// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/key_type.h"

#include <algorithm>

namespace xdpctl::ruleset {
namespace {

constexpr KeyType types[] = {
    {"ipv4_addr", ValueType::Ipv4Addr, 32},
    {"ipv6_addr", ValueType::Ipv6Addr, 128},
    {"ether_addr", ValueType::EtherAddr, 48},
    {"ether_type", ValueType::EtherType, 16},
    {"inet_proto", ValueType::InetProto, 8},
    {"inet_service", ValueType::InetService, 16},
    {"ifname", ValueType::Ifname, 0},
    {"tcp_flag", ValueType::TcpFlag, 8},
    {"icmp_type", ValueType::IcmpType, 8},
    {"icmp_code", ValueType::IcmpCode, 8},
    {"icmpv6_type", ValueType::Icmpv6Type, 8},
    {"icmpv6_code", ValueType::Icmpv6Code, 8},
    {"mark", ValueType::Mark, 32},
    {"classid", ValueType::TcHandle, 32},
    {"arp_op", ValueType::ArpOperation, 16},
    {"dscp", ValueType::Dscp, 6},
    {"ecn", ValueType::Ecn, 2},
    {"pkt_type", ValueType::PacketType, 8},
};

}  // namespace

std::span<const KeyType> key_types() {
    return types;
}

const KeyType* find_key_type(std::string_view word) {
    const auto* found = std::ranges::find(types, word, &KeyType::word);
    return found == std::end(types) ? nullptr : found;
}

KeyPart key_part(const KeyType& type) {
    return {.type = type.type, .bits = type.bits, .field = std::nullopt};
}

KeyPart key_part(Field field) {
    return {.type = info(field).type, .bits = info(field).bits, .field = field};
}

bool accepts(const KeyPart& part, Field field) {
    return info(field).type == part.type && info(field).bits == part.bits;
}

std::string_view type_word(const KeyPart& part) {
    const auto* found = std::ranges::find(types, part.type, &KeyType::type);
    return found == std::end(types) ? "integer" : found->word;
}

FieldInfo value_info(const KeyPart& part) {
    if (part.field)
        return info(*part.field);
    return {.field = {}, .protocol = "type", .name = type_word(part), .type = part.type, .bits = part.bits};
}

}  // namespace xdpctl::ruleset
