/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Observer at XDP, in a stage behind the exit while somebody monitors. */
#include "maps/lib/ctx_xdp.bpf.h"
#include "maps/lib/observe.bpf.h"

SEC("xdp")
int xdp_observe(struct xdp_md *ctx)
{
	return observe(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
