/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What changed in a set since its image was made: the filter in front of the live map, and the map (maps/set.h). */
#ifndef XDPCTL_SET_LIVE_BPF_H
#define XDPCTL_SET_LIVE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "maps/set.h"

/* Key of a LPM trie: the bits that count, then the key in network byte order. */
struct set_prefix {
	__u32 length;
	__be32 words[4];
};

/* What changed for a key. */
enum live_answer {
	LIVE_NOTHING,
	LIVE_NOT_HELD,
	LIVE_HELD,
};

/* Whether something may have changed for the key. */
static __always_inline bool may_have_changed(const struct xdpctl_set_head *head, const __u32 *key, __u32 words,
					     bool ranged)
{
	if (!head->live)
		return false;
	return xdpctl_set_filter_holds(head, ranged ? xdpctl_set_filter_bit(key, words, true)
						    : xdpctl_set_filter_bit(key, 1, false));
}

/*
 * An element that has expired is none, whatever the image says: user space lets no element begin where another one,
 * expired or not, still stands.
 */
static __always_inline int ask_live_map(void *live, const __u32 *key, __u32 words, bool ranged, __u32 bytes)
{
	struct xdpctl_set_live *element;

	if (ranged) {
		struct set_prefix prefix = {.length = words * 32, .words = {bpf_htonl(key[0])}};

		if (words == 4) {
			prefix.words[1] = bpf_htonl(key[1]);
			prefix.words[2] = bpf_htonl(key[2]);
			prefix.words[3] = bpf_htonl(key[3]);
		}
		element = bpf_map_lookup_elem(live, &prefix);
	} else {
		element = bpf_map_lookup_elem(live, key);
	}
	if (!element)
		return LIVE_NOTHING;
	if (element->state != XDPCTL_SET_ADDED)
		return LIVE_NOT_HELD;
	if (element->expires && element->expires <= bpf_ktime_get_coarse_ns())
		return LIVE_NOT_HELD;
	if (element->counts) {
		__sync_fetch_and_add(&element->packets, 1);
		__sync_fetch_and_add(&element->bytes, bytes);
	}
	return LIVE_HELD;
}

#endif
