// SPDX-License-Identifier: BSD-2-Clause
// The word somebody probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace xdpctl {

// "did you mean 'dport'?", or nothing when no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace xdpctl
