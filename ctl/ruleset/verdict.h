// SPDX-License-Identifier: BSD-2-Clause
// What a rule or an element of a verdict map decides: a packet's fate, or where evaluation goes on.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace xdpctl::ruleset {

enum class Verdict : std::uint8_t { Accept, Drop };

// `jump CHAIN`, `goto CHAIN`, `return`, `continue`.
struct Branch {
    enum class Kind : std::uint8_t { Jump, Goto, Return, Continue } kind = Kind::Continue;
    std::string chain;  // of Jump and Goto
    bool operator==(const Branch&) const = default;

    [[nodiscard]] bool has_chain() const { return kind == Kind::Jump || kind == Kind::Goto; }
};

using Outcome = std::variant<Verdict, Branch>;

}  // namespace xdpctl::ruleset
