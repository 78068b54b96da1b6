// SPDX-License-Identifier: BSD-2-Clause
// Times as nft writes them: 1d2h3m4s5ms.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "lang/cursor.h"

namespace xdpctl::lang {

// Takes the next word. Reports what is wrong and returns nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(Cursor& cursor);

[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace xdpctl::lang
