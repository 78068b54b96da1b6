/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Looking keys up for generated rules. The programs here are never loaded: user space copies the instructions of one
 * for every set that rules look keys up in, puts the set's constants into them (enum xdpctl_set_constant) and calls the
 * copy as a function. Half of what a lookup would take goes into finding the set; here it is known.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/lib/set_live.bpf.h"
#include "maps/set.h"
#include "maps/set_joint.h"

static __always_inline __u64 constant(__u32 number)
{
	__u64 value;

	asm("%0 = %1 ll" : "=r"(value) : "i"(XDPCTL_SET_CONSTANTS + number));
	return value;
}

/* clang-format off */
#define PART(type, member)                                                                              \
	.member = constant((sizeof(((struct type *)0)->member) == 8 ? XDPCTL_SET_PART64 : XDPCTL_SET_PART32) + \
			   offsetof(struct type, member))
/* clang-format on */

static __always_inline int holds(const __u32 *key, __u32 bytes, __u32 words)
{
	const struct xdpctl_set_head *image = (const struct xdpctl_set_head *)constant(XDPCTL_SET_IMAGE);
	const struct xdpctl_set_parts places = {
		PART(xdpctl_set_parts, trie),         PART(xdpctl_set_parts, nodes),
		PART(xdpctl_set_parts, leaf_bases),   PART(xdpctl_set_parts, leaves),
		PART(xdpctl_set_parts, tree),         PART(xdpctl_set_parts, boundaries),
		PART(xdpctl_set_parts, fine),         PART(xdpctl_set_parts, fine_count),
		PART(xdpctl_set_parts, root),         PART(xdpctl_set_parts, hash),
		PART(xdpctl_set_parts, hash_buckets), PART(xdpctl_set_parts, hash_seed),
	};
	const bool ranged = (words == 1 || words == 4) && constant(XDPCTL_SET_RANGED);

	if (may_have_changed(image, key, words, ranged)) {
		int answer = ask_live_map((void *)constant(XDPCTL_SET_LIVE), key, words, ranged, bytes);

		if (answer != LIVE_NOTHING)
			return answer == LIVE_HELD;
	}
	return xdpctl_set_image_holds(image, constant(XDPCTL_SET_END), &places, key, words);
}

/* Whether the set holds the key; `bytes` are what an element's counter counts. One for every width of keys, in words.
 */
/* clang-format off */
#define SET_HOLDS(words)                                     \
	SEC("xdp")                                           \
	int set_holds_##words(const __u32 *key, __u32 bytes) \
	{                                                    \
		return holds(key, bytes, words);             \
	}
/* clang-format on */
SET_HOLDS(1)
SET_HOLDS(2)
SET_HOLDS(4)
SET_HOLDS(16)

static __always_inline int joint_answer(const __u32 *key, __u32 words)
{
	const struct xdpctl_joint_head *image = (const struct xdpctl_joint_head *)constant(XDPCTL_SET_IMAGE);
	const __u64 end = constant(XDPCTL_SET_END);
	const struct xdpctl_joint_parts places = {
		PART(xdpctl_joint_parts, trie),       PART(xdpctl_joint_parts, nodes),
		PART(xdpctl_joint_parts, tree),       PART(xdpctl_joint_parts, boundaries),
		PART(xdpctl_joint_parts, values),     PART(xdpctl_joint_parts, fine_boundaries),
		PART(xdpctl_joint_parts, fine_masks), PART(xdpctl_joint_parts, root),
	};

	return xdpctl_joint_answer(image, words == 1 ? xdpctl_joint_mask32(image, end, &places, key[0])
						     : xdpctl_joint_mask128(image, end, &places, key));
}

/* Which of several sets hold the key, as maps/set_joint.h has it in a packet. */
SEC("xdp")
int joint_answer_1(const __u32 *key)
{
	return joint_answer(key, 1);
}

SEC("xdp")
int joint_answer_4(const __u32 *key)
{
	return joint_answer(key, 4);
}

char _license[] SEC("license") = "Dual BSD/GPL";
