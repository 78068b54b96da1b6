// SPDX-License-Identifier: BSD-2-Clause
// Statements of libnftables' JSON as text.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lang/json_writer.h"

namespace xdpctl::lang {

// One statement of a rule. False after a fault.
[[nodiscard]] bool write_statement(JsonWriter& out, const nlohmann::json& statement);

}  // namespace xdpctl::lang
