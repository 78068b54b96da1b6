/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The one way out: every path ends in finish() or stage_error(), which count the packet and return the hook's code. */
#ifndef XDPCTL_EXIT_BPF_H
#define XDPCTL_EXIT_BPF_H

#include "maps/lib/accounting.bpf.h"
#include "maps/lib/scratch.bpf.h"
#include "maps/lib/stages.bpf.h"

/* REQUIRES: verdict, reason and device are set. */
static __always_inline int finish(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet)
{
	account(packet->device, packet->verdict, packet->reason, packet->length);
	/* Observers return what follows here. Into an empty slot the JIT does not even jump. */
	bpf_tail_call_static(ctx, &stages, XDPCTL_STAGE_OBSERVE);
	return ctx_code(packet->verdict);
}

/* A map lookup that cannot fail has failed. */
static __always_inline int stage_error(__u32 device, __u32 bytes)
{
	__u8 verdict = chain_policy();

	account(device, verdict, XDPCTL_REASON_STAGE_ERROR, bytes);
	return ctx_code(verdict);
}

/* What follows the generated rules. Without the packet its device is unknown too: slot 0 then stands for the chain. */
static __always_inline int leave(struct xdpctl_ctx *ctx)
{
	const struct xdpctl_packet *packet = scratch_packet();

	return packet ? finish(ctx, packet) : stage_error(0, 0);
}

#endif
