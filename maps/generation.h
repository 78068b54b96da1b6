/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The stored ruleset of a generation: what is pinned beside the programs it was compiled to. */
#ifndef XDPCTL_MAPS_GENERATION_H
#define XDPCTL_MAPS_GENERATION_H

#include <linux/types.h>

/*
 * Version of everything that is pinned: layout of the state directory, names and values of the maps, tail-call slots.
 * Raised with every change that makes older pins unreadable.
 */
#define XDPCTL_LAYOUT_VERSION 6

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

/* Where records lie in the map `tables` (maps/tuple_tree.h). */
struct xdpctl_records {
	__u32 offset; /* in bytes */
	__u32 count;
};

/*
 * The only value of map `overlay`: which of a chain's rules its tables do not have, and where those are that they have.
 * Written once, then frozen.
 */
struct xdpctl_overlay {
	__u32 front; /* the first ones */
	__u32 behind; /* the last ones */
	struct xdpctl_records records4;
	struct xdpctl_records records6;
	__u32 erases; /* this generation takes a rule out of the tables: */
	__u32 erased; /* the one with this slot */
};

#endif
