/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The stored ruleset of a generation: what is pinned beside the programs it was compiled to. */
#ifndef XDPCTL_MAPS_GENERATION_H
#define XDPCTL_MAPS_GENERATION_H

#include <linux/types.h>

/*
 * Version of everything that is pinned: layout of the state directory, names and values of the maps, tail-call slots.
 * Raised with every change that makes older pins unreadable.
 */
#define XDPCTL_LAYOUT_VERSION 5

/*
 * Head of the only value of map `ruleset`; the canonical text follows, without a terminating zero, up to the end of the
 * value. Written once by the CLI, then frozen.
 */
struct xdpctl_generation {
	__u32 layout_version; /* stays the first member in every version */
	__u32 text_length;
	__u64 number; /* counts commits */
	__u64 last_handle; /* the highest handle ever given out */
	__u32 sets; /* whose elements are not in the text, but in maps of their own (maps/set.h) */
	__u32 reserved;
};

static_assert(sizeof(struct xdpctl_generation) == 32, "pinned");

/* The only value of map `overlay`: how many of a chain's rules its tables do not have. Written once, then frozen. */
struct xdpctl_overlay {
	__u32 front; /* the first ones */
	__u32 behind; /* the last ones */
};

#endif
