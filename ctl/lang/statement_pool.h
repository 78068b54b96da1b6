// SPDX-License-Identifier: BSD-2-Clause
// Statements that were read, so that rules that say the same share them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ruleset/model.h"

namespace xdpctl::lang {

class StatementPool {
public:
    [[nodiscard]] ruleset::Shared<ruleset::Statement> share(ruleset::Statement statement);

private:
    // A text made for it could give all its statements one hash: those that find no place near theirs are not shared.
    static constexpr std::size_t tries = 16;

    struct Place {
        std::uint32_t hash = 0;
        std::uint32_t number = 0;  // of the statement, from 1; 0: free
    };

    void grow();
    [[nodiscard]] Place* find_free(std::uint32_t hash);

    std::vector<ruleset::Shared<ruleset::Statement>> statements_;
    std::vector<Place> places_;  // a power of two of them
};

}  // namespace xdpctl::lang
