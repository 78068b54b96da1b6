// SPDX-License-Identifier: BSD-2-Clause
#include "sets/trie.h"

#include <algorithm>

namespace xdpctl::sets {

namespace {

class Trie {
public:
    explicit Trie(std::span<const Range32> ranges) : ranges_(ranges), entries_(XDPCTL_SET_TRIE_SIZE) {
        for (std::uint32_t entry = 0; entry < entries_.size(); ++entry)
            entries_[entry] = entry_of(entry << 16);
    }

    void append_to(xdpctl_set_head& head, Bytes& image) const {
        head.parts.trie = append<std::uint32_t>(image, entries_);
        head.parts.nodes = append<xdpctl_set_node>(image, nodes_);
        head.parts.leaf_bases = append<std::uint32_t>(image, leaf_bases_);
        head.parts.leaves = append<xdpctl_set_leaf>(image, leaves_);
    }

private:
    static constexpr std::uint32_t leaf_numbers = 256;

    // How much of the numbers from `first` to `last` the set holds. Asked in ascending order.
    std::uint32_t held(std::uint32_t first, std::uint32_t last) {
        while (next_ < ranges_.size() && ranges_[next_].last < first)
            ++next_;
        if (next_ == ranges_.size() || ranges_[next_].first > last)
            return XDPCTL_SET_NONE;
        return ranges_[next_].first <= first && ranges_[next_].last >= last ? XDPCTL_SET_ALL : XDPCTL_SET_NODE_FIRST;
    }

    std::uint32_t entry_of(std::uint32_t first) {
        if (const std::uint32_t whole = held(first, first | 0xffff); whole != XDPCTL_SET_NODE_FIRST)
            return whole;
        xdpctl_set_node node{};
        for (std::uint32_t part = 0; part < 256; ++part) {
            if (part % 64 == 0)
                leaf_bases_.push_back(static_cast<std::uint32_t>(leaves_.size()));
            const std::uint32_t begin = first + part * leaf_numbers;
            const std::uint32_t whole = held(begin, begin + leaf_numbers - 1);
            const std::uint64_t bit = std::uint64_t{1} << part % 64;
            if (whole == XDPCTL_SET_ALL) {
                node.all[part / 64] |= bit;
            } else if (whole != XDPCTL_SET_NONE) {
                node.some[part / 64] |= bit;
                leaves_.push_back(leaf_of(begin));
            }
        }
        nodes_.push_back(node);
        return XDPCTL_SET_NODE_FIRST + static_cast<std::uint32_t>(nodes_.size() - 1);
    }

    [[nodiscard]] xdpctl_set_leaf leaf_of(std::uint32_t begin) const {
        xdpctl_set_leaf leaf{};
        const std::uint32_t end = begin + leaf_numbers - 1;
        for (std::size_t i = next_; i < ranges_.size() && ranges_[i].first <= end; ++i) {
            const std::uint32_t last = std::min(ranges_[i].last, end) - begin;
            for (std::uint32_t number = std::max(ranges_[i].first, begin) - begin; number <= last; ++number)
                leaf.bits[number / 32] |= 1U << number % 32;
        }
        return leaf;
    }

    std::span<const Range32> ranges_;
    std::size_t next_ = 0;
    std::vector<std::uint32_t> entries_;
    std::vector<xdpctl_set_node> nodes_;
    std::vector<std::uint32_t> leaf_bases_;
    std::vector<xdpctl_set_leaf> leaves_;
};

}  // namespace

void append_trie(std::span<const Range32> ranges, xdpctl_set_head& head, Bytes& image) {
    Trie(ranges).append_to(head, image);
}

}  // namespace xdpctl::sets
