// SPDX-License-Identifier: BSD-2-Clause
// iptables-save, ip6tables-save and lists of iptables commands to xdpctl's dialect.
//
// A chain of iptables judges packets of one family at one hook, a netdev chain everything that a device receives. So
// one built-in chain is converted, with the chains it can reach, and its rules are confined to the family; a policy of
// DROP becomes a last rule. Every rule of iptables counts, and so does what it becomes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "import/conversion.h"

namespace xdpctl::importing {

enum class Family { Ipv4, Ipv6 };

struct IptablesOptions {
    Family family = Family::Ipv4;
    // "filter:INPUT"; none: raw:PREROUTING or mangle:PREROUTING, whichever has rules. Only those see all packets of a
    // device, as xdpctl does.
    std::optional<std::string> chain;
    std::string sets;  // what `ipset save` printed, for rules that match sets
    Place place;
};

// Errors: Input when the text is no iptables-save, or has no chain to convert; NotFound for a chain it does not have.
[[nodiscard]] Result<Conversion> convert_iptables(std::string_view text, const IptablesOptions& options);

}  // namespace xdpctl::importing
