// SPDX-License-Identifier: BSD-2-Clause
// Ruleset to text and JSON, as nft 1.0.6 prints it: nft reads what is printed here.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "ruleset/model.h"

namespace xdpctl::lang {

struct PrintOptions {
    bool handles = false;    // nft -a: `# handle N`
    bool stateless = false;  // nft -s: `counter` without numbers
    // The count to print for a rule's counter; when empty, the counter's start value is printed.
    std::function<Count(const ruleset::Rule&)> count;
    bool times_left = false;  // of elements that expire, also when stateless
};

[[nodiscard]] std::string print_ruleset(const ruleset::Ruleset& ruleset, const PrintOptions& options = {});
[[nodiscard]] std::string print_chain(const ruleset::Chain& chain, const PrintOptions& options = {});
[[nodiscard]] std::string print_rule(const ruleset::Rule& rule, const PrintOptions& options = {});

// libnftables' JSON schema: {"nftables": [{"metainfo": ...}, {"table": ...}, {"chain": ...}, {"rule": ...}, ...]}.
[[nodiscard]] nlohmann::json ruleset_json(const ruleset::Ruleset& ruleset, const PrintOptions& options = {});

}  // namespace xdpctl::lang
