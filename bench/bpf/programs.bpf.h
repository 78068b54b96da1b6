/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Single steps of the datapath, to be measured: the same at both hooks. Each drops what it takes for TCP. */
#ifndef XDPCTL_BENCH_PROGRAMS_BPF_H
#define XDPCTL_BENCH_PROGRAMS_BPF_H

#include "maps/lib/parse.bpf.h"
#include "maps/lib/scratch.bpf.h"
#include "maps/lib/stages.bpf.h"

static __always_inline int parse_only(struct xdpctl_ctx *ctx)
{
	struct xdpctl_packet *packet = scratch_packet();

	if (!packet)
		return ctx_code(XDPCTL_ACCEPT);
	parse_packet(ctx, packet, XDPCTL_HOOK_INGRESS);
	return ctx_code(packet->headers & XDPCTL_HEADER_TCP ? XDPCTL_DROP : XDPCTL_ACCEPT);
}

static __always_inline int tail_call_only(struct xdpctl_ctx *ctx)
{
	bpf_tail_call_static(ctx, &stages, XDPCTL_STAGE_CLASSIFY);
	return ctx_code(XDPCTL_ACCEPT);
}

#endif
