// SPDX-License-Identifier: BSD-2-Clause
// One rule of iptables to one rule of xdpctl.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/conversion.h"
#include "import/ipset.h"
#include "import/iptables.h"

namespace xdpctl::importing {

// What a rule's words are looked up in.
struct RuleContext {
    Family family = Family::Ipv4;
    bool drops_by_policy = false;                      // the built-in chain's policy, and the rule is in that chain
    const std::map<std::string, std::string>& chains;  // regular chains, and what they are called in the result
    const ConvertedSets& sets;
};

template <typename T>
using Converted = std::expected<T, Reason>;

// The words of a rule that are read one after the other.
class Words {
public:
    explicit Words(std::span<const std::string> words) : rest_(words) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    [[nodiscard]] const std::string& peek() const { return rest_.front(); }
    const std::string& take() {
        const std::string& word = rest_.front();
        rest_ = rest_.subspan(1);
        return word;
    }
    bool take_if(std::string_view word) {
        const bool is_next = !empty() && peek() == word;
        if (is_next)
            take();
        return is_next;
    }
    // The argument of an option.
    [[nodiscard]] Converted<std::string> argument(std::string_view option);

private:
    std::span<const std::string> rest_;
};

// Of `-m limit`; what it is without options.
struct LimitParts {
    std::size_t place;  // among the matches
    std::string rate = "3/hour";
    std::string burst = "5";
};

// A rule so far.
struct RuleParts {
    std::vector<std::string> matches;
    std::string protocol;       // of -p, when not negated
    bool names_family = false;  // some match is of the family
    std::vector<std::string> comments;
    std::optional<LimitParts> limit;
};

// What the option of a match (`--dport 22`) adds to the rule. `module` is that of the last -m.
[[nodiscard]] Converted<void> convert_match(const std::string& option, bool negated, const std::string& module,
                                            Words& words, const RuleContext& context, RuleParts& parts);

// A module that xdpctl has nothing equal to; none for those whose options convert_match() knows.
[[nodiscard]] const Reason* unsupported_module(std::string_view module);

// Begins with a match that has a module: `-m limit` is one without any option.
[[nodiscard]] Converted<void> begin_module(std::string_view module, RuleParts& parts);

// The statement of -j or -g, and the target's own options.
[[nodiscard]] Converted<std::string> convert_target(const std::string& target, bool is_goto, Words& words,
                                                    const RuleContext& context);

// `words` is what stands behind `-A CHAIN`; `counts` is "packets N bytes N" or empty.
[[nodiscard]] Converted<std::string> convert_rule(std::span<const std::string> words, std::string_view counts,
                                                  const RuleContext& context);

// The match that confines a rule to the family's packets.
[[nodiscard]] std::string_view family_match(Family family);

}  // namespace xdpctl::importing
