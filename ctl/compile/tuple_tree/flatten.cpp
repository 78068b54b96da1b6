// SPDX-License-Identifier: BSD-2-Clause
#include "compile/tuple_tree/flatten.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "compile/condition.h"
#include "compile/flat_chain.h"
#include "compile/joint_lookups.h"
#include "compile/set_test.h"

namespace xdpctl::compile::tuple_tree {

namespace {

using ruleset::Interval;
using ruleset::Value;

// Where a condition's words lie among the fields of a box.
enum class Place : std::uint8_t { Source, Destination, Sport, Dport, Proto, Flags, Elsewhere };

Place place(const Condition& condition) {
    const Word& word = condition.words.front();
    const bool whole =
        std::ranges::all_of(condition.words, [](const Word& part) { return part.mask == part.highest(); });
    const bool is_address =
        word.offset == offsetof(xdpctl_packet, saddr) || word.offset == offsetof(xdpctl_packet, daddr);
    const bool in_packet = std::ranges::all_of(condition.words, &Word::in_packet);
    const bool has_ones = std::ranges::any_of(condition.words, [](const Word& part) { return part.ones != 0; });
    if (!in_packet || has_ones || (condition.words.size() != 1 && !is_address))
        return Place::Elsewhere;
    if (!whole && word.offset != offsetof(xdpctl_packet, tcp_flags))
        return Place::Elsewhere;
    switch (word.offset) {
    case offsetof(xdpctl_packet, saddr):
        return Place::Source;
    case offsetof(xdpctl_packet, daddr):
        return Place::Destination;
    case offsetof(xdpctl_packet, sport):
    case offsetof(xdpctl_packet, icmp_type):
        return Place::Sport;
    case offsetof(xdpctl_packet, dport):
    case offsetof(xdpctl_packet, icmp_code):
        return Place::Dport;
    case offsetof(xdpctl_packet, l4_proto):
        return Place::Proto;
    case offsetof(xdpctl_packet, tcp_flags):
        return Place::Flags;
    default:
        return Place::Elsewhere;
    }
}

std::vector<Interval> intersection(std::span<const Interval> left, std::span<const Interval> right) {
    std::vector<Interval> out;
    while (!left.empty() && !right.empty()) {
        const Interval both{std::max(left.front().first, right.front().first),
                            std::min(left.front().last, right.front().last)};
        if (both.first <= both.last)
            out.push_back(both);
        auto& shorter = left.front().last < right.front().last ? left : right;
        shorter = shorter.subspan(1);
    }
    return out;
}

// Values of one field of a box, and how to test them when there are too many for boxes.
struct FieldSet {
    std::optional<Condition> condition;  // of the first match; `holds` of all of them
    void intersect(Condition other) {
        if (condition)
            condition->holds = intersection(condition->holds, other.holds);
        else
            condition = std::move(other);
    }
};

// What a step's matches demand.
struct Demand {
    std::uint32_t headers = 0;
    FieldSet source, destination, sport, dport, proto;
    std::uint32_t flags_value = 0, flags_mask = 0;
    std::vector<Condition> residuals;
    std::vector<const Boxes*> boxes;  // in one of each of which the packet must be
    std::vector<SetTest> lookups;
    bool impossible = false;
};

void demand_flags(Demand& demand, Condition condition) {
    const std::uint32_t mask = condition.words.front().mask;
    std::uint32_t value = 0;
    if (condition.holds.size() == 1 && condition.holds.front().first == condition.holds.front().last) {
        value = static_cast<std::uint32_t>(condition.holds.front().first);
    } else if (std::has_single_bit(mask) && condition.holds.size() == 1 && condition.holds.front().first == 1) {
        value = mask;  // any bit set, of one
    } else {
        demand.residuals.push_back(std::move(condition));
        return;
    }
    const std::uint32_t shared = mask & demand.flags_mask;
    if ((value & ~mask) != 0 || ((value ^ demand.flags_value) & shared) != 0)
        demand.impossible = true;
    demand.flags_value |= value;
    demand.flags_mask |= mask;
}

void add(Demand& demand, Condition condition) {
    demand.headers |= condition.headers;
    if (condition.never()) {
        demand.impossible = true;
        return;
    }
    switch (place(condition)) {
    case Place::Source:
        return demand.source.intersect(std::move(condition));
    case Place::Destination:
        return demand.destination.intersect(std::move(condition));
    case Place::Sport:
        return demand.sport.intersect(std::move(condition));
    case Place::Dport:
        return demand.dport.intersect(std::move(condition));
    case Place::Proto:
        return demand.proto.intersect(std::move(condition));
    case Place::Flags:
        if (!condition.always())
            demand_flags(demand, std::move(condition));
        return;
    case Place::Elsewhere:
        demand.residuals.push_back(std::move(condition));
        return;
    }
}

void add(Demand& demand, SetTest lookup) {
    demand.headers |= lookup.headers;
    demand.lookups.push_back(std::move(lookup));
}

// The protocol that a transport header implies: a packet with the header bit has it, so hash tables may use it.
struct Transport {
    std::uint32_t header;
    std::uint8_t proto;
};
constexpr Transport transports[] = {{XDPCTL_HEADER_TCP, 6},
                                    {XDPCTL_HEADER_UDP, 17},
                                    {XDPCTL_HEADER_SCTP, 132},
                                    {XDPCTL_HEADER_ICMP, 1},
                                    {XDPCTL_HEADER_ICMPV6, 58}};

void imply_protocol(Demand& demand) {
    for (const auto& [header, proto] : transports) {
        if ((demand.headers & header) == 0)
            continue;
        const Word word{offsetof(xdpctl_packet, l4_proto), 1, 0xff};
        demand.proto.intersect(Condition{0, {word}, {{proto, proto}}});
    }
}

// Packets of IPv4 lack the IPv6 header and what follows only it, and the other way round.
constexpr std::uint32_t only_ipv4 = XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_ICMP | XDPCTL_HEADER_ARP;
constexpr std::uint32_t only_ipv6 = XDPCTL_HEADER_IPV6 | XDPCTL_HEADER_ICMPV6;

template <std::size_t Words>
Prefix<Words> make_prefix(Value address, unsigned length) {
    Prefix<Words> prefix;
    prefix.length = static_cast<std::uint8_t>(length);
    for (std::size_t word = 0; word < Words; ++word)
        prefix.words[word] = static_cast<std::uint32_t>(address >> (32 * (Words - 1 - word)));
    return prefix;
}

// The fewest prefixes that cover the intervals; nothing when they are more than `limit`.
template <std::size_t Words>
std::optional<std::vector<Prefix<Words>>> prefixes(std::span<const Interval> intervals, std::size_t limit) {
    constexpr unsigned bits = 32 * Words;
    std::vector<Prefix<Words>> out;
    for (Interval rest : intervals) {
        for (;;) {
            unsigned host = 0;  // bits behind the prefix
            while (host < bits && (rest.first >> host & 1) == 0) {
                const Value size_less_one = host + 1 == 128 ? ~Value{0} : (Value{1} << (host + 1)) - 1;
                if (size_less_one > rest.last - rest.first)
                    break;
                ++host;
            }
            if (out.size() == limit)
                return std::nullopt;
            out.push_back(make_prefix<Words>(rest.first, bits - host));
            const Value size_less_one = host == 128 ? ~Value{0} : (Value{1} << host) - 1;
            if (rest.last - rest.first == size_less_one)
                break;
            rest.first += size_less_one + 1;
        }
    }
    return out;
}

// The longest prefix around all intervals.
template <std::size_t Words>
Prefix<Words> hull(std::span<const Interval> intervals) {
    constexpr unsigned bits = 32 * Words;
    const Value differ = intervals.front().first ^ intervals.back().last;
    unsigned length = 0;
    while (length < bits && (differ >> (bits - 1 - length) & 1) == 0)
        ++length;
    Value address = intervals.front().first;
    if (length < bits)
        address = length == 0 ? 0 : address >> (bits - length) << (bits - length);
    return make_prefix<Words>(address, length);
}

// A step's box fields as lists to multiply out.
template <std::size_t Words>
struct Lists {
    std::vector<Prefix<Words>> source{Prefix<Words>{}}, destination{Prefix<Words>{}};
    std::vector<Interval> sport{{0, 0xffff}}, dport{{0, 0xffff}};
    std::vector<std::optional<std::uint8_t>> proto{std::nullopt};

    [[nodiscard]] std::uint64_t product() const {
        return std::uint64_t{source.size()} * destination.size() * sport.size() * dport.size() * proto.size();
    }
};

class Flattener {
public:
    Flattener(const FlattenLimits& limits, std::uint32_t steps, std::span<const std::string> device_names,
              JointLookups joints)
        : limits_(limits), steps_left_(steps), device_names_(device_names), joints_(std::move(joints)) {
        out_.hints.push_back(no_hints());
    }

    [[nodiscard]] std::uint32_t orders() const { return out_.orders; }
    static bool impossible(const Demand& demand) {
        if (demand.impossible)
            return true;
        for (const FieldSet* set : {&demand.source, &demand.destination, &demand.sport, &demand.dport, &demand.proto})
            if (set->condition && set->condition->never())
                return true;
        return std::ranges::any_of(demand.boxes, [](const Boxes* boxes) { return boxes->members.empty(); });
    }

    // Every box has an order of its own, as what it tests beside the base fields has to have. Demands may get what they
    // imply. Packets that the limit does not hold for, if there is one, go on with the rule `fails_to`.
    void add_step(Demand& demand, std::uint32_t action, std::optional<LimitSlot> limit, std::uint32_t fails_to) {
        if (impossible(demand))
            return;
        const std::uint32_t first = out_.orders;
        add_boxes_of(demand, demand.boxes, limit ? action | XDPCTL_TUPLE_LIMIT : action);
        for (std::uint32_t order = first; limit && order < out_.orders; ++order)
            limited_.push_back({.order = order, .slot = *limit, .fails_to = fails_to});
        // A packet is in several boxes where they overlap, and counts once.
        if ((action & XDPCTL_TUPLE_FINAL) == 0 && out_.orders > first + 1)
            for (std::uint32_t order = first; order + 1 < out_.orders; ++order)
                jumps_.push_back({.order = order, .to = out_.orders});
    }

    // Sends packets on to a rule, whose first order settle() says.
    void add_jump(Demand& demand, std::uint32_t rule) {
        const std::uint32_t first = out_.orders;
        if (!impossible(demand))
            add_boxes_of(demand, demand.boxes, 0);
        for (std::uint32_t order = first; order < out_.orders; ++order)
            open_jumps_.push_back({.order = order, .to = rule});
    }

    // `first_orders` of the rules, and behind them the number of all orders.
    void settle(std::span<const std::uint32_t> first_orders) {
        for (Jump& jump : open_jumps_)
            jumps_.push_back({.order = jump.order, .to = first_orders[jump.to]});
        for (LimitedOrder& limit : limited_)
            limit.fails_to = first_orders[limit.fails_to];
    }

    [[nodiscard]] Candidates finish() && {
        if (!out_.residuals.empty())
            out_.residual_of.resize(out_.orders);
        else
            out_.residual_of.clear();
        if (!jumps_.empty()) {
            out_.resume_at.resize(out_.orders);
            for (std::uint32_t order = 0; order < out_.orders; ++order)
                out_.resume_at[order] = order + 1;
            for (const Jump& jump : jumps_)
                out_.resume_at[jump.order] = jump.to;
        }
        if (!limited_.empty())
            out_.limits.resize(out_.orders);
        for (const LimitedOrder& limit : limited_)
            out_.limits[limit.order] = {.slot = std::to_underlying(limit.slot), .fails_to = limit.fails_to};
        if (out_.looks_up)
            out_.joints = joints_.joints();
        return std::move(out_);
    }

private:
    struct Jump {
        std::uint32_t order;
        std::uint32_t to;
    };
    struct LimitedOrder {
        std::uint32_t order;
        LimitSlot slot;
        std::uint32_t fails_to;  // a rule; once settled an order
    };

    void add_boxes_of(Demand& demand, std::span<const Boxes* const> boxes, std::uint32_t action) {
        if (boxes.empty())
            return add_plain_step(demand, action);
        const Boxes& first = *boxes.front();
        for (std::size_t member = 0; member < first.members.size(); ++member) {
            Demand inside = demand;
            for (std::size_t part = 0; part < first.fields.size(); ++part)
                add(inside, first.condition(member, part, device_names_));
            if (!impossible(inside))
                add_boxes_of(inside, boxes.subspan(1), action);
        }
    }

    void add_plain_step(Demand& demand, std::uint32_t action) {
        constexpr std::uint32_t fair_shares = 16;  // most steps use less than their share
        boxes_ = std::clamp(budget() / std::max(steps_left_--, 1U) * fair_shares, 1U, limits_.boxes_each);
        imply_protocol(demand);
        action_ = action;
        lookups_ = demand.lookups;
        hints_.reset();
        const std::size_t before = out_.ipv4.size() + out_.ipv6.size();
        if (!impossible(demand)) {  // the implied protocol may be another one
            if ((demand.headers & only_ipv6) == 0)
                add_boxes<1>(demand, out_.ipv4);
            if ((demand.headers & only_ipv4) == 0)
                add_boxes<4>(demand, out_.ipv6);
        }
        if (out_.ipv4.size() + out_.ipv6.size() == before)
            return;
        out_.resumes |= (action & (XDPCTL_TUPLE_FINAL | XDPCTL_TUPLE_LIMIT)) != XDPCTL_TUPLE_FINAL;
        out_.logs |= (action & XDPCTL_TUPLE_LOG) != 0;
        ++out_.orders;
    }

    static Hints no_hints() {
        Hints hints;
        hints.fill({0, ~0U});
        return hints;
    }

    [[nodiscard]] std::uint32_t budget() const {
        const std::size_t used = out_.ipv4.size() + out_.ipv6.size();
        return used >= limits_.candidates ? 0 : limits_.candidates - static_cast<std::uint32_t>(used);
    }

    template <std::size_t Words>
    void add_boxes(const Demand& demand, std::vector<Candidate<Words>>& out) {
        std::vector<Condition> residuals = demand.residuals;
        Lists<Words> lists;
        set_address<Words>(lists.source, demand.source, residuals);
        set_address<Words>(lists.destination, demand.destination, residuals);
        if (demand.sport.condition)
            lists.sport = demand.sport.condition->holds;
        if (demand.dport.condition)
            lists.dport = demand.dport.condition->holds;
        if (demand.proto.condition)
            set_protocols(lists.proto, demand.proto, residuals);
        shrink(lists, demand, residuals);
        const Candidate<Words> box = common_box<Words>(demand, residuals);
        for (const auto& source : lists.source)
            for (const auto& destination : lists.destination)
                for (const auto& sport : lists.sport)
                    for (const auto& dport : lists.dport)
                        for (const auto& proto : lists.proto)
                            out.push_back(put(box, source, destination, sport, dport, proto));
    }

    // Sets that leave out little of the space (`!= 192.0.2.1`) make boxes that overlap everything: better tested last.
    template <std::size_t Words>
    void set_address(std::vector<Prefix<Words>>& list, const FieldSet& set, std::vector<Condition>& residuals) const {
        if (!set.condition || set.condition->always())
            return;
        const auto& holds = set.condition->holds;
        const bool wide = holds.size() > 1 && holds.front().first == 0 && (holds.back().last >> (32 * Words - 1)) != 0;
        if (auto split = wide ? std::nullopt : prefixes<Words>(holds, boxes_)) {
            list = std::move(*split);
        } else {
            list = {hull<Words>(holds)};
            residuals.push_back(*set.condition);
        }
    }

    static void set_protocols(std::vector<std::optional<std::uint8_t>>& list, const FieldSet& set,
                              std::vector<Condition>& residuals) {
        constexpr Value few = 16;
        if (set.condition->always())
            return;
        Value count = 0;
        for (const Interval& interval : set.condition->holds)
            count += interval.last - interval.first + 1;
        if (count > few) {
            residuals.push_back(*set.condition);
            return;
        }
        list.clear();
        for (const Interval& interval : set.condition->holds)
            for (Value proto = interval.first; proto <= interval.last; ++proto)
                list.emplace_back(static_cast<std::uint8_t>(proto));
    }

    // Replaces the longest lists by their hulls until their product is within the limit.
    template <std::size_t Words>
    void shrink(Lists<Words>& lists, const Demand& demand, std::vector<Condition>& residuals) const {
        while (lists.product() > boxes_) {
            const std::size_t longest = std::max({lists.source.size(), lists.destination.size(), lists.sport.size(),
                                                  lists.dport.size(), lists.proto.size()});
            if (lists.source.size() == longest) {
                lists.source = {hull<Words>(demand.source.condition->holds)};
                residuals.push_back(*demand.source.condition);
            } else if (lists.destination.size() == longest) {
                lists.destination = {hull<Words>(demand.destination.condition->holds)};
                residuals.push_back(*demand.destination.condition);
            } else if (lists.sport.size() == longest) {
                lists.sport = {{lists.sport.front().first, lists.sport.back().last}};
                residuals.push_back(*demand.sport.condition);
            } else if (lists.dport.size() == longest) {
                lists.dport = {{lists.dport.front().first, lists.dport.back().last}};
                residuals.push_back(*demand.dport.condition);
            } else {
                lists.proto = {std::nullopt};
                residuals.push_back(*demand.proto.condition);
            }
        }
    }

    // Everything but the fields that are multiplied out.
    template <std::size_t Words>
    Candidate<Words> common_box(const Demand& demand, std::span<const Condition> residuals) {
        constexpr unsigned first = Words == 1 ? XDPCTL_TUPLE_HEADERS4_FIRST : XDPCTL_TUPLE_HEADERS6_FIRST;
        Candidate<Words> box;
        const std::uint32_t headers = demand.headers >> first & 0xff;
        box.mask = headers << XDPCTL_TUPLE_HEADERS_SHIFT | demand.flags_mask << XDPCTL_TUPLE_FLAGS_SHIFT;
        box.value = headers << XDPCTL_TUPLE_HEADERS_SHIFT | demand.flags_value << XDPCTL_TUPLE_FLAGS_SHIFT;
        box.order = out_.orders;
        box.action = action_;
        if (!residuals.empty() || !lookups_.empty()) {
            box.action |= XDPCTL_TUPLE_RESIDUAL;
            if (!hints_) {
                add_residuals(residuals);
                hints_ = add_hints(residuals);
            }
            box.hints = *hints_;
        }
        return box;
    }

    template <std::size_t Words>
    static Candidate<Words> put(Candidate<Words> box, const Prefix<Words>& source, const Prefix<Words>& destination,
                                const Interval& sport, const Interval& dport, std::optional<std::uint8_t> proto) {
        box.source = source;
        box.destination = destination;
        box.sport_first = static_cast<std::uint16_t>(sport.first);
        box.sport_last = static_cast<std::uint16_t>(sport.last);
        box.dport_first = static_cast<std::uint16_t>(dport.first);
        box.dport_last = static_cast<std::uint16_t>(dport.last);
        if (proto) {
            box.mask |= 0xff;
            box.value |= *proto;
        }
        return box;
    }

    void add_residuals(std::span<const Condition> conditions) {
        if (out_.residual_of.size() <= out_.orders)
            out_.residual_of.resize(out_.orders + 1);
        out_.residual_of[out_.orders] = first_test(conditions);
        for (const Condition& condition : conditions)
            add_residual(condition);
        for (const SetTest& lookup : lookups_)
            add_lookup(lookup);
        out_.residuals.back().last = 1;
    }

    // The next test, of the step that has these conditions.
    [[nodiscard]] std::uint32_t first_test(std::span<const Condition> conditions) const {
        const auto number = static_cast<std::uint32_t>(out_.residuals.size());
        if (!conditions.empty() || lookups_.size() != 1 || number >> XDPCTL_RESIDUAL_FIRST_BITS != 0)
            return number;
        const auto joint = joints_.find(lookups_.front());
        if (!joint)
            return number;
        return XDPCTL_RESIDUAL_ONLY_JOINT | joint->key << XDPCTL_RESIDUAL_KEY_SHIFT |
               (lookups_.front().negated ? XDPCTL_RESIDUAL_NEGATED : 0U) | joint->bit << XDPCTL_RESIDUAL_BIT_SHIFT |
               number;
    }

    // Where a joint image can have the answer already, what the key is made of, then the lookup.
    void add_lookup(const SetTest& lookup) {
        xdpctl_residual key{};
        key.kind = XDPCTL_RESIDUAL_KEY;
        key.headers = lookup.headers;
        key.set = static_cast<std::uint8_t>(lookup.number);
        key.is_negated = lookup.negated ? 1 : 0;
        if (const auto joint = joints_.find(lookup))
            key.joint = {.number = static_cast<std::uint8_t>(joint->joint + 1),
                         .key = static_cast<std::uint8_t>(joint->key),
                         .bit = static_cast<std::uint8_t>(joint->bit),
                         .tests = static_cast<std::uint8_t>(lookup.pieces.size() + 1)};
        out_.residuals.push_back(key);
        for (const KeyPiece& piece : lookup.pieces) {
            xdpctl_residual test = part(piece.word);
            test.headers = lookup.headers;
            test.key_word = static_cast<std::uint8_t>(piece.key_word + 1);
            test.key_right = piece.right;
            test.key_left = piece.left;
            out_.residuals.push_back(test);
        }
        key.kind = XDPCTL_RESIDUAL_SET;
        out_.residuals.push_back(key);
        out_.looks_up = true;
    }

    // One test a word, the intervals with the last one.
    void add_residual(const Condition& condition) {
        if (is_whole_ipv6_address(condition)) {
            out_.residuals.push_back(part(condition.words.front()));
            out_.residuals.back().kind = XDPCTL_RESIDUAL_IPV6;
        } else {
            for (const Word& word : condition.words)
                out_.residuals.push_back(part(word));
        }
        xdpctl_residual& test = out_.residuals.back();
        test.headers = condition.headers;
        test.first_interval = static_cast<std::uint32_t>(out_.intervals.size());
        test.intervals = static_cast<std::uint32_t>(condition.holds.size());
        for (const Interval& interval : condition.holds)
            out_.intervals.push_back(
                {static_cast<std::uint64_t>(interval.first >> 64), static_cast<std::uint64_t>(interval.first),
                 static_cast<std::uint64_t>(interval.last >> 64), static_cast<std::uint64_t>(interval.last)});
    }

    static std::uint8_t word_of(const Word& word) { return static_cast<std::uint8_t>(word.offset / 4); }

    static bool is_whole_ipv6_address(const Condition& condition) {
        return condition.words.size() == 4 && std::ranges::all_of(condition.words, [](const Word& word) {
                   return word.in_packet() && word.mask == word.highest() && word.ones == 0;
               });
    }

    static xdpctl_residual part(const Word& word) {
        xdpctl_residual test{};
        test.kind = kind(word.source);
        test.mask = word.mask;
        test.ones = word.ones;
        test.bytes = word.bytes;
        if (word.in_packet()) {
            const unsigned byte = word.offset % 4;
            test.word = word_of(word);
            test.shift = static_cast<std::uint8_t>(
                std::endian::native == std::endian::little ? 8 * byte : 32 - 8 * byte - word.bits());
        } else {
            test.offset = word.offset;
        }
        return test;
    }

    static std::uint8_t kind(Source source) {
        switch (source) {
        case Source::Packet:
            return XDPCTL_RESIDUAL_WORD;
        case Source::Link:
            return XDPCTL_RESIDUAL_LINK;
        case Source::Network:
            return XDPCTL_RESIDUAL_NETWORK;
        case Source::Transport:
            return XDPCTL_RESIDUAL_TRANSPORT;
        case Source::Fragment:
            return XDPCTL_RESIDUAL_FRAGMENT;
        case Source::Mark:
            return XDPCTL_RESIDUAL_MARK;
        case Source::Priority:
            return XDPCTL_RESIDUAL_PRIORITY;
        case Source::PacketType:
            return XDPCTL_RESIDUAL_PACKET_TYPE;
        case Source::Random:
            return XDPCTL_RESIDUAL_RANDOM;
        case Source::Cpu:
            return XDPCTL_RESIDUAL_CPU;
        }
        std::unreachable();
    }

    std::uint32_t add_hints(std::span<const Condition> conditions) {
        Hints hints = no_hints();
        for (const Condition& condition : conditions)
            hint(hints, condition);
        if (hints == out_.hints.front())
            return 0;
        out_.hints.push_back(hints);
        return static_cast<std::uint32_t>(out_.hints.size() - 1);
    }

    static void hint(Hints& hints, const Condition& condition) {
        if (!std::ranges::all_of(condition.words, &Word::in_packet))
            return;
        const Interval around{condition.holds.front().first, condition.holds.back().last};
        const Range low{static_cast<std::uint32_t>(around.first), static_cast<std::uint32_t>(around.last)};
        const bool same_high = around.first >> 32 == around.last >> 32;
        switch (condition.words.front().offset) {
        case offsetof(xdpctl_packet, ether_saddr_high):
            if (same_high)
                hints[XDPCTL_TUPLE_ETHER_SADDR - XDPCTL_TUPLE_ETHER_SADDR] = low;
            break;
        case offsetof(xdpctl_packet, ether_daddr_high):
            if (same_high)
                hints[XDPCTL_TUPLE_ETHER_DADDR - XDPCTL_TUPLE_ETHER_SADDR] = low;
            break;
        case offsetof(xdpctl_packet, vlan_tci):
            if (condition.words.front().mask == 0xfff)
                hints[XDPCTL_TUPLE_VLAN - XDPCTL_TUPLE_ETHER_SADDR] = low;
            break;
        case offsetof(xdpctl_packet, device):
            hints[XDPCTL_TUPLE_DEVICE - XDPCTL_TUPLE_ETHER_SADDR] = low;
            break;
        default:
            break;
        }
    }

    FlattenLimits limits_;
    std::uint32_t steps_left_;
    std::uint32_t boxes_ = 1;
    std::uint32_t action_ = 0;
    std::vector<SetTest> lookups_;
    // Of the step, once its tests are there: a step of both families has the same for both, because only addresses
    // differ, and they belong to one family.
    std::optional<std::uint32_t> hints_;
    std::span<const std::string> device_names_;
    JointLookups joints_;
    std::vector<Jump> jumps_;       // by orders
    std::vector<Jump> open_jumps_;  // to rules
    std::vector<LimitedOrder> limited_;
    Candidates out_;
};

std::uint32_t verdict_bits(ruleset::Verdict verdict) {
    return XDPCTL_TUPLE_FINAL | (verdict == ruleset::Verdict::Drop ? XDPCTL_TUPLE_DROP : 0U);
}

// What a statement does to the action of its step.
std::uint32_t effect_bits(const Step& step) {
    if (std::holds_alternative<CountStep>(step))
        return XDPCTL_TUPLE_COUNT;
    if (std::holds_alternative<LogStep>(step))
        return XDPCTL_TUPLE_LOG;
    const auto* decide = std::get_if<DecideStep>(&step);
    return decide != nullptr ? verdict_bits(decide->verdict) : 0;
}

// Walks over a flat chain; what a block demands is demanded of all that stands in it.
class Walk {
public:
    Walk(Flattener& flattener, const FlatChain& chain, std::span<const std::string> device_names)
        : flattener_(flattener), chain_(chain), device_names_(device_names) {}

    void run() {
        std::vector<std::uint32_t> first_orders;
        first_orders.reserve(chain_.rules.size() + 1);
        for (std::uint32_t index = 0; index < chain_.rules.size(); ++index) {
            first_orders.push_back(flattener_.orders());
            while (!blocks_.empty() && blocks_.back().end <= index)
                blocks_.pop_back();
            if (skipped_ <= index)
                add_rule(index);
        }
        first_orders.push_back(flattener_.orders());
        flattener_.settle(first_orders);
    }

private:
    struct Block {
        std::uint32_t end;
        Demand demand;
    };

    // Effects with no test between them are one step, also behind a limit.
    void add_rule(std::uint32_t index) {
        const FlatRule& rule = chain_.rules[index];
        const std::uint32_t behind = std::max(index + 1, rule.block_end);
        const auto slot = static_cast<std::uint32_t>(rule.slot);
        Demand demand = blocks_.empty() ? Demand{} : blocks_.back().demand;
        std::uint32_t effects = 0;       // since the last test
        std::optional<LimitSlot> limit;  // in front of them
        const auto act = [&] {
            if (effects != 0 || limit)
                flattener_.add_step(demand, slot | std::exchange(effects, 0), std::exchange(limit, std::nullopt),
                                    behind);
        };
        for (Step& step : steps(chain_, rule, device_names_)) {
            if (auto* lookup = std::get_if<SetTest>(&step)) {
                act();
                add(demand, std::move(*lookup));
            } else if (auto* condition = std::get_if<Condition>(&step)) {
                act();
                add(demand, std::move(*condition));
            } else if (auto* test = std::get_if<BoxTest>(&step)) {
                act();
                add_boxes(demand, std::move(*test), behind);
            } else if (const auto* limited = std::get_if<LimitStep>(&step)) {
                act();
                limit = limited->slot;
            } else {
                effects |= effect_bits(step);
            }
        }
        const bool goes_on = rule.go != FlatRule::none || rule.block_end != 0;
        if (effects == 0 && !goes_on)
            limit.reset();  // nobody else sees its tokens
        act();
        if (Flattener::impossible(demand)) {
            skipped_ = behind;
            return;
        }
        if (rule.go != FlatRule::none && rule.go != index + 1)
            flattener_.add_jump(demand, rule.go);
        if (rule.block_end > index + 1)
            blocks_.push_back({rule.block_end, std::move(demand)});
    }

    // Packets in none of the boxes are those that have the fields and were not sent on.
    void add_boxes(Demand& demand, BoxTest&& test, std::uint32_t behind) {
        boxes_.push_back(std::move(test.boxes));
        const Boxes& boxes = boxes_.back();
        if (test.is_negated) {
            Demand inside = demand;
            inside.boxes.push_back(&boxes);
            flattener_.add_jump(inside, behind);
            demand.headers |= boxes.headers();
        } else {
            demand.boxes.push_back(&boxes);
        }
    }

    Flattener& flattener_;
    const FlatChain& chain_;
    std::span<const std::string> device_names_;
    std::vector<Block> blocks_;
    std::deque<Boxes> boxes_;    // stay where they are
    std::uint32_t skipped_ = 0;  // rules in front of it are in a block that no packet comes to
};

std::uint32_t count_effects(const FlatChain& chain) {
    std::size_t effects = 0;
    for (const FlatRule& rule : chain.rules)
        effects += rule.rule == nullptr ? 1
                                        : static_cast<std::size_t>(std::ranges::count_if(
                                              rule.rule->statements, [](const ruleset::Statement& statement) {
                                                  return !std::holds_alternative<ruleset::Match>(statement);
                                              }));
    return static_cast<std::uint32_t>(std::min<std::size_t>(effects, ~0U));
}

}  // namespace

Result<Candidates> flatten(const ruleset::Chain& chain, const Placement& placement, const FlattenLimits& limits) {
    const auto flat = flat_chain(chain, placement);
    XDPCTL_TRY(flat);
    const auto too_large = std::ranges::any_of(
        placement.rule_slots, [](RuleSlot slot) { return static_cast<std::uint32_t>(slot) > XDPCTL_TUPLE_SLOT; });
    if (too_large || flat->rules.size() > XDPCTL_TUPLE_INDEX_MAX)
        return fail(ErrorKind::Limit, fmt::format("chain {} has {} rules", chain.name, flat->rules.size()),
                    fmt::format("a classifier holds at most {}", XDPCTL_TUPLE_INDEX_MAX));
    Flattener flattener(limits, count_effects(*flat), placement.device_names, JointLookups(*flat));
    Walk(flattener, *flat, placement.device_names).run();
    return std::move(flattener).finish();
}

}  // namespace xdpctl::compile::tuple_tree
