// SPDX-License-Identifier: BSD-2-Clause
// Packets in words, and frames in words again.
#include "fuzz/fuzz.h"
#include "packet/build.h"
#include "packet/describe.h"
#include "packet/parse.h"
#include "support/reference_parser.h"

using namespace xdpctl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto packet = packet::parse(text, "fuzz");
    if (!packet)
        return 0;
    const auto frame = packet::build(*packet);
    test::require(frame.size() <= packet::frame_size_max, "the frame is too long");
    (void)packet::describe(test::parse_reference(frame, ruleset::Hook::Ingress), frame);
    return 0;
}
