/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Looking keys up for generated rules: user space puts set_holds() behind them and the exit. The program is there to
 * call it, so that libbpf takes it along; it never runs.
 */
#include "maps/lib/set.bpf.h"

/* Unknown to the compiler, which would fold a constant into the function. No set has it as its number, so that the
 * verifier has nothing to follow. */
const volatile __u32 no_number = XDPCTL_SETS_MAX;

SEC("xdp")
int xdp_set_lookup(struct xdp_md *ctx)
{
	struct xdpctl_set_key key = {};

	return set_holds(no_number, key.words, no_number);
}

char _license[] SEC("license") = "Dual BSD/GPL";
