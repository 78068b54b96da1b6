// SPDX-License-Identifier: BSD-2-Clause
// What makes a ruleset valid. The parser reports these problems where they stand in the source, edits before they
// change anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::ruleset {

inline constexpr std::size_t name_size_max = 255;     // of tables, chains and sets, as in nft
inline constexpr std::size_t comment_size_max = 128;  // bytes, as in nft
inline constexpr std::size_t log_prefix_size_max = 127;
inline constexpr std::size_t tables_max = 1024;
inline constexpr std::size_t chains_max = 1024;  // in a table
inline constexpr std::size_t sets_max = 1024;    // in a table
inline constexpr std::size_t key_parts_max = 5;  // of a concatenation: nft's keys have 64 bytes

struct Problem {
    ErrorKind kind = ErrorKind::Input;
    std::string what;
    std::string next;
    SourcePosition position;
};

[[nodiscard]] std::vector<Problem> problems(const Ruleset& ruleset);

// Of one rule, if it stood in that table, in a chain that packets of that hook come to; without a hook in one that no
// packet comes to.
[[nodiscard]] std::optional<Problem> problem(const Rule& rule, std::optional<Hook> hook, const Table& table = {});
// Of one set.
[[nodiscard]] std::optional<Problem> problem(const Set& set);

// The reasons why a text cannot be such a name or comment; nothing when it can.
[[nodiscard]] std::optional<std::string> name_fault(std::string_view name);  // of a table, chain or set
[[nodiscard]] std::optional<std::string> device_fault(std::string_view device);
[[nodiscard]] std::optional<std::string> comment_fault(std::string_view comment);
[[nodiscard]] std::optional<std::string> log_fault(const Log& log);
[[nodiscard]] std::optional<std::string> limit_fault(const Limit& limit);
[[nodiscard]] std::optional<std::string> payload_fault(const RawPayload& payload);

[[nodiscard]] std::string_view hook_name(Hook hook);  // "ingress", "egress"

}  // namespace xdpctl::ruleset
