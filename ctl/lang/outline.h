// SPDX-License-Identifier: BSD-2-Clause
// A ruleset as print_ruleset writes it, with handles, for those who read counters and need not understand rules: a rule
// is the line that it has, which takes a small part of the time that parsing it does.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

struct RuleLine {
    Handle handle{};
    std::string_view text;       // in the text that was read; without its handle
    std::optional<Count> start;  // of its counter; none when it does not count

    // As print_rule writes it stateless: without the numbers of its counter.
    [[nodiscard]] std::string stateless() const;
};

struct Outline {
    ruleset::Ruleset ruleset;                       // whose chains have no rules
    std::map<Handle, std::vector<RuleLine>> rules;  // of each chain, by the chain's handle

    // In order.
    [[nodiscard]] const std::vector<RuleLine>& rules_of(const ruleset::Chain& chain) const;
};

// REQUIRES: the text lives as long as the outline. Errors: Input for a text that print_ruleset does not write.
[[nodiscard]] Result<Outline> read_outline(std::string_view text, std::string_view source);

}  // namespace xdpctl::lang
