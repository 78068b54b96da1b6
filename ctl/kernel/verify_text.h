// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

// A ruleset that could not be read back from its stored text would lock everybody out. Asks this of what `next` does
// not have in common with the running ruleset, whose text was read before.
[[nodiscard]] Status verify_text(const ruleset::Ruleset& running, const ruleset::Ruleset& next);

}  // namespace xdpctl::kernel
