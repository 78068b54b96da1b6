// SPDX-License-Identifier: BSD-2-Clause
#include "bench/traffic.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "bench/trace.h"

namespace xdpctl::bench {

namespace {

using ruleset::Field;
using ruleset::Value;
using test::Family;

constexpr std::size_t ether_size = 14, ipv4_size = 20, ipv6_size = 40;

class Maker {
public:
    Maker(const ruleset::Chain& chain, Family family) : chain_(chain), family_(family) {}

    std::vector<Header> make(Traffic traffic, std::size_t packets) {
        if (traffic == Traffic::Zipf)
            rank_rules();
        std::vector<Header> headers(packets);
        for (Header& header : headers)
            header = one(traffic);
        return headers;
    }

private:
    Header one(Traffic traffic) {
        Header header = anything();
        if (traffic == Traffic::Uniform)
            return header;
        const std::size_t rule = traffic == Traffic::Zipf ? ranked_rule() : any_rule();
        enter(header, rule);
        if (traffic != Traffic::Crosses)
            return header;
        Header source = anything(), destination = anything();
        enter(source, any_rule());
        enter(destination, any_rule());
        header.saddr = source.saddr;
        header.daddr = destination.daddr;
        return header;
    }

    Header anything() {
        constexpr std::uint8_t protocols[] = {6, 17, 1, 47};
        Header header{.saddr = address(), .daddr = address(), .sport = 0, .dport = 0, .proto = 0, .tcp_flags = 0};
        header.sport = static_cast<std::uint16_t>(random_());
        header.dport = static_cast<std::uint16_t>(random_());
        header.proto = protocols[random_() % std::size(protocols)];
        header.tcp_flags = static_cast<std::uint8_t>(random_() & 0x3f);
        return header;
    }

    Value address() {
        if (family_ == Family::Ipv4)
            return static_cast<std::uint32_t>(random_());
        return Value{0x20010db8} << 96 | Value{random_() & 0xffffffff} << 64 | random_();
    }

    // Makes the header match the rule, as far as ClassBench's rules go.
    void enter(Header& header, std::size_t rule) {
        for (const ruleset::Statement& statement : chain_.rules[rule].statements) {
            const auto* match = std::get_if<ruleset::Match>(&statement);
            if (match == nullptr)
                continue;
            const ruleset::Interval& values = match->values[random_() % match->values.size()];
            const Value wide = Value{random_()} << 64 | random_();
            const Value size = values.last - values.first + 1;  // 0: all of 128 bits
            const Value value = values.first + (size == 0 ? wide : wide % size);
            set(header, *match, value);
        }
    }

    static void set(Header& header, const ruleset::Match& match, Value value) {
        switch (match.field) {
        case Field::IpSaddr:
        case Field::Ip6Saddr:
            header.saddr = value;
            break;
        case Field::IpDaddr:
        case Field::Ip6Daddr:
            header.daddr = value;
            break;
        case Field::TcpSport:
        case Field::UdpSport:
            header.sport = static_cast<std::uint16_t>(value);
            break;
        case Field::TcpDport:
        case Field::UdpDport:
            header.dport = static_cast<std::uint16_t>(value);
            break;
        case Field::MetaL4proto:
            header.proto = static_cast<std::uint8_t>(value);
            break;
        case Field::TcpFlags: {
            const Value mask = match.mask.value_or(0xff);
            header.tcp_flags = static_cast<std::uint8_t>((header.tcp_flags & ~mask) | value);
            break;
        }
        default:
            break;
        }
    }

    std::size_t any_rule() { return random_() % chain_.rules.size(); }

    void rank_rules() {
        order_.resize(chain_.rules.size());
        sums_.resize(chain_.rules.size());
        double sum = 0;
        for (std::size_t rank = 0; rank < order_.size(); ++rank) {
            order_[rank] = rank;
            sums_[rank] = sum += 1 / static_cast<double>(rank + 1);
        }
        std::ranges::shuffle(order_, random_);
    }

    std::size_t ranked_rule() {
        const double at = std::uniform_real_distribution(0.0, sums_.back())(random_);
        const auto found = std::ranges::lower_bound(sums_, at);
        return order_[std::min<std::size_t>(static_cast<std::size_t>(found - sums_.begin()), order_.size() - 1)];
    }

    const ruleset::Chain& chain_;
    Family family_;
    std::mt19937_64 random_{1};
    std::vector<std::size_t> order_;  // of Zipf: rules by rank, and the sum of the weights up to each
    std::vector<double> sums_;
};

void put16(test::Bytes& frame, std::size_t at, unsigned value) {
    frame[at] = static_cast<std::byte>(value >> 8);
    frame[at + 1] = static_cast<std::byte>(value);
}

void put_address(test::Bytes& frame, std::size_t at, Value value, std::size_t size) {
    for (std::size_t byte = 0; byte < size; ++byte)
        frame[at + byte] = static_cast<std::byte>(static_cast<std::uint8_t>(value >> (8 * (size - 1 - byte))));
}

}  // namespace

std::string_view name(Traffic traffic) {
    switch (traffic) {
    case Traffic::Hits:
        return "hits";
    case Traffic::Zipf:
        return "zipf";
    case Traffic::Crosses:
        return "crosses";
    case Traffic::Uniform:
        return "uniform";
    }
    return {};
}

std::vector<Header> make_traffic(const ruleset::Chain& chain, Family family, Traffic traffic, std::size_t packets) {
    return Maker(chain, family).make(traffic, packets);
}

test::Bytes frame_to_replay(Family family) {
    using namespace test;
    constexpr std::size_t payload = 10;
    Bytes bytes = family == Family::Ipv4 ? frame({Ether{}, Ipv4{}, Tcp{}, Bytes(payload)})
                                         : frame({Ether{}, Ipv6{}, Tcp{}, Bytes(payload)});
    // Where TCP has its sequence number UDP has its length: the frame is right for both.
    const std::size_t transport = ether_size + (family == Family::Ipv4 ? ipv4_size : ipv6_size);
    put16(bytes, transport + 4, static_cast<unsigned>(bytes.size() - transport));
    return bytes;
}

test::Bytes frame_of(const Header& header, Family family) {
    test::Bytes bytes = frame_to_replay(family);
    const bool ipv4 = family == Family::Ipv4;
    const std::size_t size = ipv4 ? 4 : 16;
    const std::size_t addresses = ether_size + (ipv4 ? 12 : 8);
    const std::size_t transport = ether_size + (ipv4 ? ipv4_size : ipv6_size);
    put_address(bytes, addresses, header.saddr, size);
    put_address(bytes, addresses + size, header.daddr, size);
    bytes[ether_size + (ipv4 ? 9 : 6)] = static_cast<std::byte>(header.proto);
    put16(bytes, transport, header.sport);
    put16(bytes, transport + 2, header.dport);
    bytes[transport + 13] = static_cast<std::byte>(header.tcp_flags);
    return bytes;
}

}  // namespace xdpctl::bench
