// SPDX-License-Identifier: BSD-2-Clause
#include "lang/value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/suggest.h"

namespace xdpctl::lang {
namespace {

using ruleset::FieldInfo;
using ruleset::Value;
using ruleset::ValueType;

// What inet_pton reads, in network byte order.
template <std::size_t size>
std::optional<std::array<unsigned char, size>> parse_inet(int family, std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    std::array<unsigned char, size> bytes{};
    if (text.size() >= terminated.size())
        return std::nullopt;
    std::memcpy(terminated.data(), text.data(), text.size());
    if (inet_pton(family, terminated.data(), bytes.data()) != 1)
        return std::nullopt;
    return bytes;
}

template <std::size_t size>
Value from_network(const std::array<unsigned char, size>& bytes) {
    Value value = 0;
    for (const unsigned char byte : bytes)
        value = value << 8U | byte;
    return value;
}

template <std::size_t size>
std::array<unsigned char, size> to_network(Value value) {
    std::array<unsigned char, size> bytes{};
    for (std::size_t i = size; i > 0; --i, value >>= 8U)
        bytes[i - 1] = static_cast<unsigned char>(value);
    return bytes;
}

std::optional<Value> parse_ipv4(std::string_view text) {
    const auto bytes = parse_inet<4>(AF_INET, text);
    return bytes ? std::optional(from_network(*bytes)) : std::nullopt;
}

std::optional<Value> parse_ipv6(std::string_view text) {
    const auto bytes = parse_inet<16>(AF_INET6, text);
    return bytes ? std::optional(from_network(*bytes)) : std::nullopt;
}

// Six groups of one or two hexadecimal digits.
std::optional<Value> parse_ether(std::string_view text) {
    Value value = 0;
    for (int group = 0; group < 6; ++group) {
        const std::size_t end = group < 5 ? text.find(':') : text.size();
        if (end == std::string_view::npos || end == 0 || end > 2)
            return std::nullopt;
        unsigned byte = 0;
        const auto [rest, fault] = std::from_chars(text.data(), text.data() + end, byte, 16);
        if (fault != std::errc{} || rest != text.data() + end)
            return std::nullopt;
        value = value << 8U | byte;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return value;
}

bool is_address(ValueType type) {
    return type == ValueType::EtherAddr || type == ValueType::Ipv4Addr || type == ValueType::Ipv6Addr;
}

bool looks_numeric(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool takes_numbers(ValueType type) {
    return type != ValueType::Nfproto && !ruleset::is_interface(type);
}

std::string_view noun(ValueType type) {
    switch (type) {
    case ValueType::EtherAddr:
        return "an Ethernet address";
    case ValueType::EtherType:
        return "an EtherType";
    case ValueType::Integer:
        return "a number";
    case ValueType::Ipv4Addr:
        return "an IPv4 address";
    case ValueType::Ipv6Addr:
        return "an IPv6 address";
    case ValueType::InetProto:
        return "a protocol";
    case ValueType::InetService:
        return "a port";
    case ValueType::TcpFlag:
        return "a TCP flag";
    case ValueType::IcmpType:
        return "an ICMP type";
    case ValueType::IcmpCode:
        return "an ICMP code";
    case ValueType::Icmpv6Type:
        return "an ICMPv6 type";
    case ValueType::Icmpv6Code:
        return "an ICMPv6 code";
    case ValueType::IgmpType:
        return "an IGMP type";
    case ValueType::ArpOperation:
        return "an ARP operation";
    case ValueType::DccpType:
        return "a DCCP packet type";
    case ValueType::Dscp:
        return "a DSCP";
    case ValueType::Ecn:
        return "an ECN codepoint";
    case ValueType::Nfproto:
        return "an address family";
    case ValueType::Existence:
        return "'exists' or 'missing'";
    case ValueType::PacketType:
        return "a packet type";
    case ValueType::Mark:
        return "a mark";
    case ValueType::TcHandle:
        return "a class";
    case ValueType::Hexadecimal:
        return "a number";
    case ValueType::Ifindex:
    case ValueType::Ifname:
        return "an interface name";
    }
    return "a value";
}

std::string example(ValueType type) {
    switch (type) {
    case ValueType::EtherAddr:
        return "write it like 00:00:5e:00:53:01";
    case ValueType::EtherType:
        return "write ip, ip6, arp, vlan, or a number like 0x88cc";
    case ValueType::Ipv4Addr:
        return "write it like 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9";
    case ValueType::Ipv6Addr:
        return "write it like 2001:db8::1 or 2001:db8::/32";
    case ValueType::InetService:
        return "write a number from 0 to 65535, or a service like ssh";
    case ValueType::InetProto:
        return "write a number from 0 to 255, or a protocol like tcp";
    case ValueType::TcpFlag:
        return fmt::format("flags: {}", fmt::join(ruleset::symbols(type), ", "));
    case ValueType::IcmpType:
    case ValueType::IcmpCode:
    case ValueType::Icmpv6Type:
    case ValueType::Icmpv6Code:
        return fmt::format("write a number from 0 to 255, or one of: {}", fmt::join(ruleset::symbols(type), ", "));
    case ValueType::Dscp:
    case ValueType::Ecn:
    case ValueType::IgmpType:
    case ValueType::ArpOperation:
    case ValueType::DccpType:
        return fmt::format("write a number, or one of: {}", fmt::join(ruleset::symbols(type), ", "));
    case ValueType::Nfproto:
    case ValueType::Existence:
    case ValueType::PacketType:
        return fmt::format("write one of: {}", fmt::join(ruleset::symbols(type), ", "));
    case ValueType::Mark:
        return "write a number like 0x00000001";
    case ValueType::TcHandle:
        return "write it like 1:10, in hexadecimal, or none or root";
    case ValueType::Integer:
    case ValueType::Hexadecimal:
    case ValueType::Ifindex:
    case ValueType::Ifname:
        break;
    }
    return {};
}

std::string hint_for(const FieldInfo& field, std::string_view text) {
    if (field.type == ValueType::Ipv4Addr && parse_ipv6(text))
        return fmt::format("IPv6 addresses are matched by: ip6 {}", field.name);
    if (field.type == ValueType::Ipv6Addr && parse_ipv4(text))
        return fmt::format("IPv4 addresses are matched by: ip {}", field.name);
    // nft reads a hyphen or slash behind a letter as part of the word.
    if (const std::size_t sign = text.find_first_of("-/"); sign != std::string_view::npos) {
        const std::string_view first = text.substr(0, sign);
        const std::string_view last = text.substr(sign + 1);
        if (ruleset::constant(field.type, first) && (ruleset::constant(field.type, last) || parse_number(last)))
            return fmt::format("put spaces around '{0}' between names: {1} {0} {2}", text[sign], first, last);
    }
    std::string near = did_you_mean(text, ruleset::symbols(field.type));
    return near.empty() ? example(field.type) : near;
}

void report(Cursor& cursor, const Token& token, const FieldInfo& field, std::string_view text) {
    if (takes_numbers(field.type) && (looks_numeric(text) || token.kind == TokenKind::Number))
        cursor.error(token, fmt::format("{} is out of range: {} has values from 0 to {}", text, field_name(field),
                                        static_cast<std::uint64_t>(value_max(field.bits))));
    else
        cursor.error(token, fmt::format("'{}' is not {}", text.substr(0, 64), noun(field.type)), hint_for(field, text));
}

// Wider than 64 bits in hexadecimal only.
std::optional<Value> parse_wide_number(std::string_view text) {
    if (const auto number = parse_number(text))
        return *number;
    if (!text.starts_with("0x") && !text.starts_with("0X"))
        return std::nullopt;
    std::string_view digits = text.substr(2);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.size() <= 16 || digits.size() > 32)
        return std::nullopt;
    Value value = 0;
    for (const std::size_t half : {digits.size() - 16, std::size_t{16}}) {
        std::uint64_t part = 0;
        const auto [rest, fault] = std::from_chars(digits.data(), digits.data() + half, part, 16);
        if (fault != std::errc{} || rest != digits.data() + half)
            return std::nullopt;
        value = value << 64U | part;
        digits.remove_prefix(half);
    }
    return value;
}

std::optional<std::uint32_t> parse_tc_number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (fault != std::errc{} || rest != text.data() + text.size() || value > 0xffff)
        return std::nullopt;
    return value;
}

// In quotation marks: "1:10".
std::optional<Value> parse_quoted_tc_handle(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const auto major = parse_tc_number(text.substr(0, colon));
    const auto minor = parse_tc_number(text.substr(colon + 1));
    return major && minor ? std::optional(Value{*major} << 16U | *minor) : std::nullopt;
}

// Behind the major number and in front of the colon.
std::optional<Value> parse_tc_minor(Cursor& cursor, const Token& token) {
    const auto major = parse_tc_number(cursor.text(token));
    const Token colon = cursor.take();
    const Token minor_token = cursor.peek();
    std::optional<std::uint32_t> minor = 0;
    if (minor_token.offset == colon.offset + 1 &&
        (minor_token.kind == TokenKind::Number || minor_token.kind == TokenKind::Word))
        minor = parse_tc_number(cursor.text(cursor.take()));
    if (major && minor)
        return Value{*major} << 16U | *minor;
    cursor.error(token, minor_token, "that is not a class", example(ValueType::TcHandle));
    return std::nullopt;
}

}  // namespace

std::optional<Value> parse_address(ValueType type, std::string_view text) {
    switch (type) {
    case ValueType::EtherAddr:
        return parse_ether(text);
    case ValueType::Ipv4Addr:
        return parse_ipv4(text);
    case ValueType::Ipv6Addr:
        return parse_ipv6(text);
    default:
        return std::nullopt;
    }
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    int base = 10;
    std::string_view digits = text;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0' && text.find_first_of("89") == std::string_view::npos) {
        base = 8;  // as nft: 08 and 09 stay decimal
    }
    std::uint64_t value = 0;
    const auto [rest, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (fault != std::errc{} || rest != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

std::optional<Value> parse_value(Cursor& cursor, const FieldInfo& field) {
    if (!cursor.enter_variables())
        return std::nullopt;
    const bool is_bracketed = field.type == ValueType::Ipv6Addr && cursor.take_if(TokenKind::LeftBracket);
    const Token token = cursor.peek();
    if (token.kind != TokenKind::Word && token.kind != TokenKind::Number && token.kind != TokenKind::Address &&
        token.kind != TokenKind::Quoted) {
        cursor.expected(noun(field.type), example(field.type));
        return std::nullopt;
    }
    cursor.take();
    const std::string_view text = cursor.unquoted(token);
    if (field.type == ValueType::TcHandle && cursor.at(TokenKind::Colon))
        return parse_tc_minor(cursor, token);
    std::optional<Value> value = parse_address(field.type, text);
    if (field.type == ValueType::TcHandle)
        value = parse_quoted_tc_handle(text);
    if (!value && takes_numbers(field.type))
        value = parse_wide_number(text);
    if (!value)
        value = ruleset::constant(field.type, text);
    if (!value || *value > value_max(field.bits)) {
        report(cursor, token, field, text);
        return std::nullopt;
    }
    if (is_bracketed && !cursor.take_if(TokenKind::RightBracket)) {
        cursor.expected("']'");
        return std::nullopt;
    }
    return value;
}

namespace {

// Most of what large rulesets print: several times as fast as by a format string.
std::string format_ipv4(const std::array<unsigned char, 4>& bytes) {
    std::string text;
    for (const unsigned char byte : bytes) {
        const fmt::format_int number(byte);
        text.append(number.data(), number.size());
        text += '.';
    }
    text.pop_back();
    return text;
}

std::string format_hexadecimal(Value value) {
    const auto low = static_cast<std::uint64_t>(value);
    const auto high = static_cast<std::uint64_t>(value >> 64U);
    return high == 0 ? fmt::format("0x{:x}", low) : fmt::format("0x{:x}{:016x}", high, low);
}

}  // namespace

std::string format_plain(ValueType type, Value value) {
    switch (type) {
    case ValueType::EtherAddr:
        return fmt::format("{:02x}", fmt::join(to_network<6>(value), ":"));
    case ValueType::Ipv4Addr:
        return format_ipv4(to_network<4>(value));
    case ValueType::Ipv6Addr: {
        std::array<char, INET6_ADDRSTRLEN> text{};
        inet_ntop(AF_INET6, to_network<16>(value).data(), text.data(), text.size());
        return text.data();
    }
    case ValueType::EtherType:
        return fmt::format("0x{:04x}", static_cast<std::uint32_t>(value));
    case ValueType::ArpOperation:
        return fmt::format("0x{:04x}", static_cast<std::uint32_t>(value));
    case ValueType::Mark:
        return fmt::format("0x{:08x}", static_cast<std::uint32_t>(value));
    case ValueType::Dscp:
    case ValueType::Ecn:
    case ValueType::DccpType:
        return fmt::format("0x{:02x}", static_cast<std::uint32_t>(value));
    case ValueType::TcpFlag:
        return fmt::format("0x{:x}", static_cast<std::uint32_t>(value));
    case ValueType::TcHandle:
        return fmt::format("{:x}:{:x}", static_cast<std::uint32_t>(value >> 16U),
                           static_cast<std::uint32_t>(value & 0xffff));
    case ValueType::Hexadecimal:
        return format_hexadecimal(value);
    default:
        return fmt::format_int(static_cast<std::uint64_t>(value)).str();
    }
}

std::string format_value(ValueType type, Value value) {
    if (!is_address(type) && value <= ~std::uint32_t{0})
        if (const auto symbol = ruleset::symbol(type, static_cast<std::uint32_t>(value)))
            return std::string(*symbol);
    return format_plain(type, value);
}

Value value_max(unsigned bits) {
    return bits >= 128 ? ~Value{0} : (Value{1} << bits) - 1;
}

ruleset::Interval prefix(Value address, unsigned length, unsigned bits) {
    const Value host_bits = length >= bits ? 0 : value_max(bits - length);
    return {.first = address & ~host_bits, .last = address | host_bits};
}

std::optional<unsigned> prefix_length(const ruleset::Interval& interval, unsigned bits) {
    const Value host_bits = interval.first ^ interval.last;
    const bool is_low_mask = (host_bits & (host_bits + 1)) == 0;
    if (!is_low_mask || (interval.first & host_bits) != 0)
        return std::nullopt;
    const auto ones = std::popcount(static_cast<std::uint64_t>(host_bits)) +
                      std::popcount(static_cast<std::uint64_t>(host_bits >> 64U));
    return bits - static_cast<unsigned>(ones);
}

std::string field_name(const FieldInfo& field) {
    if (ruleset::is_interface(field.type))
        return std::string(field.name);
    if (field.field == ruleset::Field::Raw)
        return "a raw payload expression";
    return fmt::format("{} {}", field.protocol, field.name);
}

}  // namespace xdpctl::lang
