// SPDX-License-Identifier: BSD-2-Clause
// For every field that lies in a frame: a frame that has it, frames with other values and without it, and rules that
// compare it in every way.
#pragma once

#include <vector>

#include "ruleset/model.h"
#include "support/packet.h"

namespace xdpctl::test {

struct FieldCase {
    ruleset::Field field{};
    // Says how long a header is or what follows it: another value would make another packet.
    bool is_structural = false;
    Bytes frame;
    ruleset::Value value = 0;  // in that frame

    // The frame itself; unless the field is structural with the values below and above, and the lowest and highest; and
    // a frame of another protocol.
    [[nodiscard]] std::vector<Bytes> well_formed_frames() const;
    // The frame cut off in front of the field's last byte, and in front of its first.
    [[nodiscard]] std::vector<Bytes> cut_frames() const;
    // Every relation at the value and beside it, ranges that end there, sets and masks.
    [[nodiscard]] std::vector<ruleset::Match> matches() const;
};

[[nodiscard]] const std::vector<FieldCase>& field_cases();

}  // namespace xdpctl::test
