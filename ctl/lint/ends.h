// SPDX-License-Identifier: BSD-2-Clause
// Which rules let no packet that they match go on in their chain.
#pragma once

#include <map>

#include "ruleset/model.h"

namespace xdpctl::lint {

// Whether the statement asks about the packet, and is not only something that its rule does.
[[nodiscard]] bool is_test(const ruleset::Statement& statement);

class Ends {
public:
    // Without a table nothing is known of where jumps lead.
    explicit Ends(const ruleset::Table* table) : table_(table) {}

    // By a verdict, by goto or return, or by a jump to a chain that decides about every packet.
    [[nodiscard]] bool ends(const ruleset::Rule& rule);

private:
    // For certain: a rule for all packets decides, and none in front of it leads back.
    bool decides_all(const ruleset::Chain& chain);
    bool find_decision(const ruleset::Chain& chain);

    const ruleset::Table* table_;
    std::map<const ruleset::Chain*, bool> decides_all_;
};

}  // namespace xdpctl::lint
