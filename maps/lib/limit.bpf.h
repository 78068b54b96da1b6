/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The limit statement: one bucket for all CPUs. */
#ifndef XDPCTL_LIMIT_BPF_H
#define XDPCTL_LIMIT_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include "maps/limit.h"

static __always_inline __s64 tokens_in(const struct xdpctl_limit *limit, __s64 empty_since, __s64 now)
{
	const __s64 capacity = limit->capacity;

	return empty_since < now - capacity ? capacity : now - empty_since;
}

static __always_inline bool take_under_lock(struct xdpctl_limit *limit, __s64 cost, __s64 now)
{
	bpf_spin_lock(&limit->lock);
	const __s64 tokens = tokens_in(limit, limit->empty_since, now);

	if (tokens >= cost)
		limit->empty_since = now - (tokens - cost);
	bpf_spin_unlock(&limit->lock);
	return tokens >= cost;
}

/* Others have to take tokens within one look as often as this tries, before it gives up. */
#define TAKING_TRIES 16

static __always_inline bool take_at_once(struct xdpctl_limit *limit, __s64 cost, __s64 now)
{
	for (int i = 0; i < TAKING_TRIES; i++) {
		const __s64 since = *(volatile __s64 *)&limit->empty_since;
		const __s64 tokens = tokens_in(limit, since, now);

		if (tokens < cost)
			return false;
		if (__sync_val_compare_and_swap(&limit->empty_since, since, now - (tokens - cost)) == since)
			return true;
	}
	return false;
}

/*
 * Takes the packet's tokens if there are as many. The moment when the bucket was empty only moves on, so that a look
 * that finds too few is right, and packets over the rate write nothing. `at_once`: with a compare and exchange of 64
 * bits, which kernels before 5.12 do not have. The clock may be a little behind when the tokens are taken (no helper can
 * be called under a lock), which gives none away twice.
 */
static __always_inline bool take_tokens(struct xdpctl_limit *limit, __u32 bytes, bool at_once)
{
	if (bytes > limit->bytes_max)
		return false;
	const __s64 cost = limit->rate ? limit->period * bytes / limit->rate : limit->period;

	if (!cost)
		return true;
	const __s64 now = bpf_ktime_get_ns();

	if (at_once)
		return take_at_once(limit, cost, now);
	return tokens_in(limit, *(volatile __s64 *)&limit->empty_since, now) >= cost && take_under_lock(limit, cost, now);
}

/* Whether the limit holds for a packet of so many bytes. */
static __always_inline bool limit_in_map_holds(void *limits, __u32 slot, __u32 bytes, bool at_once)
{
	struct xdpctl_limit *limit = bpf_map_lookup_elem(limits, &slot);

	return limit && take_tokens(limit, bytes, at_once) == !limit->is_over;
}

#endif
