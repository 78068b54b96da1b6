// SPDX-License-Identifier: BSD-2-Clause
// A document in libnftables' JSON schema as the text of a ruleset.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lang/json_writer.h"

namespace xdpctl::lang {

// Objects of the document as `nft -j list ruleset` prints them, or in {"add": ...}. What is wrong is in the writer's
// faults; the text is whole when there are none. Base chains must have "dev" when devices are needed.
void write_ruleset(JsonWriter& out, const nlohmann::json& document, bool needs_devices);

}  // namespace xdpctl::lang
