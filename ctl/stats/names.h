// SPDX-License-Identifier: BSD-2-Clause
// Names of verdicts, reasons, modes and attachments in text and JSON output.
#pragma once

#include <string_view>

#include "maps/chain.h"
#include "maps/verdict.h"

namespace xdpctl::stats {

[[nodiscard]] std::string_view name(xdpctl_verdict verdict);        // "accept"
[[nodiscard]] std::string_view name(xdpctl_reason reason);          // "rule", "policy", "malformed-tcp"
[[nodiscard]] std::string_view name(xdpctl_mode mode);              // "native"
[[nodiscard]] std::string_view name(xdpctl_attachment attachment);  // "xdp-link", "dispatcher", "tcx", "clsact"

}  // namespace xdpctl::stats
