// SPDX-License-Identifier: BSD-2-Clause
// A report as text for people and as JSON for programs. The JSON is described in xdpctl-doctor(8).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "doctor/finding.h"

namespace xdpctl::doctor {

[[nodiscard]] std::string_view name(Severity severity);  // "warning"

// With `everything` also what is as it should be.
[[nodiscard]] std::string text(const Report& report, bool everything);
[[nodiscard]] nlohmann::json json(const Report& report);

}  // namespace xdpctl::doctor
