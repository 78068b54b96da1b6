// SPDX-License-Identifier: BSD-2-Clause
// Files that rulesets are read from.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "lang/parse.h"

namespace xdpctl::cli {

// The content of a file; "-" is standard input. `name` is what errors call it. Errors: NotFound, Limit, Failed.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, const std::string& name);

// The files that an include statement means, as for nft: a path that starts with neither / nor ./ nor ../ is one in
// /etc, others are relative to the working directory; a pattern (* ? []) may mean any number of files, which are
// sorted.
[[nodiscard]] Result<std::vector<lang::IncludedFile>> open_included(const std::string& pattern);

}  // namespace xdpctl::cli
