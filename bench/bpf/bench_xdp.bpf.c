// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What xdpctl is measured against and with, at XDP. */
#include <linux/bpf.h>

#include "maps/lib/ctx_xdp.bpf.h"
#include "bench/bpf/programs.bpf.h"

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	return parse_only(ctx);
}

SEC("xdp")
int tail_call(struct xdp_md *ctx)
{
	return tail_call_only(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
