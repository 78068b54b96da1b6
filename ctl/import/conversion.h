// SPDX-License-Identifier: BSD-2-Clause
// What the importers have in common: a foreign ruleset becomes text in xdpctl's dialect. What has an equal meaning at
// the hook is converted, everything else is left out and reported with its line and the reason; nothing is guessed.
// Pure: needs no kernel and no privilege. Safe on hostile input.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace xdpctl::importing {

// Where the converted rules go.
struct Place {
    std::string table = "xdpctl";
    std::string chain = "ingress";
    std::vector<std::string> devices;  // that the chain is on; none: only the report is wanted
};

struct Reason {
    std::string why;   // "xdpctl keeps no connections"
    std::string next;  // what the operator can do; may be empty
};

struct LeftOut {
    std::size_t line = 0;  // in the source, from 1
    std::string text;      // of the source
    Reason reason;
};

struct Conversion {
    std::string ruleset;            // for `xdpctl apply -f`; what was left out stands in it as a comment
    std::size_t total = 0;          // rules, sets and elements of the source
    std::size_t converted = 0;      // of these
    std::vector<LeftOut> left_out;  // in the source's order
};

}  // namespace xdpctl::importing
