// SPDX-License-Identifier: BSD-2-Clause
// Names of verdicts, reasons, hooks, modes and attachments in text and JSON output.
#pragma once

#include <string_view>

#include "kernel/attach.h"
#include "maps/chain.h"
#include "maps/verdict.h"
#include "ruleset/model.h"

namespace xdpctl::stats {

[[nodiscard]] std::string_view name(xdpctl_verdict verdict);        // "accept"
[[nodiscard]] std::string_view name(ruleset::Verdict verdict);      // "accept"
[[nodiscard]] std::string_view name(xdpctl_reason reason);          // "rule", "policy", "malformed-tcp"
[[nodiscard]] std::string_view meaning(xdpctl_reason reason);       // "truncated TCP header, or ..."
[[nodiscard]] std::string_view name(ruleset::Hook hook);            // "ingress"
[[nodiscard]] std::string_view name(xdpctl_mode mode);              // "native"
[[nodiscard]] std::string_view name(xdpctl_attachment attachment);  // "xdp-link", "dispatcher", "tcx", "clsact"
[[nodiscard]] std::string_view name(kernel::Presence presence);     // "active", "device-gone"

}  // namespace xdpctl::stats
