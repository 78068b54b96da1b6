// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/statement_hash.h"

#include <functional>
#include <string_view>

namespace xdpctl::ruleset {
namespace {

class Hasher {
public:
    [[nodiscard]] std::size_t hash() const { return hash_; }

    void add(const Statement& statement) {
        add(std::uint64_t{statement.index()});
        std::visit([&](const auto& kind) { add_parts(kind); }, statement);
    }

private:
    void add(std::uint64_t number) { hash_ = combine_hashes(hash_, number); }
    void add(std::string_view text) { add(std::uint64_t{std::hash<std::string_view>{}(text)}); }
    void add(Value value) {
        add(static_cast<std::uint64_t>(value));
        if (value >> 64U != 0)
            add(static_cast<std::uint64_t>(value >> 64U));
    }

    void add_parts(const Match& match) {
        add(static_cast<std::uint64_t>(match.field) << 16U | static_cast<std::uint64_t>(match.relation) << 8U |
            static_cast<std::uint64_t>(match.mask.has_value()));
        if (match.mask)
            add(*match.mask);
        for (const Interval& interval : match.values) {
            add(interval.first);
            add(interval.last);
        }
        for (const std::string& name : match.names)
            add(name);
        if (match.field == Field::Raw)
            add(std::uint64_t{match.payload.offset} << 32U | match.payload.length);
    }
    void add_parts(const Counter& counter) {
        add(counter.start.packets);
        add(counter.start.bytes);
    }
    void add_parts(const Log& log) { add(log.prefix); }
    void add_parts(const Limit& limit) {
        add(limit.rate);
        add(static_cast<std::uint64_t>(limit.per.count()) << 32U | limit.burst);
        add(static_cast<std::uint64_t>(limit.unit) << 1U | static_cast<std::uint64_t>(limit.is_over));
    }
    void add_parts(Verdict verdict) { add(static_cast<std::uint64_t>(verdict)); }
    void add_parts(const Lookup& lookup) { add(lookup.set); }
    void add_parts(const VerdictMap& map) { add(map.map); }
    void add_parts(const Branch& branch) {
        add(static_cast<std::uint64_t>(branch.kind));
        add(branch.chain);
    }

    std::size_t hash_ = 0;
};

}  // namespace

std::size_t hash_of(const Statement& statement) {
    Hasher hasher;
    hasher.add(statement);
    return hasher.hash();
}

}  // namespace xdpctl::ruleset
