/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Looking keys up in sets. Each set of a chain is two maps, its image and what changed since the image was made
 * (maps/set.h), under a number of the generation.
 */
#ifndef XDPCTL_SET_BPF_H
#define XDPCTL_SET_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/lib/set_live.bpf.h"
#include "maps/set.h"

/*
 * image: one element, the whole image; its size is the generation's. Written by user space before programs see it;
 * afterwards only its filter.
 * live: a hash by key, or a LPM trie for sets of ranges: struct xdpctl_set_live. Elements are added and deleted by user
 * space; programs count in them. User space sets types and sizes of both.
 */
/* clang-format off */
#define SET(number)                                          \
	struct {                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY);            \
		__uint(max_entries, 1);                      \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(key_size, sizeof(__u32));             \
		__uint(value_size, sizeof(struct xdpctl_set_head)); \
	} set_image_##number SEC(".maps");                   \
	struct {                                             \
		__uint(type, BPF_MAP_TYPE_HASH);             \
		__uint(max_entries, 1);                      \
		__uint(map_flags, BPF_F_NO_PREALLOC);        \
		__uint(key_size, sizeof(struct xdpctl_set_key)); \
		__uint(value_size, sizeof(struct xdpctl_set_live)); \
	} set_live_##number SEC(".maps");
/* clang-format on */
SET(0)
SET(1)
SET(2)
SET(3)
SET(4)
SET(5)
SET(6)
SET(7)
SET(8)
SET(9)
SET(10)
SET(11)
SET(12)
SET(13)
SET(14)
SET(15)

/* By number; set before the program is loaded. */
const volatile __u64 set_forms[XDPCTL_SETS_MAX];

static __always_inline __u32 form_words(__u64 form)
{
	return form >> XDPCTL_SET_FORM_WORDS_SHIFT & XDPCTL_SET_FORM_WORDS_MASK;
}

static __noinline int ask_live(void *live, const __u32 *key, __u64 form, __u32 bytes)
{
	return ask_live_map(live, key, form_words(form), form & XDPCTL_SET_FORM_RANGED, bytes);
}

/* The form is known wherever this is called, and so are the widths and bounds in it. */
static __noinline int ask_image(const void *image, const __u32 *key, __u64 form)
{
	const struct xdpctl_set_parts *places = &((const struct xdpctl_set_head *)image)->parts;
	const __u64 end = form & XDPCTL_SET_FORM_END;

	switch (form_words(form)) {
	case 1:
		return xdpctl_set_image_holds(image, end, places, key, 1);
	case 2:
		return xdpctl_set_image_holds(image, end, places, key, 2);
	case 4:
		return xdpctl_set_image_holds(image, end, places, key, 4);
	default:
		return xdpctl_set_image_holds(image, end, places, key, XDPCTL_SET_KEY_WORDS);
	}
}

static __always_inline int find_in(const void *image, void *live, const __u32 *key, __u64 form, __u32 bytes)
{
	if (may_have_changed(image, key, form_words(form), form & XDPCTL_SET_FORM_RANGED)) {
		int answer = ask_live(live, key, form, bytes);

		if (answer != LIVE_NOTHING)
			return answer == LIVE_HELD;
	}
	return ask_image(image, key, form);
}

/* Key 0: the key of the lookup at hand, which is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_set_key);
} set_key SEC(".maps");

static __always_inline struct xdpctl_set_key *key_at_hand(void)
{
	const __u32 zero = 0;

	return bpf_map_lookup_elem(&set_key, &zero);
}

/*
 * Whether the set of that number holds the key at hand; `bytes` are what an element's counter counts. The verifier
 * follows it once, and not wherever it is called. It looks the key up itself, because older verifiers take no parameter
 * of such a function for the key of a map.
 */
__noinline int set_holds(__u32 number, __u32 bytes)
{
	const __u32 zero = 0;
	const struct xdpctl_set_key *at_hand = key_at_hand();
	const __u32 *key;
	const void *image;

	if (!at_hand)
		return false;
	key = at_hand->words;

	/* clang-format off */
	/* Where a set has no form the verifier ends, and asks for no maps. */
#define FIND_IN(number)                                                                          \
	case number:                                                                             \
		if (!set_forms[number])                                                          \
			return false;                                                            \
		image = bpf_map_lookup_elem(&set_image_##number, &zero);                         \
		return image && find_in(image, &set_live_##number, key, set_forms[number], bytes);
	switch (number) {
	FIND_IN(0)
	FIND_IN(1)
	FIND_IN(2)
	FIND_IN(3)
	FIND_IN(4)
	FIND_IN(5)
	FIND_IN(6)
	FIND_IN(7)
	FIND_IN(8)
	FIND_IN(9)
	FIND_IN(10)
	FIND_IN(11)
	FIND_IN(12)
	FIND_IN(13)
	FIND_IN(14)
	FIND_IN(15)
	}
	/* clang-format on */
	return false;
}

#endif
