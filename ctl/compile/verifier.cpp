// SPDX-License-Identifier: BSD-2-Clause
#include "compile/verifier.h"

#include <algorithm>
#include <vector>

namespace xdpctl::compile {

namespace {

bool is_jump(const bpf_insn& instruction) {
    const auto instruction_class = BPF_CLASS(instruction.code);
    return (instruction_class == BPF_JMP || instruction_class == BPF_JMP32) && BPF_OP(instruction.code) != BPF_CALL;
}

}  // namespace

std::size_t waiting_branches(std::span<const bpf_insn> instructions) {
    std::vector<bool> seen(instructions.size());
    std::vector<std::size_t> waiting{0};
    std::size_t most = 0;
    while (!waiting.empty()) {
        std::size_t at = waiting.back();
        waiting.pop_back();
        while (at < instructions.size() && !seen[at]) {
            seen[at] = true;
            const bpf_insn& instruction = instructions[at++];
            if (!is_jump(instruction))
                continue;
            const std::size_t target = at + static_cast<std::size_t>(instruction.off);
            if (BPF_OP(instruction.code) == BPF_JA) {
                at = target;
            } else {
                waiting.push_back(target);
                most = std::max(most, waiting.size());
            }
        }
    }
    return most;
}

}  // namespace xdpctl::compile
