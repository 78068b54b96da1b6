/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* End of every classifier at XDP: user space puts the generated rules in front of these instructions. */
#include "maps/lib/ctx_xdp.bpf.h"
#include "maps/lib/exit.bpf.h"

SEC("xdp")
int xdp_exit(struct xdp_md *ctx)
{
	return leave(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
