// SPDX-License-Identifier: BSD-2-Clause
// Cuckoo hashing with buckets of four (Dietzfelbinger and Weidling, TCS 2007): two places a key, and a key that finds
// both full moves another one to that one's other bucket. Works to a load of 0.97; the table grows when it does not.
#include "sets/hash.h"

#include <algorithm>
#include <random>

namespace xdpctl::sets {

namespace {

constexpr std::size_t slots = XDPCTL_SET_HASH_SLOTS;
constexpr double load = 0.9;
constexpr int moves_max = 500;
constexpr std::uint32_t nobody = ~0U;
constexpr int attempts_max = 40;  // the table is ten times as large then: somebody chose the keys

class Table {
public:
    Table(std::span<const std::uint32_t> keys, std::uint32_t words, std::uint32_t buckets, std::uint64_t seed)
        : keys_(keys), words_(words), buckets_(buckets), seed_(seed), owners_(buckets * slots, nobody) {}

    [[nodiscard]] bool fill() {
        const auto count = static_cast<std::uint32_t>(keys_.size() / words_);
        for (std::uint32_t key = 0; key < count; ++key)
            if (!place(key))
                return false;
        return true;
    }

    // Slot by slot. The first key stands where no other does: found there or elsewhere, the set holds it.
    [[nodiscard]] std::vector<std::uint32_t> contents() const {
        std::vector<std::uint32_t> out;
        out.reserve(owners_.size() * words_);
        for (const std::uint32_t owner : owners_) {
            const auto key = keys_.subspan(owner == nobody ? 0 : std::size_t{owner} * words_, words_);
            out.insert(out.end(), key.begin(), key.end());
        }
        return out;
    }

private:
    bool place(std::uint32_t key) {
        std::uint64_t from = buckets_;  // none
        for (int move = 0; move < moves_max; ++move) {
            const std::uint64_t hash = xdpctl_set_hash(&keys_[std::size_t{key} * words_], words_, seed_);
            const std::uint64_t one = xdpctl_set_bucket(static_cast<std::uint32_t>(hash), buckets_);
            const std::uint64_t other = xdpctl_set_bucket(static_cast<std::uint32_t>(hash >> 32U), buckets_);
            if (take_free(one, key) || take_free(other, key))
                return true;
            const std::uint64_t bucket = one == from ? other : one;
            std::swap(owners_[bucket * slots + random_() % slots], key);
            from = bucket;
        }
        return false;
    }

    bool take_free(std::uint64_t bucket, std::uint32_t key) {
        for (std::size_t slot = bucket * slots; slot < (bucket + 1) * slots; ++slot) {
            if (owners_[slot] == nobody) {
                owners_[slot] = key;
                return true;
            }
        }
        return false;
    }

    std::span<const std::uint32_t> keys_;
    std::uint32_t words_;
    std::uint32_t buckets_;
    std::uint64_t seed_;
    std::vector<std::uint32_t> owners_;
    std::minstd_rand random_;  // seeded alike every time: the image of a set is always the same
};

}  // namespace

bool append_hash(std::span<const std::uint32_t> keys, std::uint32_t words, xdpctl_set_head& head, Bytes& image) {
    auto buckets = static_cast<std::uint32_t>(static_cast<double>(keys.size() / words) / load / slots) + 1;
    for (std::uint64_t seed = 0; seed < attempts_max; ++seed, buckets += buckets / 16 + 1) {
        Table table(keys, words, buckets, seed);
        if (!table.fill())
            continue;
        head.parts.hash = append<std::uint32_t>(image, table.contents());
        head.words = words;
        head.parts.hash_buckets = buckets;
        head.parts.hash_seed = seed;
        return true;
    }
    return false;
}

}  // namespace xdpctl::sets
