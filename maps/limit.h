/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The buckets of rules with a limit. */
#ifndef XDPCTL_MAPS_LIMIT_H
#define XDPCTL_MAPS_LIMIT_H

#include <linux/bpf.h>
#include <linux/types.h>

/* Rules of all tables that can have a limit, and room for as many more: all can be replaced at once. */
#define XDPCTL_LIMITS_MAX  8192
#define XDPCTL_LIMIT_SLOTS (2 * XDPCTL_LIMITS_MAX)

/*
 * Element of map `limits`, indexed by limit slot. Tokens are nanoseconds, as nft_limit.c has them: those since the
 * bucket was empty, `capacity` at most. That moment is all that packets change.
 */
struct xdpctl_limit {
	struct bpf_spin_lock lock; /* of empty_since, on kernels before 5.12 */
	__u32 is_over; /* holds when the tokens are too few */
	__s64 empty_since; /* monotonic clock */
	__u64 capacity;
	__u64 period; /* a packet takes period * bytes / rate */
	__u64 rate; /* 0: a packet takes the whole period, whatever its length */
	__u32 bytes_max; /* of a packet: for longer ones there are never enough */
	__u32 reserved;
	__u64 handle; /* of the rule; 0: nobody ever had it. For user space */
	__u64 reserved2;
};

/* empty_since of a full bucket. */
#define XDPCTL_LIMIT_FULL ((__s64)(-0x7fffffffffffffffLL - 1))

/* The map, as an immediate of the function in maps/limit.bpf.c, until user space puts it there. */
#define XDPCTL_LIMIT_CONSTANTS 0x3b6cf24100000000ULL

static_assert(sizeof(struct xdpctl_limit) == 64, "a cache line");

#endif
