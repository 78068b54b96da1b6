// SPDX-License-Identifier: BSD-2-Clause
// A translated filter expression in the kernel, asked about frames.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/fd.h"

namespace xdpctl::test {

enum class FilterAnswer : std::uint32_t {
    No = 0,
    Yes = 1,
    Unknown = 2,  // what the filter sees of the frame does not tell: the reader of the report decides
};

// An answer that is not wrong.
[[nodiscard]] inline bool agrees(FilterAnswer answer, bool chosen) {
    return answer == FilterAnswer::Unknown || answer == (chosen ? FilterAnswer::Yes : FilterAnswer::No);
}

class LoadedFilter {
public:
    // Adds a failure to the test when the kernel refuses it.
    explicit LoadedFilter(std::span<const bpf_insn> filter);

    [[nodiscard]] bool valid() const { return program_.valid(); }

    // `length` is the frame's on the wire, of which these bytes are there.
    [[nodiscard]] FilterAnswer ask(std::span<const std::byte> frame, std::size_t length) const;
    [[nodiscard]] FilterAnswer ask(std::span<const std::byte> frame) const { return ask(frame, frame.size()); }

private:
    Fd head_;
    Fd program_;
};

}  // namespace xdpctl::test
