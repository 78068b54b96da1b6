// SPDX-License-Identifier: BSD-2-Clause
#include "lint/box.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <random>
#include <utility>

#include "maps/packet.h"

namespace xdpctl::lint {

namespace {

using compile::Condition;
using compile::Word;
using ruleset::Field;
using ruleset::Interval;
using ruleset::Match;
using ruleset::Value;

// Headers of which a packet has one at most.
constexpr std::uint32_t networks = XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_IPV6 | XDPCTL_HEADER_ARP;
constexpr std::uint32_t transports = XDPCTL_HEADER_TCP | XDPCTL_HEADER_UDP | XDPCTL_HEADER_SCTP | XDPCTL_HEADER_ICMP |
                                     XDPCTL_HEADER_ICMPV6 | XDPCTL_HEADER_OTHER_TRANSPORT;

struct Implication {
    std::uint32_t header;
    std::uint32_t headers;            // that come with it
    std::optional<Field> field = {};  // and what this one then is
    std::uint16_t value = 0;
};

constexpr std::uint32_t any_transport = XDPCTL_HEADER_L4PROTO | XDPCTL_HEADER_TRANSPORT;

// What the parser (maps/lib/) makes of a header it found; what is implied stands behind what implies it.
constexpr Implication implications[] = {
    {XDPCTL_HEADER_QINQ, XDPCTL_HEADER_VLAN},
    {XDPCTL_HEADER_TCP, any_transport, Field::MetaL4proto, IPPROTO_TCP},
    {XDPCTL_HEADER_UDP, any_transport, Field::MetaL4proto, IPPROTO_UDP},
    {XDPCTL_HEADER_SCTP, any_transport, Field::MetaL4proto, IPPROTO_SCTP},
    {XDPCTL_HEADER_ICMP, any_transport | XDPCTL_HEADER_IPV4, Field::MetaL4proto, IPPROTO_ICMP},
    {XDPCTL_HEADER_ICMPV6, any_transport | XDPCTL_HEADER_IPV6, Field::MetaL4proto, IPPROTO_ICMPV6},
    {XDPCTL_HEADER_OTHER_TRANSPORT, any_transport},
    {XDPCTL_HEADER_TRANSPORT, XDPCTL_HEADER_L4PROTO},
    {XDPCTL_HEADER_ARP, XDPCTL_HEADER_ARP_FIXED},
    {XDPCTL_HEADER_IPV6_FRAGMENT, XDPCTL_HEADER_IPV6},
    {XDPCTL_HEADER_ARP_FIXED, XDPCTL_HEADER_NETWORK, Field::MetaProtocol, ETH_P_ARP},
    {XDPCTL_HEADER_IPV4, XDPCTL_HEADER_NETWORK, Field::MetaProtocol, ETH_P_IP},
    {XDPCTL_HEADER_IPV6, XDPCTL_HEADER_NETWORK, Field::MetaProtocol, ETH_P_IPV6},
};

Match plain(Field field) {
    Match match;
    match.field = field;
    return match;
}

std::vector<Word> words_of(Field field) {
    return compile::condition(plain(field), {}).words;
}

unsigned bits(const std::vector<Word>& words) {
    unsigned sum = 0;
    for (const Word& word : words)
        sum += word.bits();
    return sum;
}

Interval whole_of(const std::vector<Word>& words) {
    const unsigned width = bits(words);
    return {0, width >= 128 ? ~Value{0} : (Value{1} << width) - 1};
}

bool holds(const Values& values, Value value) {
    const auto next = std::ranges::upper_bound(values, value, {}, &Interval::first);
    return next != values.begin() && value <= (next - 1)->last;
}

// Bits of one byte, such as TCP flags, become the values of the byte: matches with different masks can be compared.
void unmask(Condition& condition) {
    if (condition.words.size() != 1 || condition.words[0].bytes != 1)
        return;
    const std::uint32_t mask = std::exchange(condition.words[0].mask, 0xffU);
    const std::uint32_t ones = std::exchange(condition.words[0].ones, 0U);
    if (mask == 0xff && ones == 0)
        return;
    Values values;
    for (std::uint32_t value = 0; value <= 0xff; ++value) {
        if (!holds(condition.holds, (value & mask) | ones))
            continue;
        if (!values.empty() && values.back().last + 1 == value)
            values.back().last = value;
        else
            values.push_back({value, value});
    }
    condition.holds = std::move(values);
}

class BoxBuilder {
public:
    explicit BoxBuilder(Axes& axes) : axes_(axes) {}

    // False for what is no test of the packet.
    bool add(const ruleset::Statement& statement, std::span<const std::string> devices) {
        if (const auto* match = std::get_if<Match>(&statement))
            add(compile::condition(*match, devices));
        else if (const auto* lookup = std::get_if<ruleset::Lookup>(&statement))
            add(*lookup);
        else
            return false;
        return true;
    }

    Box take() {
        imply();
        std::ranges::sort(box_.sides, {}, &Side::axis);
        const auto is_none = [](const Side& side) { return side.values.empty(); };
        box_.is_empty = std::popcount(box_.headers & networks) > 1 || std::popcount(box_.headers & transports) > 1 ||
                        std::ranges::any_of(box_.sides, is_none);
        return std::move(box_);
    }

private:
    void add(Condition condition) {
        unmask(condition);
        box_.headers |= condition.headers;
        if (condition.always())
            return;
        restrict(condition.words, condition.holds);
    }

    // Only what any lookup of the field says: that the packet has it.
    void add(const ruleset::Lookup& lookup) {
        for (const Field field : lookup.fields)
            box_.headers |= compile::condition(plain(field), {}).headers;
        box_.lookups.push_back(lookup);
    }

    void restrict(const std::vector<Word>& words, const Values& values) {
        const Axes::Id axis = axes_.id(words);
        const auto found = std::ranges::find(box_.sides, axis, &Side::axis);
        if (found == box_.sides.end())
            box_.sides.push_back({axis, values});
        else
            found->values = intersection(found->values, values);
    }

    void imply() {
        for (const Implication& implication : implications) {
            if ((box_.headers & implication.header) == 0)
                continue;
            box_.headers |= implication.headers;
            if (implication.field)
                restrict(words_of(*implication.field), {{implication.value, implication.value}});
        }
        if (box_.headers != 0)
            box_.headers |= XDPCTL_HEADER_ETHERNET;
        imply_ether_type(XDPCTL_HEADER_IPV4, ETH_P_IP);
        imply_ether_type(XDPCTL_HEADER_IPV6, ETH_P_IPV6);
        imply_ether_type(XDPCTL_HEADER_ARP, ETH_P_ARP);
        if ((box_.headers & XDPCTL_HEADER_VLAN) != 0)
            restrict(words_of(Field::EtherType), {{ETH_P_8021Q, ETH_P_8021Q}, {ETH_P_8021AD, ETH_P_8021AD}});
    }

    // The outermost type is that of the header, or of a tag in front of it.
    void imply_ether_type(std::uint32_t header, Value type) {
        if ((box_.headers & header) == 0)
            return;
        Values types{{type, type}, {ETH_P_8021Q, ETH_P_8021Q}, {ETH_P_8021AD, ETH_P_8021AD}};
        std::ranges::sort(types, {}, &Interval::first);
        restrict(words_of(Field::EtherType), types);
    }

    Axes& axes_;
    Box box_;
};

const Values& side_or_whole(const Box& box, Axes::Id axis, const Axes& axes, Values& whole) {
    if (const Values* side = box.side(axis))
        return *side;
    whole = {axes.whole(axis)};
    return whole;
}

void set_side(Box& box, Axes::Id axis, Values values) {
    const auto place = std::ranges::lower_bound(box.sides, axis, {}, &Side::axis);
    if (place != box.sides.end() && place->axis == axis)
        place->values = std::move(values);
    else
        box.sides.insert(place, {axis, std::move(values)});
}

// Whether it has the headers and lookups of the other.
bool has_all(const Box& box, const Box& other) {
    const auto is_asked = [&](const ruleset::Lookup& lookup) {
        return std::ranges::find(box.lookups, lookup) != box.lookups.end();
    };
    return (box.headers & other.headers) == other.headers && std::ranges::all_of(other.lookups, is_asked);
}

// Whether it takes anything of the piece: where it asks for an axis that packets may lack, the piece must say that its
// packets have it.
bool takes_part(const Box& box, const Box& piece, const Axes& axes) {
    return has_all(piece, box) && !box.is_disjoint(piece) && std::ranges::none_of(box.sides, [&](const Side& one) {
               return axes.can_be_missing(one.axis) && piece.side(one.axis) == nullptr;
           });
}

// Goes down to a part of the box that no other one takes anything of, or proves that there is none: what one of them
// leaves falls into pieces, which fewer and fewer others take a part of.
class Cover {
public:
    Cover(std::span<const Box* const> boxes, const Axes& axes, std::uint64_t& work, std::vector<std::size_t>& used)
        : boxes_(boxes), axes_(axes), work_(work), used_(used) {}

    // `others`: the boxes that may take a part of the piece. Nothing when the work is not enough.
    std::optional<bool> covers(Box piece, std::span<const std::size_t> others) {
        std::vector<std::size_t> left;
        for (const std::size_t other : others) {
            if (work_ == 0)
                return std::nullopt;
            --work_;
            if (!takes_part(*boxes_[other], piece, axes_))
                continue;
            if (boxes_[other]->covers(piece)) {
                used_.push_back(other);
                return true;
            }
            left.push_back(other);
        }
        if (left.empty())
            return false;
        // The one that takes the most leaves the smallest pieces.
        const auto largest =
            std::ranges::max_element(left, {}, [&](std::size_t other) { return share(*boxes_[other], piece); });
        std::rotate(left.begin(), largest, largest + 1);
        if (finds_other_packet(piece, left))
            return false;
        used_.push_back(left.front());
        return covers_outside(std::move(piece), *boxes_[left.front()], std::span(left).subspan(1));
    }

private:
    // How much of the piece the box takes, about.
    double share(const Box& box, const Box& piece) const {
        double out = 1;
        for (const Side& side : box.sides) {
            const std::span<const Interval> whole(&axes_.whole(side.axis), 1);
            const Values* own = piece.side(side.axis);
            const std::span<const Interval> values = own != nullptr ? std::span(*own) : whole;
            out *= common_size(values, side.values) / common_size(values, values);
        }
        return out;
    }

    static double common_size(std::span<const Interval> a, std::span<const Interval> b) {
        double out = 0;
        for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
            const Value first = std::max(a[i].first, b[j].first);
            const Value last = std::min(a[i].last, b[j].last);
            if (first <= last)
                out += static_cast<double>(last - first) + 1;
            ++(a[i].last < b[j].last ? i : j);
        }
        return out;
    }

    // Tries packets of the piece: one that is in none of the others proves that they do not cover it. Most pieces that
    // are not covered are far from it, so that a few will do.
    bool finds_other_packet(const Box& piece, std::span<const std::size_t> others) {
        constexpr int packets = 32;
        const Box whole = with_all_axes(piece, others);
        for (int i = 0; i < packets; ++i) {
            Box packet = whole;
            for (Side& side : packet.sides)
                side.values = {any_of(side.values)};
            const auto has_packet = [&](std::size_t other) {
                work_ -= std::min<std::uint64_t>(work_, 1);
                return boxes_[other]->covers(packet);
            };
            if (std::ranges::none_of(others, has_packet))
                return true;
        }
        return false;
    }

    // With a side for every axis that the others ask for.
    Box with_all_axes(Box piece, std::span<const std::size_t> others) const {
        for (const std::size_t other : others)
            for (const Side& side : boxes_[other]->sides)
                if (piece.side(side.axis) == nullptr)
                    set_side(piece, side.axis, {axes_.whole(side.axis)});
        return piece;
    }

    Interval any_of(const Values& values) {
        const Interval& among = values[random_() % values.size()];
        const Value width = among.last - among.first;
        const Value number = (Value{random_()} << 64U) | random_();
        const Value value = width == ~Value{0} ? number : among.first + number % (width + 1);
        return {value, value};
    }

    // A piece for each side that sticks out of `box`.
    std::optional<bool> covers_outside(Box piece, const Box& box, std::span<const std::size_t> others) {
        for (const Side& side : box.sides) {
            Values whole;
            const Values& values = side_or_whole(piece, side.axis, axes_, whole);
            Values outside = difference(values, side.values);
            if (outside.empty())
                continue;
            Values inside = intersection(values, side.values);
            Box rest = piece;
            set_side(rest, side.axis, std::move(outside));
            if (const auto covered = covers(std::move(rest), others); !covered.value_or(false))
                return covered;
            set_side(piece, side.axis, std::move(inside));
        }
        return true;
    }

    std::span<const Box* const> boxes_;
    const Axes& axes_;
    std::uint64_t& work_;
    std::vector<std::size_t>& used_;
    std::mt19937_64 random_;  // the same each time: so is what is found
};

}  // namespace

Values intersection(const Values& a, const Values& b) {
    Values out;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Interval common{std::max(a[i].first, b[j].first), std::min(a[i].last, b[j].last)};
        if (common.first <= common.last)
            out.push_back(common);
        ++(a[i].last < b[j].last ? i : j);
    }
    return out;
}

Values difference(const Values& a, const Values& b) {
    Values out;
    std::size_t j = 0;
    for (Interval rest : a) {
        while (j < b.size() && b[j].last < rest.first)
            ++j;
        bool is_left = true;
        for (std::size_t k = j; k < b.size() && b[k].first <= rest.last && is_left; ++k) {
            if (b[k].first > rest.first)
                out.push_back({rest.first, b[k].first - 1});
            is_left = b[k].last < rest.last;
            if (is_left)
                rest.first = b[k].last + 1;
        }
        if (is_left)
            out.push_back(rest);
    }
    return out;
}

bool contains(const Values& outer, const Values& inner) {
    std::size_t i = 0;
    return std::ranges::all_of(inner, [&](const Interval& one) {
        while (i < outer.size() && outer[i].last < one.first)
            ++i;
        return i < outer.size() && outer[i].first <= one.first && one.last <= outer[i].last;
    });
}

bool overlaps(const Values& a, const Values& b) {
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (a[i].first <= b[j].last && b[j].first <= a[i].last)
            return true;
        ++(a[i].last < b[j].last ? i : j);
    }
    return false;
}

Axes::Id Axes::id(const std::vector<Word>& words) {
    const bool varies = std::ranges::find(words, compile::Source::Random, &Word::source) != words.end();
    const auto found = varies ? axes_.end() : std::ranges::find(axes_, words, &Axis::words);
    if (found != axes_.end())
        return static_cast<Id>(found - axes_.begin());
    axes_.push_back({words, whole_of(words), std::ranges::any_of(words, &Word::is_free)});
    return static_cast<Id>(axes_.size() - 1);
}

const Values* Box::side(Axes::Id axis) const {
    const auto found = std::ranges::find(sides, axis, &Side::axis);
    return found == sides.end() ? nullptr : &found->values;
}

bool Box::covers(const Box& other) const {
    if (!has_all(other, *this))
        return false;
    return std::ranges::all_of(sides, [&](const Side& one) {
        const Values* values = other.side(one.axis);
        return values != nullptr && contains(one.values, *values);
    });
}

bool Box::is_disjoint(const Box& other) const {
    const std::uint32_t both = headers | other.headers;
    if (std::popcount(both & networks) > 1 || std::popcount(both & transports) > 1)
        return true;
    return std::ranges::any_of(sides, [&](const Side& one) {
        const Values* values = other.side(one.axis);
        return values != nullptr && !overlaps(one.values, *values);
    });
}

Box matched_box(const ruleset::Rule& rule, std::span<const std::string> devices, Axes& axes) {
    BoxBuilder builder(axes);
    for (const ruleset::Statement& statement : rule.statements)
        builder.add(statement, devices);
    return builder.take();
}

Box touched_box(const ruleset::Rule& rule, std::span<const std::string> devices, Axes& axes) {
    BoxBuilder builder(axes);
    for (const ruleset::Statement& statement : rule.statements)
        if (!builder.add(statement, devices))
            break;
    return builder.take();
}

std::optional<std::size_t> excluding_statement(const ruleset::Rule& rule, std::span<const std::string> devices,
                                               Axes& axes) {
    if (!matched_box(rule, devices, axes).is_empty)
        return std::nullopt;
    ruleset::Rule first;
    for (const ruleset::Statement& statement : rule.statements) {
        first.statements.push_back(statement);
        if (matched_box(first, devices, axes).is_empty)
            break;
    }
    return first.statements.size() - 1;
}

std::optional<bool> covered(const Box& box, std::span<const Box* const> boxes, const Axes& axes, std::uint64_t& work,
                            std::vector<std::size_t>& used) {
    std::vector<std::size_t> others(boxes.size());
    std::iota(others.begin(), others.end(), std::size_t{0});
    const auto covered = Cover(boxes, axes, work, used).covers(box, others);
    std::ranges::sort(used);
    const auto twice = std::ranges::unique(used);
    used.erase(twice.begin(), twice.end());
    return covered;
}

}  // namespace xdpctl::lint
