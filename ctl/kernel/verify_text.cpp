// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/verify_text.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::kernel {

namespace {

Status verify(const ruleset::Ruleset& ruleset) {
    const std::string text = lang::print_ruleset(ruleset, {.handles = true, .stateless = false, .count = {}});
    auto read = lang::parse_ruleset(text, "<stored ruleset>", true);
    if (!read)
        return std::unexpected(std::move(read).error());
    read->last_handle = ruleset.last_handle;
    if (*read != ruleset)
        return fail(ErrorKind::Failed, "cannot store the ruleset", "its text does not mean the same when read back");
    return {};
}

ruleset::Ruleset without_rules(const ruleset::Ruleset& ruleset) {
    ruleset::Ruleset out{.tables = {}, .last_handle = ruleset.last_handle};
    for (const ruleset::Table& table : ruleset.tables) {
        out.tables.push_back({.name = table.name,
                              .comment = table.comment,
                              .sets = table.sets,
                              .chains = {},
                              .handle = table.handle,
                              .position = table.position});
        for (const ruleset::Chain& chain : table.chains)
            out.tables.back().chains.push_back({.name = chain.name,
                                                .is_base = chain.is_base,
                                                .hook = chain.hook,
                                                .devices = chain.devices,
                                                .priority = chain.priority,
                                                .policy = chain.policy,
                                                .comment = chain.comment,
                                                .rules = {},
                                                .handle = chain.handle,
                                                .position = chain.position});
    }
    return out;
}

// Rules by handle, fastest when asked for in the order they have.
class KnownRules {
public:
    explicit KnownRules(const ruleset::Ruleset& ruleset) {
        for (const ruleset::Table& table : ruleset.tables)
            for (const ruleset::Chain& chain : table.chains)
                for (const ruleset::Rule& rule : chain.rules)
                    rules_.push_back(&rule);
        if (!std::ranges::is_sorted(rules_, {}, &ruleset::Rule::handle))
            std::ranges::sort(rules_, {}, &ruleset::Rule::handle);
    }

    [[nodiscard]] bool contain(const ruleset::Rule& rule) {
        if (next_ == rules_.size() || rules_[next_]->handle != rule.handle)
            next_ = static_cast<std::size_t>(std::ranges::lower_bound(rules_, rule.handle, {}, &ruleset::Rule::handle) -
                                             rules_.begin());
        return next_ < rules_.size() && *rules_[next_++] == rule;
    }

private:
    std::vector<const ruleset::Rule*> rules_;
    std::size_t next_ = 0;
};

// Reads so many rules back at a time: the memory for the text and what it means is used again.
class Verification {
public:
    explicit Verification(const ruleset::Ruleset& running) : known_(running) {}

    Status run(const ruleset::Ruleset& next) {
        part_ = without_rules(next);
        for (std::size_t table = 0; table < next.tables.size(); ++table)
            for (std::size_t chain = 0; chain < next.tables[table].chains.size(); ++chain)
                XDPCTL_TRY(add(next.tables[table].chains[chain], part_.tables[table].chains[chain]));
        return verify(part_);
    }

private:
    static constexpr std::size_t rules_at_a_time = 4096;

    Status add(const ruleset::Chain& chain, ruleset::Chain& part) {
        for (const ruleset::Rule& rule : chain.rules) {
            if (known_.contain(rule))
                continue;
            part.rules.push_back(rule);
            if (++waiting_ < rules_at_a_time)
                continue;
            XDPCTL_TRY(verify(part_));
            start_anew();
        }
        return {};
    }

    // Elements of sets are read back once.
    void start_anew() {
        waiting_ = 0;
        for (ruleset::Table& table : part_.tables) {
            for (ruleset::Set& set : table.sets)
                set.elements = {};
            for (ruleset::Chain& chain : table.chains)
                chain.rules.clear();
        }
    }

    KnownRules known_;
    ruleset::Ruleset part_;
    std::size_t waiting_ = 0;
};

}  // namespace

Status verify_text(const ruleset::Ruleset& running, const ruleset::Ruleset& next) {
    return Verification(running).run(next);
}

}  // namespace xdpctl::kernel
