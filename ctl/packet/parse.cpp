// SPDX-License-Identifier: BSD-2-Clause
#include "packet/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/suggest.h"
#include "lang/value.h"
#include "packet/build.h"
#include "packet/words.h"

namespace xdpctl::packet {

namespace {

using ruleset::Value;
using ruleset::ValueType;

struct KindWord {
    std::string_view word;
    Kind kind;
};
constexpr KindWord kind_words[] = {
    {"tcp", Kind::Tcp}, {"udp", Kind::Udp}, {"sctp", Kind::Sctp}, {"icmp", Kind::Icmp},   {"icmpv6", Kind::Icmpv6},
    {"arp", Kind::Arp}, {"ip", Kind::Ip},   {"ip6", Kind::Ip6},   {"ether", Kind::Ether}, {"hex", Kind::Hex},
};

template <typename Entry, std::size_t size>
std::array<std::string_view, size> words_of(const Entry (&entries)[size]) {
    std::array<std::string_view, size> words;
    std::ranges::transform(entries, words.begin(), &Entry::word);
    return words;
}

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return std::nullopt;
}

// Kinds as a set of bits.
constexpr unsigned bit(Kind kind) {
    return 1U << static_cast<unsigned>(kind);
}
constexpr unsigned with_ports = bit(Kind::Tcp) | bit(Kind::Udp) | bit(Kind::Sctp);
constexpr unsigned with_type = bit(Kind::Icmp) | bit(Kind::Icmpv6);
constexpr unsigned with_ip = with_ports | with_type | bit(Kind::Ip) | bit(Kind::Ip6);
constexpr unsigned with_ether = with_ip | bit(Kind::Arp) | bit(Kind::Ether);
constexpr unsigned every_kind = with_ether | bit(Kind::Hex);

class Parser {
public:
    Parser(std::string_view text, std::size_t base, lang::Diagnostics& diagnostics)
        : text_(text), base_(base), words_(split(text)), diagnostics_(diagnostics) {}

    std::optional<Packet> parse() {
        if (!parse_kind() || !parse_head() || !parse_options() || !check())
            return std::nullopt;
        return std::move(packet_);
    }

private:
    struct Option {
        std::string_view word;
        unsigned kinds;  // that have it
        bool (Parser::*parse)();
    };
    static const std::array<Option, 21> options;

    [[nodiscard]] bool at_end() const { return next_ == words_.size(); }
    // REQUIRES: not at the end.
    [[nodiscard]] const Word& peek() const { return words_[next_]; }
    [[nodiscard]] bool is(Kind kind) const { return packet_.kind == kind; }
    [[nodiscard]] bool is_one_of(unsigned kinds) const { return (bit(packet_.kind) & kinds) != 0; }
    [[nodiscard]] std::string_view kind_name() const { return words_.front().text; }

    bool error_at(std::size_t offset, std::size_t length, std::string message, std::string hint = {}) {
        // What a terminal would obey must not reach it.
        std::ranges::replace_if(message, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, '?');
        diagnostics_.add(base_ + offset, length, std::move(message), std::move(hint));
        return false;
    }
    bool error(const Word& word, std::string message, std::string hint = {}) {
        return error_at(word.offset, word.text.size(), std::move(message), std::move(hint));
    }
    bool expected(std::string_view what, std::string hint = {}) {
        if (at_end())
            return error_at(text_.size(), 1, fmt::format("expected {}, found the end", what), std::move(hint));
        return error(peek(), fmt::format("expected {}, found '{}'", what, peek().text), std::move(hint));
    }

    bool parse_kind();
    bool parse_head();
    bool parse_hex();
    bool parse_ether_head();
    bool parse_arp_head();
    bool parse_endpoints();
    bool parse_endpoint(Value& address, std::uint16_t& port);
    bool parse_port(std::string_view text, std::size_t offset, std::uint16_t& port);
    bool parse_arrow();
    bool parse_options();
    bool parse_option();
    bool check();

    // A number or a constant of the type, at most `highest`.
    bool parse_number(std::string_view what, ValueType type, Value highest, Value& out);
    template <typename T>
    bool parse_into(T& out, std::string_view what, Value highest, ValueType type = ValueType::Integer) {
        Value value = 0;
        if (!parse_number(what, type, highest, value))
            return false;
        out = static_cast<T>(value);
        return true;
    }
    bool parse_ether_address(Value& out);
    bool parse_bytes(const Word& word, std::string_view digits, Bytes& out);

    bool parse_vlan();
    bool parse_ether();
    bool parse_flags();
    bool parse_frag();
    bool parse_payload();
    bool parse_df();
    bool parse_ttl() { return parse_into(packet_.ttl, "a TTL", 255); }
    bool parse_dscp() { return parse_into(packet_.dscp, "a DSCP", 63); }
    bool parse_ecn() { return parse_into(packet_.ecn, "an ECN codepoint", 3); }
    bool parse_id() { return parse_into(packet_.id, "an identification", packet_.is_ipv6 ? 0xffffffff : 0xffff); }
    bool parse_flow_label();
    bool parse_protocol() { return parse_into(packet_.protocol, "a protocol", 255, ValueType::InetProto); }
    bool parse_sequence() {
        return parse_into(packet_.sequence, "a sequence number", is(Kind::Tcp) ? 0xffffffff : 0xffff);
    }
    bool parse_acknowledgement() {
        return parse_into(packet_.acknowledgement, "an acknowledgement number", 0xffffffff);
    }
    bool parse_window() { return parse_into(packet_.window, "a window", 0xffff); }
    bool parse_type() {
        if (is(Kind::Ether))
            return parse_into(packet_.ether_type, "an EtherType", 0xffff, ValueType::EtherType);
        return parse_into(packet_.type, "a type", 255, is(Kind::Icmp) ? ValueType::IcmpType : ValueType::Icmpv6Type);
    }
    bool parse_code() {
        return parse_into(packet_.code, "a code", 255, is(Kind::Icmp) ? ValueType::IcmpCode : ValueType::Icmpv6Code);
    }
    bool parse_echo_id() { return parse_into(packet_.echo_id, "an echo's identifier", 0xffff); }
    bool parse_length() { return parse_into(packet_.length.emplace(), "a length", frame_size_max); }
    bool parse_cut() { return parse_into(packet_.cut.emplace(), "a number of bytes", frame_size_max); }

    std::string_view text_;
    std::size_t base_;
    std::vector<Word> words_;
    std::size_t next_ = 0;
    lang::Diagnostics& diagnostics_;
    Packet packet_;
    std::vector<std::string_view> seen_;  // options
    const Word* destination_ = nullptr;
    const Word* ported_ = nullptr;  // the last endpoint with a port
    const Word* length_ = nullptr;
};

const std::array<Parser::Option, 21> Parser::options = {{
    {"vlan", with_ether, &Parser::parse_vlan},
    {"ether", with_ip | bit(Kind::Arp), &Parser::parse_ether},
    {"flags", bit(Kind::Tcp), &Parser::parse_flags},
    {"type", with_type | bit(Kind::Ether), &Parser::parse_type},
    {"code", with_type, &Parser::parse_code},
    {"echo-id", with_type, &Parser::parse_echo_id},
    {"seq", bit(Kind::Tcp) | with_type, &Parser::parse_sequence},
    {"ack", bit(Kind::Tcp), &Parser::parse_acknowledgement},
    {"window", bit(Kind::Tcp), &Parser::parse_window},
    {"protocol", bit(Kind::Ip) | bit(Kind::Ip6), &Parser::parse_protocol},
    {"ttl", with_ip, &Parser::parse_ttl},
    {"hoplimit", with_ip, &Parser::parse_ttl},
    {"dscp", with_ip, &Parser::parse_dscp},
    {"ecn", with_ip, &Parser::parse_ecn},
    {"id", with_ip, &Parser::parse_id},
    {"flowlabel", with_ip, &Parser::parse_flow_label},
    {"df", with_ip, &Parser::parse_df},
    {"frag", with_ip, &Parser::parse_frag},
    {"payload", with_ip | bit(Kind::Ether), &Parser::parse_payload},
    {"length", with_ip, &Parser::parse_length},
    {"cut", every_kind, &Parser::parse_cut},
}};

bool Parser::parse_kind() {
    constexpr std::string_view example = "write: tcp 192.0.2.1:1234 > 198.51.100.7:22";
    if (at_end())
        return expected("a packet", std::string(example));
    const auto found = std::ranges::find(kind_words, peek().text, &KindWord::word);
    if (found == std::end(kind_words)) {
        const auto words = words_of(kind_words);
        std::string near = did_you_mean(peek().text, words);
        return error(peek(), fmt::format("'{}' is no kind of packet: {}", peek().text, fmt::join(words, ", ")),
                     near.empty() ? std::string(example) : std::move(near));
    }
    packet_.kind = found->kind;
    if (is(Kind::Tcp))
        packet_.tcp_flags = 0x02;  // syn
    if (is(Kind::Icmp))
        packet_.type = 8;  // echo request
    if (is(Kind::Icmpv6))
        packet_.type = 128;
    ++next_;
    return true;
}

bool Parser::parse_head() {
    switch (packet_.kind) {
    case Kind::Hex:
        return parse_hex();
    case Kind::Ether:
        return parse_ether_head();
    case Kind::Arp:
        return parse_arp_head();
    default:
        return parse_endpoints();
    }
}

// Any number of words of digits.
bool Parser::parse_hex() {
    if (at_end())
        return expected("hexadecimal digits", "write the frame from its Ethernet header on");
    while (!at_end() && peek().text != "cut") {
        const Word& word = words_[next_++];
        if (!parse_bytes(word, word.text.starts_with("0x") ? word.text.substr(2) : word.text, packet_.frame))
            return false;
    }
    return packet_.frame.size() <= frame_size_max ||
           error_at(0, text_.size(), fmt::format("a frame has at most {} bytes", frame_size_max));
}

bool Parser::parse_bytes(const Word& word, std::string_view digits, Bytes& out) {
    const auto at = static_cast<std::size_t>(digits.data() - word.text.data());
    for (std::size_t i = 0; i < digits.size(); ++i)
        if (!hex_digit(digits[i]))
            return error_at(word.offset + at + i, 1, fmt::format("'{}' is no hexadecimal digit", digits[i]));
    if (digits.size() % 2 != 0)
        return error(word, "a byte has two hexadecimal digits: their number here is odd");
    for (std::size_t i = 0; i < digits.size(); i += 2)
        out.push_back(static_cast<std::byte>(*hex_digit(digits[i]) << 4 | *hex_digit(digits[i + 1])));
    return true;
}

bool Parser::parse_ether_head() {
    return parse_ether_address(packet_.ether_saddr) && parse_arrow() && parse_ether_address(packet_.ether_daddr);
}

bool Parser::parse_ether_address(Value& out) {
    constexpr std::string_view what = "an Ethernet address";
    constexpr std::string_view example = "write it like 00:00:5e:00:53:01";
    if (at_end())
        return expected(what, std::string(example));
    const auto address = lang::parse_address(ValueType::EtherAddr, peek().text);
    if (!address)
        return expected(what, std::string(example));
    out = *address;
    ++next_;
    return true;
}

bool Parser::parse_arp_head() {
    if (!at_end() && (peek().text == "request" || peek().text == "reply"))
        packet_.operation = words_[next_++].text == "request" ? 1 : 2;
    else if (!at_end() && lang::parse_number(peek().text) && !parse_into(packet_.operation, "an operation", 0xffff))
        return false;
    if (!parse_endpoints())
        return false;
    return !packet_.is_ipv6 || error(words_[next_ - 1], "ARP has IPv4 addresses", "IPv6 asks with icmpv6 type 135");
}

bool Parser::parse_arrow() {
    if (at_end() || (peek().text != ">" && peek().text != "to"))
        return expected("'>'",
                        "write: SOURCE > DESTINATION; in a shell put the packet into quotation marks, or write 'to'");
    ++next_;
    return true;
}

bool Parser::parse_endpoints() {
    if (!parse_endpoint(packet_.saddr, packet_.sport) || !parse_arrow())
        return false;
    const bool is_ipv6 = packet_.is_ipv6;
    if (!parse_endpoint(packet_.daddr, packet_.dport))
        return false;
    destination_ = &words_[next_ - 1];
    if (is_ipv6 != packet_.is_ipv6)
        return error(*destination_, fmt::format("the source has an IPv{} address, this is not one", is_ipv6 ? 6 : 4));
    if (is_ipv6 && is_one_of(bit(Kind::Icmp) | bit(Kind::Ip)))
        return error(*destination_, fmt::format("{} has IPv4 addresses", kind_name()),
                     is(Kind::Ip) ? "write ip6" : "write icmpv6");
    if (!is_ipv6 && is_one_of(bit(Kind::Icmpv6) | bit(Kind::Ip6)))
        return error(*destination_, fmt::format("{} has IPv6 addresses", kind_name()),
                     is(Kind::Ip6) ? "write ip" : "write icmp");
    return true;
}

// 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1], [2001:db8::1]:80
bool Parser::parse_endpoint(Value& address, std::uint16_t& port) {
    constexpr std::string_view example = "write it like 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or [2001:db8::1]:80";
    if (at_end())
        return expected("an address", std::string(example));
    const Word& word = words_[next_++];
    const bool is_bracketed = word.text.starts_with('[');
    const bool has_one_colon = std::ranges::count(word.text, ':') == 1;
    const std::size_t start = is_bracketed ? 1 : 0;
    const std::size_t end = is_bracketed ? word.text.find(']') : has_one_colon ? word.text.find(':') : word.text.size();
    if (end == std::string_view::npos)
        return error(word, "expected ']' behind the address");
    const std::string_view name = word.text.substr(start, end - start);
    const auto ipv4 = is_bracketed ? std::nullopt : lang::parse_address(ValueType::Ipv4Addr, name);
    const auto ipv6 = lang::parse_address(ValueType::Ipv6Addr, name);
    if (!ipv4 && !ipv6)
        return error_at(word.offset + start, std::max<std::size_t>(name.size(), 1),
                        fmt::format("'{}' is no address", name), std::string(example));
    address = ipv4 ? *ipv4 : *ipv6;
    packet_.is_ipv6 = !ipv4;
    const std::size_t behind = is_bracketed ? end + 1 : end;
    if (behind == word.text.size())
        return true;
    ported_ = &word;
    return parse_port(word.text.substr(behind), word.offset + behind, port);
}

// :22, :ssh
bool Parser::parse_port(std::string_view text, std::size_t offset, std::uint16_t& port) {
    if (!is_one_of(with_ports))
        return error_at(offset, text.size(), fmt::format("{} has no ports", kind_name()));
    const std::string_view service = text.substr(1);
    auto number = lang::parse_number(service);
    if (!number)
        number = ruleset::constant(ValueType::InetService, service);
    if (!text.starts_with(':') || !number || *number > 0xffff)
        return error_at(offset, text.size(), fmt::format("'{}' is no port", text),
                        "write :22, a number from 0 to 65535, or a service like :ssh");
    port = static_cast<std::uint16_t>(*number);
    return true;
}

bool Parser::parse_options() {
    while (!at_end())
        if (!parse_option())
            return false;
    return true;
}

bool Parser::parse_option() {
    const Word& word = peek();
    const auto found = std::ranges::find(options, word.text, &Option::word);
    if (found == options.end() || (found->kinds & bit(packet_.kind)) == 0) {
        std::vector<std::string_view> possible;
        for (const Option& option : options)
            if ((option.kinds & bit(packet_.kind)) != 0)
                possible.push_back(option.word);
        std::string near = did_you_mean(word.text, possible);
        return error(word, fmt::format("{} has no '{}'", kind_name(), word.text),
                     near.empty() ? fmt::format("it has: {}", fmt::join(possible, ", ")) : std::move(near));
    }
    const bool may_repeat = found->word == "vlan";
    if (!may_repeat && std::ranges::find(seen_, found->word) != seen_.end())
        return error(word, fmt::format("'{}' is there twice", word.text));
    seen_.push_back(found->word);
    if (found->word == "length")
        length_ = &word;
    ++next_;
    return (this->*found->parse)();
}

bool Parser::parse_number(std::string_view what, ValueType type, Value highest, Value& out) {
    if (at_end())
        return expected(what);
    auto number = lang::parse_number(peek().text);
    if (!number)
        number = ruleset::constant(type, peek().text);
    if (!number) {
        const auto symbols = ruleset::symbols(type);
        std::string near = did_you_mean(peek().text, symbols);
        if (near.empty() && !symbols.empty() && symbols.size() < 32)
            near = fmt::format("write a number, or one of: {}", fmt::join(symbols, ", "));
        return expected(what, std::move(near));
    }
    if (*number > highest)
        return error(peek(), fmt::format("{} is out of range: {} is at most {}", peek().text, what,
                                         static_cast<std::uint64_t>(highest)));
    out = *number;
    ++next_;
    return true;
}

// vlan ID [pcp N] [dei]
bool Parser::parse_vlan() {
    constexpr std::size_t tags_max = 8;  // more than the filter reads
    if (packet_.tags.size() == tags_max)
        return error(words_[next_ - 1], fmt::format("a packet has at most {} tags", tags_max));
    Tag& tag = packet_.tags.emplace_back();
    if (!parse_into(tag.id, "a VLAN id", 0xfff))
        return false;
    if (!at_end() && peek().text == "pcp") {
        ++next_;
        if (!parse_into(tag.priority, "a priority", 7))
            return false;
    }
    if (!at_end() && peek().text == "dei") {
        ++next_;
        tag.drop_eligible = true;
    }
    return true;
}

bool Parser::parse_ether() {
    return parse_ether_head();
}

bool Parser::parse_df() {
    packet_.dont_fragment = true;
    return !packet_.is_ipv6 || error(words_[next_ - 1], "IPv6 has no flag df: it never fragments on the way");
}

bool Parser::parse_flow_label() {
    if (!packet_.is_ipv6)
        return error(words_[next_ - 1], "IPv4 has no flow label");
    return parse_into(packet_.flow_label, "a flow label", 0xfffff);
}

// flags syn,ack; flags none
bool Parser::parse_flags() {
    if (at_end())
        return expected("flags", "write them like syn,ack");
    const Word word = words_[next_++];
    packet_.tcp_flags = 0;
    if (word.text == "none")
        return true;
    if (const auto number = lang::parse_number(word.text); number && *number <= 0xff) {
        packet_.tcp_flags = static_cast<std::uint8_t>(*number);
        return true;
    }
    for (std::size_t start = 0; start <= word.text.size();) {
        const std::size_t end = std::min(word.text.find(',', start), word.text.size());
        const std::string_view name = word.text.substr(start, end - start);
        const auto flag = ruleset::constant(ValueType::TcpFlag, name);
        if (!flag)
            return error_at(word.offset + start, std::max<std::size_t>(name.size(), 1),
                            fmt::format("'{}' is no TCP flag", name),
                            fmt::format("flags: none, {}", fmt::join(ruleset::symbols(ValueType::TcpFlag), ", ")));
        packet_.tcp_flags = static_cast<std::uint8_t>(packet_.tcp_flags | *flag);
        start = end + 1;
    }
    return true;
}

// frag 0+ is a first fragment, frag 1480+ one between, frag 2960 the last
bool Parser::parse_frag() {
    constexpr std::string_view what = "a fragment's offset in bytes";
    constexpr std::string_view example = "write 0+ for a first fragment, 1480+ for one between, 2960 for the last";
    if (at_end())
        return expected(what, std::string(example));
    const Word word = words_[next_++];
    Fragment fragment;
    std::string_view number = word.text;
    if (number.ends_with('+')) {
        fragment.more = true;
        number.remove_suffix(1);
    }
    const auto offset = lang::parse_number(number);
    if (!offset)
        return error(word, fmt::format("expected {}, found '{}'", what, word.text), std::string(example));
    if (*offset % 8 != 0 || *offset > 65528)
        return error(word, "a fragment's offset is a multiple of eight, at most 65528");
    fragment.offset = static_cast<std::uint16_t>(*offset);
    packet_.fragment = fragment;
    return true;
}

// payload "text", payload 0xHEX
bool Parser::parse_payload() {
    if (at_end())
        return expected("a payload", "write it like \"GET /\" or 0x474554");
    const Word word = words_[next_++];
    if (word.text.starts_with("0x"))
        return parse_bytes(word, word.text.substr(2), packet_.payload);
    if (!word.is_quoted() || word.text.size() < 2 || !word.text.ends_with('"'))
        return error(word, "a payload is text in quotation marks, or hexadecimal with 0x in front");
    for (const char c : word.text.substr(1, word.text.size() - 2))
        packet_.payload.push_back(static_cast<std::byte>(c));
    return true;
}

// What the words say together.
bool Parser::check() {
    if (!is_one_of(with_ip))
        return true;
    if (!has_transport(packet_) && ported_ != nullptr)
        return error(*ported_, "a later fragment has no ports", "leave them out: its payload follows the IP header");
    if (is_one_of(with_ports) && has_transport(packet_) && ported_ != destination_)
        return error(*destination_, "the destination's port is missing",
                     fmt::format(fmt::runtime(packet_.is_ipv6 ? "write [{}]:80" : "write {}:80"), destination_->text));
    const std::size_t needed = header_size(packet_) + packet_.payload.size();
    if (packet_.length && *packet_.length < needed)
        return error(*length_, fmt::format("the packet has {} bytes without any padding", needed),
                     "the length counts from the IP header on");
    return needed <= frame_size_max || error(words_.front(), fmt::format("the packet has {} bytes", needed));
}

}  // namespace

std::optional<Packet> parse(const lang::Sources& sources, std::size_t offset, std::size_t length,
                            lang::Diagnostics& diagnostics) {
    return Parser(sources.text(offset, length), offset, diagnostics).parse();
}

Result<Packet> parse(std::string_view text, std::string_view source) {
    if (text.size() > 4 * frame_size_max)
        return fail(ErrorKind::Input, fmt::format("the packet on {} is described in {} bytes", source, text.size()),
                    fmt::format("at most {} are read", 4 * frame_size_max));
    const lang::Sources sources(source, text);
    lang::Diagnostics diagnostics(sources);
    auto packet = parse(sources, 0, text.size(), diagnostics);
    if (!packet)
        return std::unexpected(diagnostics.error());
    return *std::move(packet);
}

}  // namespace xdpctl::packet
