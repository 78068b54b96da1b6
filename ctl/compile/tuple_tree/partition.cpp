// SPDX-License-Identifier: BSD-2-Clause
#include "compile/tuple_tree/partition.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

namespace xdpctl::compile::tuple_tree {

namespace {

constexpr std::size_t unmasked_groups = 3;
constexpr std::size_t few = 64;  // candidates not worth another table
constexpr std::uint32_t largest_bucket = 512;

template <std::size_t Words>
constexpr auto prefix_lengths() {
    if constexpr (Words == 1)
        return std::to_array<std::uint8_t>({0, 4, 8, 12, 16, 18, 20, 22, 24, 26, 28, 30, 32});
    else
        return std::to_array<std::uint8_t>({0, 16, 24, 32, 36, 40, 44, 48, 52, 56, 60, 64, 80, 96, 128});
}

// What a candidate is worth in a bucket of that size: a tree in the bucket costs a step for each doubling.
std::array<double, largest_bucket + 1> bucket_worth() {
    constexpr double step = 0.15;
    std::array<double, largest_bucket + 1> worth{};
    for (std::size_t size = 0; size < worth.size(); ++size)
        worth[size] = std::max(0.05, 1 - step * std::log2(std::max(1.0, static_cast<double>(size) / 4)));
    return worth;
}

// The shape of a candidate: what decides which masks it is eligible for.
using Shape = std::tuple<std::uint8_t, std::uint8_t, bool, bool, bool>;

template <std::size_t Words>
Shape shape(const Candidate<Words>& candidate) {
    return {candidate.source.length, candidate.destination.length, candidate.has_sport(), candidate.has_dport(),
            candidate.has_proto()};
}

bool eligible(const Shape& shape, const Mask& mask) {
    const auto [source, destination, sport, dport, proto] = shape;
    return source >= mask.source && destination >= mask.destination && sport >= mask.sport && dport >= mask.dport &&
           proto >= mask.proto;
}

unsigned key_bits(const Mask& mask) {
    return mask.source + mask.destination + 16U * mask.sport + 16U * mask.dport + 8U * mask.proto;
}

template <std::size_t Words>
class Partitioner {
public:
    explicit Partitioner(std::span<const Candidate<Words>> candidates) : candidates_(candidates) {}

    std::vector<Group> run() {
        std::vector<std::uint32_t> rest(candidates_.size());
        std::iota(rest.begin(), rest.end(), 0U);
        while (rest.size() > few && groups_.size() < XDPCTL_TUPLE_TABLES_MAX - unmasked_groups) {
            const auto mask = best_mask(rest);
            if (!mask || !take(*mask, rest))
                break;
        }
        leave(rest);
        std::ranges::sort(groups_, {}, [&](const Group& group) { return candidates_[group.members.front()].order; });
        return std::move(groups_);
    }

private:
    struct Choice {
        Mask mask;
        std::size_t candidates = 0;
    };

    std::optional<Mask> best_mask(std::span<const std::uint32_t> rest) {
        std::optional<Mask> best;
        double best_worth = 0;
        std::size_t tried = 0;  // masks of the same candidates are alike: only the finest is tried
        for (const Choice& choice : choices(rest)) {
            if (static_cast<double>(choice.candidates) <= best_worth)
                break;
            if (choice.candidates == tried)
                continue;
            tried = choice.candidates;
            const double worth = worth_of(choice.mask, rest);
            if (worth > best_worth) {
                best_worth = worth;
                best = choice.mask;
            }
        }
        return best;
    }

    // Masks for which candidates are eligible: most first, of those the finest first.
    std::vector<Choice> choices(std::span<const std::uint32_t> rest) const {
        std::map<Shape, std::size_t> shapes;
        for (const std::uint32_t index : rest)
            ++shapes[shape(candidates_[index])];
        std::vector<Choice> out;
        for (const std::uint8_t source : prefix_lengths<Words>())
            for (const std::uint8_t destination : prefix_lengths<Words>())
                for (unsigned exact = 0; exact < 8; ++exact) {
                    Choice choice{{source, destination, (exact & 1) != 0, (exact & 2) != 0, (exact & 4) != 0}, 0};
                    if (choice.mask.none())
                        continue;
                    for (const auto& [candidate, count] : shapes)
                        if (eligible(candidate, choice.mask))
                            choice.candidates += count;
                    if (choice.candidates != 0)
                        out.push_back(choice);
                }
        std::ranges::stable_sort(out, [](const Choice& left, const Choice& right) {
            if (left.candidates != right.candidates)
                return left.candidates > right.candidates;
            return key_bits(left.mask) > key_bits(right.mask);
        });
        return out;
    }

    // Size of the bucket of each eligible candidate of `rest`, in order.
    void count_buckets(const Mask& mask, std::span<const std::uint32_t> rest) {
        places_.clear();
        keys_.assign(std::bit_ceil(2 * rest.size() + 1), 0);
        counts_.assign(keys_.size(), 0);
        const std::size_t wrap = keys_.size() - 1;
        const Table<Words> table = make_table<Words>(mask);
        for (const std::uint32_t index : rest) {
            if (!eligible(shape(candidates_[index]), mask))
                continue;
            const std::uint64_t key = masked_hash(candidates_[index], table) | 1;
            std::size_t place = key >> 20 & wrap;
            while (keys_[place] != 0 && keys_[place] != key)
                place = (place + 1) & wrap;
            keys_[place] = key;
            ++counts_[place];
            places_.push_back(place);
        }
    }

    double worth_of(const Mask& mask, std::span<const std::uint32_t> rest) {
        static const auto worth = bucket_worth();
        count_buckets(mask, rest);
        double sum = 0;
        for (const std::size_t place : places_)
            if (counts_[place] <= largest_bucket)
                sum += worth[counts_[place]];
        return sum;
    }

    // Moves the candidates in small buckets to a group; false when they are too few for one.
    bool take(const Mask& mask, std::vector<std::uint32_t>& rest) {
        count_buckets(mask, rest);
        Group group{mask, {}};
        std::vector<std::uint32_t> left;
        std::size_t next = 0;
        for (const std::uint32_t index : rest) {
            const bool small = eligible(shape(candidates_[index]), mask) && counts_[places_[next++]] <= largest_bucket;
            (small ? group.members : left).push_back(index);
        }
        if (group.members.size() < 16 && group.members.size() < rest.size() / 16)
            return false;
        groups_.push_back(std::move(group));
        rest = std::move(left);
        return true;
    }

    // Trees copy less when the boxes of each are narrow in the same address.
    void leave(std::span<const std::uint32_t> rest) {
        constexpr unsigned specific = Words == 1 ? 8 : 40;
        std::array<Group, unmasked_groups> groups;
        for (const std::uint32_t index : rest) {
            const Candidate<Words>& candidate = candidates_[index];
            std::size_t group = 2;
            if (rest.size() <= few ||
                (candidate.source.length >= specific && candidate.source.length >= candidate.destination.length))
                group = 0;
            else if (candidate.destination.length >= specific)
                group = 1;
            groups[group].members.push_back(index);
        }
        for (Group& group : groups)
            if (!group.members.empty())
                groups_.push_back(std::move(group));
    }

    std::span<const Candidate<Words>> candidates_;
    std::vector<Group> groups_;
    // Of count_buckets: an open hash table of the keys, and where each eligible candidate is in it.
    std::vector<std::uint64_t> keys_;
    std::vector<std::uint32_t> counts_;
    std::vector<std::size_t> places_;
};

}  // namespace

template <std::size_t Words>
std::vector<Group> partition(std::span<const Candidate<Words>> candidates) {
    return Partitioner<Words>(candidates).run();
}

template std::vector<Group> partition<1>(std::span<const Candidate<1>>);
template std::vector<Group> partition<4>(std::span<const Candidate<4>>);

}  // namespace xdpctl::compile::tuple_tree
