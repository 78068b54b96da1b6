// SPDX-License-Identifier: BSD-2-Clause
// Immediates that BPF programs are compiled with as numbers, for values that are known when they are loaded.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>

namespace xdpctl::kernel {

// BPF_LD_IMM64 is two instructions, half of the immediate in each.
struct WideImmediate {
    bpf_insn& low;
    bpf_insn& high;

    void put(std::uint64_t value) const {
        low.imm = static_cast<std::int32_t>(value);
        high.imm = static_cast<std::int32_t>(value >> 32U);
    }
    void put_map(int map) const {
        low.src_reg = BPF_PSEUDO_MAP_FD;
        put(static_cast<std::uint32_t>(map));
    }
    // The address of a byte of the map's only element.
    void put_map_value(int map, std::uint32_t offset) const {
        low.src_reg = BPF_PSEUDO_MAP_VALUE;
        put(static_cast<std::uint32_t>(map) | static_cast<std::uint64_t>(offset) << 32U);
    }
};

// Calls `fill` with the immediate and its number for every one from `base` on. REQUIRES: the lower half of base is 0.
void fill_constants(std::span<bpf_insn> instructions, std::uint64_t base, auto&& fill) {
    constexpr std::uint8_t load_immediate = BPF_LD | BPF_IMM | BPF_DW;
    for (std::size_t i = 0; i + 1 < instructions.size(); ++i) {
        const WideImmediate immediate{instructions[i], instructions[i + 1]};
        if (immediate.low.code == load_immediate && immediate.low.src_reg == 0 &&
            static_cast<std::uint32_t>(immediate.high.imm) == base >> 32U)
            fill(immediate, static_cast<std::uint32_t>(immediate.low.imm));
    }
}

}  // namespace xdpctl::kernel
