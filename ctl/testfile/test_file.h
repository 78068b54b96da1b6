// SPDX-License-Identifier: BSD-2-Clause
// Files of firewall tests: packets, and what a ruleset is expected to do with them. xdpctl-test(8) describes the
// format. Pure; safe on hostile input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/types.h"
#include "maps/verdict.h"
#include "packet/packet.h"
#include "ruleset/model.h"

namespace xdpctl::testfile {

inline constexpr std::size_t text_size_max = std::size_t{16} << 20U;

// Whose programs judge the packets; lines of the file set it for the cases behind them.
struct Setting {
    std::string ruleset;  // as the file names it; empty: none was named
    std::string device;
    ruleset::Hook hook = ruleset::Hook::Ingress;
    bool at_tc = false;
    bool operator==(const Setting&) const = default;
};

// Every member that is there must hold.
struct Expectation {
    ruleset::Verdict verdict{};
    std::optional<xdpctl_reason> reason;
    std::optional<std::string> comment;  // of the rule that decides
    std::optional<Handle> handle;        // likewise
    std::optional<std::uint32_t> line;   // where in the ruleset's file it stands
};

struct Case {
    Setting setting;
    std::string group;  // the last `test "..."` line's text
    std::string text;   // the line without comment
    packet::Packet packet;
    Expectation expected;
    std::uint32_t line = 0;
};

// Errors: Input, with every finding's line, column and a caret (up to 20).
[[nodiscard]] Result<std::vector<Case>> parse(std::string_view text, std::string_view source);

}  // namespace xdpctl::testfile
