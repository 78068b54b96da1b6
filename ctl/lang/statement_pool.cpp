// SPDX-License-Identifier: BSD-2-Clause
#include "lang/statement_pool.h"

#include <algorithm>
#include <utility>

#include "ruleset/statement_hash.h"

namespace xdpctl::lang {

using ruleset::Shared;
using ruleset::Statement;

Shared<Statement> StatementPool::share(Statement statement) {
    if (2 * statements_.size() >= places_.size())
        grow();
    const auto hash = static_cast<std::uint32_t>(ruleset::hash_of(statement) >> 32U);
    for (std::size_t i = 0; i < tries; ++i) {
        Place& place = places_[(hash + i) & (places_.size() - 1)];
        if (place.number == 0) {
            const Shared<Statement>& shared = statements_.emplace_back(std::move(statement));
            place = {.hash = hash, .number = static_cast<std::uint32_t>(statements_.size())};
            return shared;
        }
        if (place.hash == hash && *statements_[place.number - 1] == statement)
            return statements_[place.number - 1];
    }
    return Shared<Statement>(std::move(statement));
}

StatementPool::Place* StatementPool::find_free(std::uint32_t hash) {
    for (std::size_t i = 0; i < tries; ++i)
        if (Place& place = places_[(hash + i) & (places_.size() - 1)]; place.number == 0)
            return &place;
    return nullptr;
}

void StatementPool::grow() {
    std::vector<Place> before(std::max<std::size_t>(64, 2 * places_.size()));
    std::swap(before, places_);
    for (const Place& place : before)
        if (Place* to = place.number == 0 ? nullptr : find_free(place.hash))
            *to = place;
}

}  // namespace xdpctl::lang
