// SPDX-License-Identifier: BSD-2-Clause
// Filter expressions as tcpdump has them, through libpcap.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"

// libpcap's own header and the kernel's both define struct bpf_insn.
struct bpf_program;

namespace xdpctl::observe {

class Expression {
public:
    // For Ethernet frames. Errors: Input with what libpcap says.
    [[nodiscard]] static Result<Expression> compile(const std::string& text);

    [[nodiscard]] const std::string& text() const { return text_; }
    // Classic BPF.
    [[nodiscard]] std::vector<sock_filter> instructions() const;
    // Whether it holds for a frame of that length, of which these bytes are there.
    [[nodiscard]] bool matches(std::span<const std::byte> frame, std::uint32_t length) const;

private:
    struct Free {
        void operator()(bpf_program* program) const;
    };
    Expression(std::string text, std::unique_ptr<bpf_program, Free> program);

    std::string text_;
    std::unique_ptr<bpf_program, Free> program_;
};

}  // namespace xdpctl::observe
