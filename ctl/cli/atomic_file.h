// SPDX-License-Identifier: BSD-2-Clause
// Files that are replaced whole: whoever reads sees the old content or the new one, after a crash too.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace xdpctl::cli {

// Readable by its owner only. A symbolic link stays, and what it points to is replaced. Errors: Input when the path is
// something else than a file; NotFound for a directory that does not exist; Failed.
[[nodiscard]] Status replace_file(const std::string& path, std::string_view content);

}  // namespace xdpctl::cli
