// SPDX-License-Identifier: BSD-2-Clause
// The converted ruleset's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/conversion.h"

namespace xdpctl::importing {

// A chain as it is converted: rules, and comments for what was left out.
struct ChainText {
    std::string name;
    std::vector<std::string> lines;
};

struct TableText {
    std::vector<std::string> preamble;  // lines before the table
    std::vector<std::string> sets;      // whole blocks
    std::vector<ChainText> chains;      // regular ones
    std::optional<ChainText> base;      // none: only sets are converted
};

// A comment in the place of what was left out, and its entry in the report.
[[nodiscard]] std::string leave_out(Conversion& conversion, std::size_t line, std::string_view text, Reason reason);

[[nodiscard]] std::string print(const TableText& table, const Place& place);

// Why the parser refuses a rule or set, without the place in a text that the operator never sees.
[[nodiscard]] Reason reason_of(const Error& error);

// As a comment statement; empty when the text cannot be one.
[[nodiscard]] std::string comment_statement(std::string_view text);

// Errors: Failed when the text is not valid after all, which would be a defect of the importer.
[[nodiscard]] Status check(const Conversion& conversion);

}  // namespace xdpctl::importing
