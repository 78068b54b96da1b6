/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* An entry that notes when a packet came and when it was parsed: in the place of a device's entry while somebody asks.
 */
#ifndef XDPCTL_TIMED_ENTRY_BPF_H
#define XDPCTL_TIMED_ENTRY_BPF_H

#include "maps/lib/entry.bpf.h"
#include "maps/lib/times.bpf.h"

static __always_inline int enter_timed(struct xdpctl_ctx *ctx, __u16 device, enum xdpctl_hook hook)
{
	const __u64 begin = bpf_ktime_get_ns();
	struct xdpctl_packet *packet = take_packet(ctx, device, hook);
	struct xdpctl_entry_times *times = times_at_hand();

	if (!packet)
		return stage_error(device, ctx_length(ctx));
	if (times) {
		times->begin = begin;
		times->parsed = bpf_ktime_get_ns();
	}
	return judge(ctx, packet);
}

#endif
