// SPDX-License-Identifier: BSD-2-Clause
// Lists of set elements as others write them, as the elements of a set in nft's syntax. Pure.
#pragma once

#include <string>
#include <string_view>

namespace xdpctl::importing {

// Knows these lists: one element a line with comments behind # or ; (netset, plain); `ipset save`, whose timeouts and
// comments are kept; CSV, whose first column counts; and nft's own elements in braces, whatever is around them. The
// text keeps its lines, so that errors name those of the list.
[[nodiscard]] std::string elements_text(std::string_view list);

}  // namespace xdpctl::importing
