// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What xdpctl is measured against and with, at XDP. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include "maps/lib/ctx_xdp.bpf.h"
#include "bench/bpf/programs.bpf.h"

/* Of the sender: the device that its frames leave by, and the least time between two of them. */
const volatile __u32 out_ifindex;
const volatile __u32 gap_nanoseconds;

/* How often the sender looks at the clock for a gap to end. */
#define GAP_TURNS 64

static __u64 next_frame_at;
static __u8 addresses; /* given out so far */

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

static __always_inline void wait_for_gap(void)
{
	for (int i = 0; i < GAP_TURNS && bpf_ktime_get_ns() < next_frame_at; i++)
		;
	next_frame_at = bpf_ktime_get_ns() + gap_nanoseconds;
}

/*
 * Sends an IPv4 frame. The test run uses its pages again and again: each gets a source address the first time (the last
 * byte is 0 then) and keeps it. So addresses are spread, and the receiver is not charged for fetching a header from the
 * cache of the CPU that has just written it, which a device's driver hides by prefetching.
 */
SEC("xdp")
int sender(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	__u8 *last;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	wait_for_gap();
	last = (__u8 *)&ip->saddr + 3;
	if (!*last)
		*last = ++addresses;
	return bpf_redirect(out_ifindex, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
