// SPDX-License-Identifier: BSD-2-Clause
// Where nft decides differently: xdpctl-ruleset(5), DIFFERENCES TO NFT, each with a rule and a frame that show it. What
// is not here is the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/evaluator.h"
#include "support/packet.h"

namespace xdpctl::test {

struct NftDifference {
    std::string_view manual;  // words of the manual about it
    std::string rule;
    Bytes frame;
    bool is_counted_by_nft;  // and the other way round by xdpctl
    // The frames that it is about.
    bool (*concerns)(const Fields& fields) = nullptr;
    // The matches that it is about, whatever the frame. Neither: rules for comparing avoid it.
    bool (*concerns_match)(const ruleset::Match& match) = nullptr;
};

[[nodiscard]] const std::vector<NftDifference>& nft_differences();

// An IPv6 extension header that Linux's filters do not walk over, or not all of them.
[[nodiscard]] bool has_other_extension(const Fields& fields);

// Whether nft may judge the frame differently at the hook.
[[nodiscard]] bool may_differ(const Bytes& frame, ruleset::Hook hook);

// Whether nft judges some frame differently by one of the rule's matches alone.
[[nodiscard]] bool may_differ(const ruleset::Rule& rule);

}  // namespace xdpctl::test
