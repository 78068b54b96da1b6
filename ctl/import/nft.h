// SPDX-License-Identifier: BSD-2-Clause
// Tables of nft's families ip, ip6, inet and netdev to a table of family netdev.
//
// One base chain is converted, with the sets, maps and regular chains of its table. Rules of family ip judge IPv4 only,
// and so on: the converted ones are confined to the family, and a policy of drop becomes a last rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "import/conversion.h"

namespace xdpctl::importing {

struct NftOptions {
    std::optional<std::string> chain;  // "TABLE:CHAIN"; none: the only one at the hook ingress or prerouting
    Place place;
};

// Errors: Input when the text is not structured as nft's, or has no chain to convert; NotFound for a chain it lacks.
[[nodiscard]] Result<Conversion> convert_nft(std::string_view text, const NftOptions& options);

}  // namespace xdpctl::importing
