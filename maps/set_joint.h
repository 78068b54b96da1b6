/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One lookup for several sets of numbers: which of them hold an address. User space makes a joint image of the elements
 * of sets whose keys are alike, as numbers of 32 bits or of 128; what changed in one of the sets since then, the set's
 * own maps say (maps/set.h).
 *
 * What a number has is a mask, a bit for each set. Neighbours have the same one for the most part, so that both kinds
 * of image keep runs:
 *
 *   trie  of 32 bits, 16 + 8 + 8. A node says where among its 256 parts runs begin, and has what they contain behind
 * it, few of them in the same cache line. (Poptrie: Asai and Ohara, SIGCOMM 2015.) Nodes of the last level follow the
 * one above them, so that a packet waits for two or three lines of one page. tree  of 128 bits: as the ranges of
 * maps/set.h, with the mask of every run instead of in or out. Where runs begin inside one value of the upper 64 bits,
 * the run of this value names a list of its own.
 */
#ifndef XDPCTL_MAPS_SET_JOINT_H
#define XDPCTL_MAPS_SET_JOINT_H

#include "maps/set.h"

/* A bit for each set. */
#define XDPCTL_JOINT_SETS_MAX 16

static_assert(XDPCTL_SETS_MAX <= XDPCTL_JOINT_SETS_MAX, "a joint has room for all sets of a chain");

struct xdpctl_joint_parts {
	__u32 trie; /* offsets in the image; u32 contents */
	__u32 nodes;
	__u32 tree; /* u64 descriptors, as of ranges */
	__u32 boundaries;
	__u32 values;          /* u64 contents: after so many boundaries */
	__u32 fine_boundaries; /* u64: lower halves, each list's first one 0 */
	__u32 fine_masks;      /* u32, one a boundary */
	__u64 root;
};

/*
 * A packet's mask has two bits a set. With the upper one, XDPCTL_JOINT_KNOWN, the lower one says whether the set holds
 * the key. Else the lower one, XDPCTL_JOINT_CHANGED, says that the set has changed and is to be asked itself, and none
 * that the image was not asked. The image's head says what has changed; user space writes it before it changes a set.
 */
#define XDPCTL_JOINT_KNOWN_SHIFT 16

#define XDPCTL_JOINT_CHANGED(bit) (1U << (bit))
#define XDPCTL_JOINT_KNOWN(bit)   (1U << (bit) << XDPCTL_JOINT_KNOWN_SHIFT)

static_assert(XDPCTL_JOINT_SETS_MAX <= XDPCTL_JOINT_KNOWN_SHIFT, "two bits a set");

/* An image begins with it. */
struct xdpctl_joint_head {
	struct xdpctl_joint_parts parts;
	__u32 states; /* of the sets: XDPCTL_JOINT_KNOWN or XDPCTL_JOINT_CHANGED of each */
	/* The rest is not for programs. */
	__u32 words; /* of a key: 1 or 4 */
	__u32 set_count;
	__u32 sets[XDPCTL_JOINT_SETS_MAX]; /* ids of the maps of their images, by bit */
	__u32 reserved[3];
};

static_assert(sizeof(struct xdpctl_joint_head) == 128, "pinned");

/* Contents of 32 bits are a mask, or the place of a node in lines, above this bit. */
#define XDPCTL_JOINT_PARTED 1U

#define XDPCTL_JOINT_LINE 64U

/* Behind it runs of u32 contents, or of u16 masks in the last level. */
struct xdpctl_joint_node {
	__u64 starts[4]; /* the first part of a quarter always starts a run */
	__u8 before[4];  /* runs of the quarters before */
};

#define XDPCTL_JOINT_RUNS 36U /* where they begin in a node */

static_assert(offsetof(struct xdpctl_joint_node, before) + 4 == XDPCTL_JOINT_RUNS, "runs follow");

/*
 * Contents of 64 bits, told from descriptors by their kind (bits 0..1): a mask (bits 32..63), or a list of fine
 * boundaries: how many (bits 8..31), the first of them (bits 32..63).
 */
#define XDPCTL_JOINT_MASK 0U
#define XDPCTL_JOINT_FINE 1U

/* What a packet has once the image was asked: never 0. `mask`: which sets the image says hold the key. */
static __always_inline __u32 xdpctl_joint_answer(const struct xdpctl_joint_head *head, __u32 mask)
{
	return mask | head->states;
}

/* Where in a node the run of a part is: how many runs before it. */
static __always_inline __u64 xdpctl_joint_run(const struct xdpctl_joint_node *node, __u32 part)
{
	__u64 upto = (2ULL << (part & 63)) - 1;

	return (__u64)node->before[part >> 6] + xdpctl_set_count(node->starts[part >> 6] & upto) - 1;
}

static __always_inline __u32 xdpctl_joint_mask32(const void *image, __u64 end, const struct xdpctl_joint_parts *places,
						 __u32 number)
{
	const __u32 *entry =
		(const __u32 *)xdpctl_set_at(image, end, places->trie + (__u64)(number >> 16) * sizeof(*entry));
	__u64 content = *entry, place;

	if (!(content & XDPCTL_JOINT_PARTED))
		return (__u32)(content >> 1);
	place = places->nodes + (content >> 1) * XDPCTL_JOINT_LINE;
	place += XDPCTL_JOINT_RUNS +
		 sizeof(*entry) * xdpctl_joint_run((const struct xdpctl_joint_node *)xdpctl_set_at(image, end, place),
						   number >> 8 & 255);
	entry = (const __u32 *)xdpctl_set_at(image, end, place);
	content = *entry;
	if (!(content & XDPCTL_JOINT_PARTED))
		return (__u32)(content >> 1);
	place = places->nodes + (content >> 1) * XDPCTL_JOINT_LINE;
	place += XDPCTL_JOINT_RUNS +
		 sizeof(__u16) * xdpctl_joint_run((const struct xdpctl_joint_node *)xdpctl_set_at(image, end, place),
						  number & 255);
	return *(const __u16 *)xdpctl_set_at(image, end, place);
}

static __always_inline __u32 xdpctl_joint_mask128(const void *image, __u64 end, const struct xdpctl_joint_parts *places,
						  const __u32 *key)
{
	__u64 high = (__u64)key[0] << 32 | key[1], low = (__u64)key[2] << 32 | key[3];
	__u64 content = xdpctl_set_descend(image, end, places->tree, places->root, high);

	if ((content & 3) == XDPCTL_SET_LIST) {
		__u64 first = content >> 32;
		__u32 below = xdpctl_set_boundaries_below(image, end, places->boundaries + first * sizeof(__u64),
							  (__u32)(content >> 8) & 0xffffff, high);
		content = *(const __u64 *)xdpctl_set_at(image, end, places->values + (first + below) * sizeof(__u64));
	}
	if ((content & 3) == XDPCTL_JOINT_MASK)
		return (__u32)(content >> 32);
	__u64 first = content >> 32;
	__u32 below = xdpctl_set_boundaries_below(image, end, places->fine_boundaries + first * sizeof(__u64),
						  (__u32)(content >> 8) & 0xffffff, low);

	return *(const __u32 *)xdpctl_set_at(image, end, places->fine_masks + (first + below - 1) * sizeof(__u32));
}

#endif
