// SPDX-License-Identifier: BSD-2-Clause
// Loading programs, and what to say when the kernel refuses one.
#pragma once

#include <bpf/libbpf.h>

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "compile/compile.h"

namespace xdpctl::kernel {

// What programs that share a PROG_ARRAY must agree in. Their expected attach type is 0.
struct ProgramType {
    bpf_prog_type type = BPF_PROG_TYPE_UNSPEC;
    std::uint32_t flags = 0;
};

// Errors: Rejected with the end of the verifier's log as cause, Privilege, Limit.
[[nodiscard]] Result<Fd> load_program(const char* name, const ProgramType& type,
                                      std::span<const bpf_insn> instructions);

// Makes a program of an opened object one of the type.
void set_type(bpf_program* program, const ProgramType& type);

// Loads an opened object with everything in it. `what` begins the error's text. Errors: as load_program.
[[nodiscard]] Status load_object(bpf_object* object, std::string what);

// Whether XDP programs may say that they can take frames in several buffers (Linux 5.18).
[[nodiscard]] bool xdp_frags_supported();

// Whether programs may loop without a bound that the verifier knows (Linux 6.9).
[[nodiscard]] bool may_goto_supported();

// Whether programs can compare and exchange 64 bits (Linux 5.12).
[[nodiscard]] bool compare_and_exchange_supported();

// How the tuple-tree classifier can loop on this kernel. It has bounds from Linux 5.18 on, for what it needs besides:
// pointers as parameters of global functions, and the helper that copies bytes of a frame at XDP.
[[nodiscard]] compile::Loops loops_supported();

}  // namespace xdpctl::kernel
