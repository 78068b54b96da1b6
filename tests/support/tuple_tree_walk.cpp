// SPDX-License-Identifier: BSD-2-Clause
#include "support/tuple_tree_walk.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace xdpctl::test {

namespace {

using compile::tuple_tree::Tables;

using Words = std::array<std::uint32_t, sizeof(xdpctl_packet) / 4>;
using Value = std::pair<std::uint64_t, std::uint64_t>;

// Puts the test's part behind those before it.
Value with_part(const Value& before, const xdpctl_residual& test, const Words& words) {
    if (test.kind == XDPCTL_RESIDUAL_IPV6)
        return {std::uint64_t{words[test.word]} << 32 | words[test.word + 1U],
                std::uint64_t{words[test.word + 2U]} << 32 | words[test.word + 3U]};
    const unsigned bits = 8U * test.bytes;
    const std::uint64_t part = (words[test.word] >> test.shift & test.mask) | test.ones;
    return {before.first << bits | before.second >> (64 - bits), before.second << bits | part};
}

bool holds(const Tables& tables, const xdpctl_residual& test, const Value& value) {
    std::uint32_t low = test.first_interval, count = test.intervals;
    while (count > 1) {
        const std::uint32_t half = count / 2;
        const auto& middle = tables.intervals[low + half];
        if (Value{middle.first_high, middle.first_low} <= value)
            low += half;
        count -= half;
    }
    const auto& interval = tables.intervals[low];
    return Value{interval.first_high, interval.first_low} <= value &&
           value <= Value{interval.last_high, interval.last_low};
}

// Only tests of what the packet has: there is no frame.
bool residuals_hold(const Tables& tables, std::uint32_t order, const xdpctl_packet& packet) {
    const auto words = std::bit_cast<Words>(packet);
    Value value{};
    for (std::uint32_t number = tables.residual_of[order];; ++number) {
        const xdpctl_residual& test = tables.residuals[number];
        if ((packet.headers & test.headers) != test.headers)
            return false;
        value = with_part(value, test, words);
        if (test.intervals != 0) {
            if (!holds(tables, test, value))
                return false;
            value = {};
        }
        if (test.last != 0)
            return true;
    }
}

std::uint32_t walk_tree(const Tables& tables, std::uint32_t node,
                        const std::array<std::uint32_t, XDPCTL_TUPLE_DIMENSIONS>& dimensions) {
    for (;;) {
        const xdpctl_tuple_node& at = tables.nodes[node];
        node = dimensions[at.dimension] <= at.threshold ? at.left : at.right;
        if ((node & XDPCTL_TUPLE_LIST) != 0)
            return node & ~XDPCTL_TUPLE_LIST;
    }
}

struct Ipv4 {
    static constexpr std::uint32_t words = 1;
    const Tables& tables;
    const xdpctl_tuple_index4& index = tables.index4;
    const std::vector<xdpctl_tuple_record4>& records = tables.records4;
    const xdpctl_tuple_window source = tables.windows4.source, destination = tables.windows4.destination;
    xdpctl_tuple_key4 key{};

    Ipv4(const Tables& from, const xdpctl_packet& packet) : tables(from) { xdpctl_tuple_make_key4(&packet, &key); }
    [[nodiscard]] std::uint64_t hash(const xdpctl_tuple_table4& table) const {
        return xdpctl_tuple_hash4(key.addresses & table.addresses, key.tuple & table.tuple);
    }
    [[nodiscard]] bool matches(const xdpctl_tuple_record4& record) const {
        return xdpctl_tuple_differ4(&record, &key) == 0;
    }
};

struct Ipv6 {
    static constexpr std::uint32_t words = 4;
    const Tables& tables;
    const xdpctl_tuple_index6& index = tables.index6;
    const std::vector<xdpctl_tuple_record6>& records = tables.records6;
    const xdpctl_tuple_window source = tables.windows6.source, destination = tables.windows6.destination;
    xdpctl_tuple_key6 key{};

    Ipv6(const Tables& from, const xdpctl_packet& packet) : tables(from) { xdpctl_tuple_make_key6(&packet, &key); }
    [[nodiscard]] std::uint64_t hash(const xdpctl_tuple_table6& table) const {
        return xdpctl_tuple_hash6(key.source[0] & table.source[0], key.source[1] & table.source[1],
                                  key.destination[0] & table.destination[0], key.destination[1] & table.destination[1],
                                  key.tuple & table.tuple);
    }
    [[nodiscard]] bool matches(const xdpctl_tuple_record6& record) const {
        return xdpctl_tuple_differ6(&record, &index, &key) == 0;
    }
};

// First record of the list in which the packet's matches of a table would be; 0 for none.
template <typename Family>
std::uint32_t find_list(const Family& family, const auto& table,
                        const std::array<std::uint32_t, XDPCTL_TUPLE_DIMENSIONS>& dimensions) {
    const std::uint64_t hash = family.hash(table);
    const std::uint32_t slot = family.tables.directory[table.base + (hash >> table.shift)];
    const std::uint32_t fingerprint = slot & XDPCTL_TUPLE_FINGERPRINT;
    if ((fingerprint & 1) != 0 && fingerprint != xdpctl_tuple_fingerprint(hash))
        return 0;
    const std::uint32_t index = slot >> XDPCTL_TUPLE_INDEX_SHIFT;
    return (slot & XDPCTL_TUPLE_TREE) != 0 ? walk_tree(family.tables, index, dimensions) : index;
}

template <typename Family>
std::optional<Found> find_in(const Family& family, const xdpctl_packet& packet, std::uint32_t from) {
    const auto& prune = family.index.prune;
    std::array<std::uint32_t, XDPCTL_TUPLE_DIMENSIONS> dimensions{};
    xdpctl_tuple_dimensions(&packet, Family::words, dimensions.data());
    unsigned candidates = prune.source[xdpctl_tuple_window_value(packet.saddr, &family.source)] &
                          prune.destination[xdpctl_tuple_window_value(packet.daddr, &family.destination)] &
                          prune.proto[packet.l4_proto];
    std::optional<Found> best;
    for (; candidates != 0; candidates &= candidates - 1) {
        const auto& table = family.index.tables[std::countr_zero(candidates)];
        if (best && table.lowest >= best->order)
            break;
        std::uint32_t record = find_list(family, table, dimensions);
        if (record == 0)
            continue;
        for (;; ++record) {
            const auto& rule = family.records[record];
            if (best && rule.order >= best->order)
                break;
            if (rule.order >= from && family.matches(rule) &&
                ((rule.action & XDPCTL_TUPLE_RESIDUAL) == 0 || residuals_hold(family.tables, rule.order, packet))) {
                best = Found{rule.order, rule.action};
                break;
            }
            if ((rule.action & XDPCTL_TUPLE_LAST) != 0)
                break;
        }
    }
    return best;
}

}  // namespace

std::optional<Found> find(const Tables& tables, const xdpctl_packet& packet, std::uint32_t from) {
    if ((packet.headers & XDPCTL_HEADER_IPV6) != 0)
        return tables.config.records6.size != 0 ? find_in(Ipv6(tables, packet), packet, from) : std::nullopt;
    return tables.config.records4.size != 0 ? find_in(Ipv4(tables, packet), packet, from) : std::nullopt;
}

}  // namespace xdpctl::test
