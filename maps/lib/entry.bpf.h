/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Parse, then on to the classifier: the program on a device's hook. It stays while rules change. */
#ifndef XDPCTL_ENTRY_BPF_H
#define XDPCTL_ENTRY_BPF_H

#include "maps/lib/exit.bpf.h"
#include "maps/lib/parse.bpf.h"
#include "maps/lib/stages.bpf.h"

/* Null when there is no scratch, which cannot be. */
static __always_inline struct xdpctl_packet *take_packet(struct xdpctl_ctx *ctx, __u16 device, enum xdpctl_hook hook)
{
	struct xdpctl_packet *packet = scratch_packet();

	if (!packet)
		return 0;
	parse_packet(ctx, packet, hook);
	packet->device = device;
	packet->logs = 0;
	packet->behind = 0;
	return packet;
}

static __always_inline int judge(struct xdpctl_ctx *ctx, struct xdpctl_packet *packet)
{
	bpf_tail_call_static(ctx, &stages, XDPCTL_STAGE_CLASSIFY);

	packet->verdict = chain_policy();
	packet->reason = XDPCTL_REASON_STAGE_MISS;
	packet->rule = XDPCTL_NO_RULE;
	return finish(ctx, packet);
}

static __always_inline int enter(struct xdpctl_ctx *ctx, __u16 device, enum xdpctl_hook hook)
{
	struct xdpctl_packet *packet = take_packet(ctx, device, hook);

	return packet ? judge(ctx, packet) : stage_error(device, ctx_length(ctx));
}

#endif
