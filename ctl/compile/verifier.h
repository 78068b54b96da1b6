// SPDX-License-Identifier: BSD-2-Clause
// What the kernel's verifier can take, and what a program asks of it.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>

namespace xdpctl::compile {

// The verifier processes a million instructions, and an instruction of the compiled rules up to four times.
inline constexpr std::uint32_t instructions_max = 250'000;

// The verifier keeps 8,192 branches for later (BPF_COMPLEXITY_LIMIT_JMP_SEQ).
inline constexpr std::size_t waiting_branches_max = 8'000;

// The most branches that are kept for later at a time. The verifier follows the path that falls through, and takes up
// the branch that was left last when a path ends or joins one that is done.
[[nodiscard]] std::size_t waiting_branches(std::span<const bpf_insn> instructions);

}  // namespace xdpctl::compile
