// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sends the frames of a live test run by a device. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* The device that frames leave by, the least time between two of them, and how many source addresses they have. */
const volatile __u32 out_ifindex;
const volatile __u32 gap_nanoseconds;
const volatile __u16 sources;

/* How often the sender looks at the clock for a gap to end. */
#define GAP_TURNS 64

static __u64 next_frame_at;
static __u16 last_source;

static __always_inline void wait_for_gap(void)
{
	for (int i = 0; i < GAP_TURNS && bpf_ktime_get_ns() < next_frame_at; i++)
		;
	next_frame_at = bpf_ktime_get_ns() + gap_nanoseconds;
}

/*
 * Sends an IPv4 frame with the IP identification 0xffff. The test run uses its pages again and again: each gets a
 * source address the first time (the last two bytes are 0 then) and keeps it. So addresses are spread, and the receiver
 * is not charged for fetching a header from the cache of the CPU that has just written it, which a device's driver
 * hides by prefetching. What the address gains the identification loses: the checksum stays right.
 */
SEC("xdp")
int sender(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	__be16 *source;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	wait_for_gap();
	source = (__be16 *)&ip->saddr + 1;
	if (!*source) {
		last_source = last_source < sources ? last_source + 1 : 1;
		*source = bpf_htons(last_source);
		ip->id = ~*source;
	}
	return bpf_redirect(out_ifindex, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
