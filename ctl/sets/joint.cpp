// SPDX-License-Identifier: BSD-2-Clause
#include "sets/joint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <vector>

#include "sets/boundary_tree.h"

namespace xdpctl::sets {

namespace {

// Numbers from here on, to before the next run, are held by the sets of the mask.
template <typename Number>
struct Run {
    Number first;
    std::uint32_t mask;
};

template <typename Range>
using NumberOf = std::remove_const_t<decltype(Range::first)>;

// The first run begins at 0.
template <typename Range>
std::vector<Run<NumberOf<Range>>> runs_of(std::span<const std::span<const Range>> sets) {
    using Number = NumberOf<Range>;
    std::vector<Run<Number>> changes;  // what a set's bit changes
    for (std::size_t set = 0; set < sets.size(); ++set) {
        for (const Range& range : sets[set]) {
            changes.push_back({range.first, 1U << set});
            if (range.last != static_cast<Number>(~Number{0}))
                changes.push_back({range.last + 1, 1U << set});
        }
    }
    std::ranges::sort(changes, {}, &Run<Number>::first);
    std::vector<Run<Number>> runs{{0, 0}};
    std::uint32_t mask = 0;
    for (const Run<Number>& change : changes) {
        mask ^= change.mask;
        if (runs.back().first == change.first)
            runs.back().mask = mask;
        else
            runs.push_back({change.first, mask});
    }
    // Where one set's range ends and the next one's begins, nothing may change.
    const auto same = [](const auto& a, const auto& b) { return a.mask == b.mask; };
    runs.erase(std::ranges::unique(runs, same).begin(), runs.end());
    return runs;
}

class Trie {
public:
    explicit Trie(std::span<const Run<std::uint32_t>> runs) : all_(runs), entries_(XDPCTL_SET_TRIE_SIZE) {
        for (std::uint32_t entry = 0; entry < entries_.size(); ++entry)
            entries_[entry] = content(entry << 16U, 16);
    }

    // Returns where the parts are.
    xdpctl_joint_parts append_to(JointImage& image) const {
        xdpctl_joint_parts places{};
        places.trie = append<std::uint32_t>(image, entries_);
        places.nodes = append<std::byte>(image, nodes_);
        return places;
    }

private:
    static constexpr std::uint32_t parts = 256;
    static constexpr std::uint32_t quarter = 64;

    // Of the numbers from `first` on that differ in the lower `bits` only. Asked in ascending order.
    std::uint32_t content(std::uint32_t first, unsigned bits) {
        while (next_ < all_.size() && all_[next_].first <= first)
            ++next_;
        const std::uint32_t last = first + ((1U << bits) - 1);
        if (next_ == all_.size() || all_[next_].first > last)
            return all_[next_ - 1].mask << 1U;
        std::array<std::uint32_t, parts> contents{};
        for (std::uint32_t part = 0; part < parts; ++part)
            contents[part] = content(first + (part << (bits - 8)), bits - 8);
        return append_node(contents, bits == 8) << 1U | XDPCTL_JOINT_PARTED;
    }

    // Returns its place.
    std::uint32_t append_node(std::span<const std::uint32_t, parts> contents, bool is_last) {
        xdpctl_joint_node node{};
        std::vector<std::uint32_t> runs;
        for (std::uint32_t part = 0; part < parts; ++part) {
            if (part % quarter == 0)
                node.before[part / quarter] = static_cast<std::uint8_t>(runs.size());
            else if (contents[part] == contents[part - 1])
                continue;
            node.starts[part / quarter] |= std::uint64_t{1} << part % quarter;
            runs.push_back(contents[part]);
        }
        const auto place = static_cast<std::uint32_t>(nodes_.size() / XDPCTL_JOINT_LINE);
        const auto head = std::as_bytes(std::span(&node, 1)).first(XDPCTL_JOINT_RUNS);
        nodes_.insert(nodes_.end(), head.begin(), head.end());
        for (const std::uint32_t run : runs) {
            const auto mask = static_cast<std::uint16_t>(run >> 1U);
            const auto bytes = is_last ? std::as_bytes(std::span(&mask, 1)) : std::as_bytes(std::span(&run, 1));
            nodes_.insert(nodes_.end(), bytes.begin(), bytes.end());
        }
        nodes_.resize((nodes_.size() + XDPCTL_JOINT_LINE - 1) / XDPCTL_JOINT_LINE * XDPCTL_JOINT_LINE);
        return place;
    }

    std::span<const Run<std::uint32_t>> all_;
    std::size_t next_ = 0;  // the first run behind the numbers asked for
    std::vector<std::uint32_t> entries_;
    Bytes nodes_;
};

constexpr std::uint64_t high_of(Number128 number) {
    return static_cast<std::uint64_t>(number >> 64U);
}

constexpr std::uint64_t low_of(Number128 number) {
    return static_cast<std::uint64_t>(number);
}

class Tree {
public:
    explicit Tree(std::span<const Run<Number128>> runs) {
        for (std::size_t first = 0; first < runs.size();) {
            std::size_t end = first + 1;
            while (end < runs.size() && high_of(runs[end].first) == high_of(runs[first].first))
                ++end;
            add(runs.subspan(first, end - first));
            first = end;
        }
    }

    xdpctl_joint_parts append_to(JointImage& image) const {
        const BoundaryTree tree(boundaries_, [this](std::size_t boundaries) { return values_[boundaries]; });
        xdpctl_joint_parts parts{};
        parts.root = tree.root();
        parts.tree = append<std::uint64_t>(image, tree.descriptors());
        parts.boundaries = append<std::uint64_t>(image, boundaries_);
        parts.values = append<std::uint64_t>(image, values_);
        parts.fine_boundaries = append<std::uint64_t>(image, fine_boundaries_);
        parts.fine_masks = append<std::uint32_t>(image, fine_masks_);
        return parts;
    }

private:
    static std::uint64_t mask_content(std::uint32_t mask) {
        return XDPCTL_JOINT_MASK | static_cast<std::uint64_t>(mask) << 32U;
    }

    // Runs that begin inside one value of the upper half.
    void add(std::span<const Run<Number128>> runs) {
        const std::uint64_t high = high_of(runs.front().first);
        if (runs.size() == 1 && low_of(runs.front().first) == 0)
            return begin_at(high, mask_content(runs.front().mask), runs.front().mask);
        const std::size_t first = fine_boundaries_.size();
        if (low_of(runs.front().first) != 0)
            add_fine(0, mask_);
        for (const Run<Number128>& run : runs)
            add_fine(low_of(run.first), run.mask);
        const std::uint64_t count = fine_boundaries_.size() - first;
        begin_at(high, XDPCTL_JOINT_FINE | count << 8U | static_cast<std::uint64_t>(first) << 32U, runs.back().mask);
        if (high != std::numeric_limits<std::uint64_t>::max())
            begin_at(high + 1, mask_content(mask_), mask_);
    }

    void add_fine(std::uint64_t low, std::uint32_t mask) {
        fine_boundaries_.push_back(low);
        fine_masks_.push_back(mask);
    }

    // `mask` goes on behind the content.
    void begin_at(std::uint64_t high, std::uint64_t content, std::uint32_t mask) {
        mask_ = mask;
        if (high == 0) {
            values_.back() = content;
        } else if (!boundaries_.empty() && boundaries_.back() == high) {
            values_.back() = content;
        } else {
            boundaries_.push_back(high);
            values_.push_back(content);
        }
    }

    std::uint32_t mask_ = 0;
    std::vector<std::uint64_t> boundaries_;
    std::vector<std::uint64_t> values_{0};
    std::vector<std::uint64_t> fine_boundaries_;
    std::vector<std::uint32_t> fine_masks_;
};

template <typename Structure, typename Range>
Result<JointImage> make(std::span<const std::span<const Range>> sets) {
    JointImage image(sizeof(xdpctl_joint_head));
    const auto runs = runs_of(sets);
    const xdpctl_joint_parts parts = Structure(runs).append_to(image);
    image.resize(image.size() + XDPCTL_SET_TAIL);
    if (image.size() > std::numeric_limits<std::uint32_t>::max())
        return fail(ErrorKind::Limit, fmt::format("cannot join sets in {} bytes", image.size()), "the limit is 4 GiB");
    xdpctl_joint_head& head = joint_head(image);
    head.parts = parts;
    head.words = sizeof(NumberOf<Range>) / sizeof(std::uint32_t);
    return image;
}

const xdpctl_joint_parts& parts_of(const JointImage& image) {
    return reinterpret_cast<const xdpctl_joint_head*>(image.data())->parts;
}

}  // namespace

Result<JointImage> make_joint(std::span<const std::span<const Range32>> sets) {
    return make<Trie>(sets);
}

Result<JointImage> make_joint(std::span<const std::span<const Range128>> sets) {
    return make<Tree>(sets);
}

std::uint32_t joint_mask(const JointImage& image, std::uint32_t number) {
    return xdpctl_joint_mask32(image.data(), image.size() - XDPCTL_SET_TAIL, &parts_of(image), number);
}

std::uint32_t joint_mask(const JointImage& image, Number128 number) {
    const std::uint32_t key[] = {static_cast<std::uint32_t>(number >> 96U), static_cast<std::uint32_t>(number >> 64U),
                                 static_cast<std::uint32_t>(number >> 32U), static_cast<std::uint32_t>(number)};
    return xdpctl_joint_mask128(image.data(), image.size() - XDPCTL_SET_TAIL, &parts_of(image), key);
}

}  // namespace xdpctl::sets
