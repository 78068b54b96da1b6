/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Sets that are looked up instead of compared: the image of a set's elements, which the compiler writes and the
 * programs read, the elements that change while it runs, and the functions that both sides must compute alike.
 *
 * A key is a row of words, most significant first, in host byte order and aligned to the left: a port is the upper half
 * of one word, an Ethernet address the first 48 bits of four. An image has up to three parts:
 *
 *   trie    numbers of up to 32 bits, 16 + 8 + 8. The first level says of each 65,536th part of the numbers whether the
 *           set holds none or all of them, or which node has its 256 parts. A node is one cache line of two bits a part:
 *           none, all or some; those that are held in part have a bitmap of their 256 numbers. Nothing is searched and
 *           nothing is larger than what the set's spread asks for, so that a packet waits for one or two loads.
 *   ranges  wider numbers. Sorted boundaries of the upper 64 bits, at each of which membership changes, and a radix tree
 *           over them whose fan-out follows their number. Ranges inside one value of the upper half follow on their own.
 *   hash    whole keys: two buckets of four a key.
 */
#ifndef XDPCTL_MAPS_SET_H
#define XDPCTL_MAPS_SET_H

#include <linux/stddef.h>
#include <linux/types.h>

#define XDPCTL_SET_KEY_WORDS 16 /* 64 bytes, as nftables' longest concatenation */

struct xdpctl_set_key {
	__u32 words[XDPCTL_SET_KEY_WORDS];
};

/*
 * Changes of a running set are kept apart from its image, in a map that user space changes element by element. The
 * filter says which of them a key may meet; it is the only part of an image that changes.
 */
#define XDPCTL_SET_FILTER_BITS  16
#define XDPCTL_SET_FILTER_WORDS (1 << (XDPCTL_SET_FILTER_BITS - 6))

/* Where the parts of an image are; what programs have as immediates. */
struct xdpctl_set_parts {
	__u32 trie; /* offsets in the image; 0: the part is not there */
	__u32 nodes;
	__u32 leaf_bases; /* of the trie: four a node, the first leaf of each quarter */
	__u32 leaves;
	__u32 tree;       /* of the ranges: u64 descriptors */
	__u32 boundaries; /* u64 */
	__u32 fine;       /* struct xdpctl_set_fine_range */
	__u32 fine_count;
	__u64 root; /* descriptor */
	__u32 hash; /* keys, slot by slot; one of the set's stands where nothing else does */
	__u32 hash_buckets;
	__u64 hash_seed;
};

struct xdpctl_set_head {
	struct xdpctl_set_parts parts;
	__u32 words; /* of a key: 1, 2, 4 or 16 */
	__u32 live;  /* something is in the live map: ask the filter */
	/* The rest is not for programs. */
	__u32 elements; /* as they are listed */
	__u32 wide;     /* elements are pairs of 16 bytes, else of four; a pair for every part of the key */
	__u64 element_count;
	__u32 notes; /* what elements have beside their keys */
	__u32 notes_size;
	__u32 changes; /* elements that were added or deleted since */
	__u32 size;    /* of the whole image */
	__u32 reserved[8];
	__u64 filter[XDPCTL_SET_FILTER_WORDS];
};

static_assert(sizeof(struct xdpctl_set_head) == 128 + 8 * XDPCTL_SET_FILTER_WORDS, "pinned");

/* Entries of the trie's first level. Others are node numbers above these. */
#define XDPCTL_SET_NONE       0U
#define XDPCTL_SET_ALL        1U
#define XDPCTL_SET_NODE_FIRST 2U
#define XDPCTL_SET_TRIE_SIZE  65536U

struct xdpctl_set_node {
	__u64 all[4];
	__u64 some[4];
};

struct xdpctl_set_leaf {
	__u32 bits[8];
};

/* Range of keys that agree in the upper 64 bits. */
struct xdpctl_set_fine_range {
	__u64 high;
	__u64 first;
	__u64 last;
	__u64 reserved;
};

/*
 * Descriptors of the ranges' tree:
 *   kind in bits 0..1
 *   XDPCTL_SET_LIST: boundaries (bits 8..31), the first of them (bits 32..63). The set holds what has an odd number of
 *                    boundaries below or at it.
 *   XDPCTL_SET_TREE: place of the bits that choose (bits 2..7), how many (bits 8..12), first of its descriptors
 *                    (bits 32..63)
 */
#define XDPCTL_SET_LIST 2U
#define XDPCTL_SET_TREE 3U

#define XDPCTL_SET_TREE_DEPTH_MAX 12
#define XDPCTL_SET_SEARCH_MAX     26 /* steps: 2^25 elements */

/* No part of an image ends closer to the image's end, so that one comparison bounds every read. */
#define XDPCTL_SET_TAIL 256U

/*
 * The verifier knows `end`, the size of the image's map less the tail, as a number, and forgets here what it knew about
 * the offset.
 */
static __always_inline const void *xdpctl_set_at(const void *image, __u64 end, __u64 offset)
{
	asm volatile("" : "+r"(offset));
	return offset > end ? image : (const char *)image + offset;
}

/* Bits that are set. BPF has no instruction for it. */
static __always_inline __u32 xdpctl_set_count(__u64 bits)
{
	bits -= bits >> 1 & 0x5555555555555555ULL;
	bits = (bits & 0x3333333333333333ULL) + (bits >> 2 & 0x3333333333333333ULL);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (__u32)((bits * 0x0101010101010101ULL) >> 56);
}

static __always_inline __u32 xdpctl_set_trie_holds(const void *image, __u64 end, const struct xdpctl_set_parts *places,
						   __u32 number)
{
	const __u32 *entry =
		(const __u32 *)xdpctl_set_at(image, end, places->trie + (__u64)(number >> 16) * sizeof(*entry));
	__u64 node = *entry;

	if (node < XDPCTL_SET_NODE_FIRST)
		return (__u32)node;
	node -= XDPCTL_SET_NODE_FIRST;
	__u32 quarter = number >> 14 & 3, bit = number >> 8 & 63;
	const struct xdpctl_set_node *parts = (const struct xdpctl_set_node *)xdpctl_set_at(
		image, end, places->nodes + node * sizeof(struct xdpctl_set_node));
	__u64 some = parts->some[quarter];

	if (!(some >> bit & 1))
		return (__u32)(parts->all[quarter] >> bit) & 1;
	const __u32 *base =
		(const __u32 *)xdpctl_set_at(image, end, places->leaf_bases + (node * 4 + quarter) * sizeof(*base));
	__u64 leaf = *base + xdpctl_set_count(some & ((1ULL << bit) - 1));
	const __u32 *bits = (const __u32 *)xdpctl_set_at(
		image, end, places->leaves + leaf * sizeof(struct xdpctl_set_leaf) + (number >> 5 & 7) * sizeof(*bits));

	return *bits >> (number & 31) & 1;
}

/* Where a comparison would do: LLVM makes branches of those, which no predictor guesses. */
static __always_inline __u64 xdpctl_set_top_bit(__u64 bits)
{
	asm volatile("" : "+r"(bits));
	return bits >> 63;
}

/* 1 when left is less than right: the borrow of their difference. */
static __always_inline __u64 xdpctl_set_less(__u64 left, __u64 right)
{
	return xdpctl_set_top_bit((~left & right) | ((~left | right) & (left - right)));
}

/* Boundaries of a list at or below the number. */
static __always_inline __u32 xdpctl_set_boundaries_below(const void *image, __u64 end, __u64 boundaries, __u32 count,
							 __u64 number)
{
	__u64 first = 0;

	for (int step = 0; step < XDPCTL_SET_SEARCH_MAX && count; step++) {
		__u32 half = (count + 1) / 2;
		const __u64 *boundary =
			(const __u64 *)xdpctl_set_at(image, end, boundaries + (first + half - 1) * sizeof(*boundary));
		__u64 above = xdpctl_set_less(number, *boundary);

		first += half & (above - 1);
		count -= half;
	}
	return (__u32)first;
}

static __always_inline __u64 xdpctl_set_is_zero(__u64 bits)
{
	return xdpctl_set_top_bit(~bits & (bits - 1));
}

/* The first range that does not end before the key is the only one that can hold it. */
static __always_inline __u32 xdpctl_set_fine_holds(const void *image, __u64 end, const struct xdpctl_set_parts *places,
						   __u64 high, __u64 low)
{
	const struct xdpctl_set_fine_range *range;
	__u32 count = places->fine_count;
	__u64 first = 0;

	for (int step = 0; step < XDPCTL_SET_SEARCH_MAX && count; step++) {
		__u32 half = (count + 1) / 2;

		range = (const struct xdpctl_set_fine_range *)xdpctl_set_at(
			image, end, places->fine + (first + half - 1) * sizeof(*range));
		__u64 ends_before = xdpctl_set_less(range->high, high) |
				    (xdpctl_set_is_zero(range->high ^ high) & xdpctl_set_less(range->last, low));

		first += half & -ends_before;
		count -= half;
	}
	range = (const struct xdpctl_set_fine_range *)xdpctl_set_at(image, end, places->fine + first * sizeof(*range));
	return first < places->fine_count && range->high == high && range->first <= low;
}

/* The first descriptor on the number's way that is no tree. */
static __always_inline __u64 xdpctl_set_descend(const void *image, __u64 end, __u32 tree, __u64 descriptor,
						__u64 number)
{
	for (int level = 0; level < XDPCTL_SET_TREE_DEPTH_MAX && (descriptor & 3) == XDPCTL_SET_TREE; level++) {
		__u64 chosen = number >> (descriptor >> 2 & 63) & ((1ULL << (descriptor >> 8 & 31)) - 1);
		const __u64 *child =
			(const __u64 *)xdpctl_set_at(image, end, tree + ((descriptor >> 32) + chosen) * sizeof(*child));

		descriptor = *child;
	}
	return descriptor;
}

static __always_inline __u32 xdpctl_set_ranges_hold(const void *image, __u64 end, const struct xdpctl_set_parts *places,
						    const __u32 *key)
{
	__u64 high = (__u64)key[0] << 32 | key[1];
	__u64 descriptor = xdpctl_set_descend(image, end, places->tree, places->root, high);
	__u32 held = (__u32)descriptor & 3;

	if (held == XDPCTL_SET_LIST) {
		__u32 below =
			xdpctl_set_boundaries_below(image, end, places->boundaries + (descriptor >> 32) * sizeof(__u64),
						    (__u32)(descriptor >> 8) & 0xffffff, high);
		held = ((__u32)(descriptor >> 32) ^ below) & 1;
	}
	if (held || !places->fine_count)
		return held;
	return xdpctl_set_fine_holds(image, end, places, high, (__u64)key[2] << 32 | key[3]);
}

#define XDPCTL_SET_HASH_SLOTS 4
#define XDPCTL_SET_HASH_1     0x9e3779b97f4a7c15ULL
#define XDPCTL_SET_HASH_2     0xbf58476d1ce4e5b9ULL

static __always_inline __u64 xdpctl_set_hash(const __u32 *key, __u32 words, __u64 seed)
{
	__u64 hash = seed;

	for (__u32 word = 0; word < words; word++)
		hash = (hash ^ key[word]) * XDPCTL_SET_HASH_1;
	hash = (hash ^ hash >> 32) * XDPCTL_SET_HASH_2;
	return hash ^ hash >> 29;
}

/*
 * 0 when they are the same. The words of long keys are counted out of the compiler's sight: it would keep all of them
 * on the stack, of which there is little.
 */
static __always_inline __u64 xdpctl_set_keys_differ(const __u32 *left, const __u32 *right, __u32 words)
{
	__u32 differ = 0;

	if (words > 4)
		asm volatile("" : "+r"(words));
	for (__u32 word = 0; word < words; word++)
		differ |= left[word] ^ right[word];
	return differ;
}

static __always_inline __u64 xdpctl_set_bucket(__u32 hash, __u32 buckets)
{
	return (__u64)hash * buckets >> 32;
}

/* REQUIRES: `words` is the head's, known when compiled. */
static __always_inline __u32 xdpctl_set_hash_holds(const void *image, __u64 end, const struct xdpctl_set_parts *places,
						   const __u32 *key, __u32 words)
{
	const __u64 size = (__u64)words * sizeof(__u32) * XDPCTL_SET_HASH_SLOTS;
	__u64 hash = xdpctl_set_hash(key, words, places->hash_seed);
	const __u32 *one = (const __u32 *)xdpctl_set_at(
		image, end, places->hash + xdpctl_set_bucket((__u32)hash, places->hash_buckets) * size);
	const __u32 *other = (const __u32 *)xdpctl_set_at(
		image, end, places->hash + xdpctl_set_bucket((__u32)(hash >> 32), places->hash_buckets) * size);
	__u64 found = 0;

	/* A difference of 0 borrows. Without branches, because which slot it is cannot be predicted. */
	for (__u32 slot = 0; slot < XDPCTL_SET_HASH_SLOTS; slot++) {
		found |= xdpctl_set_keys_differ(one + slot * words, key, words) - 1;
		found |= xdpctl_set_keys_differ(other + slot * words, key, words) - 1;
	}
	return (__u32)xdpctl_set_top_bit(found);
}

/*
 * Whether the image, changes left aside, holds the key. REQUIRES: `places` are the head's, `words` is the number of the
 * set's words rounded up to one that a hash can have, known when compiled.
 */
static __always_inline __u32 xdpctl_set_image_holds(const void *image, __u64 end, const struct xdpctl_set_parts *places,
						    const __u32 *key, __u32 words)
{
	__u32 held = 0;

	if (words == 1 && places->trie)
		held = xdpctl_set_trie_holds(image, end, places, key[0]);
	else if (words == 4 && places->tree)
		held = xdpctl_set_ranges_hold(image, end, places, key);
	if (held || !places->hash)
		return held;
	return xdpctl_set_hash_holds(image, end, places, key, words);
}

/* Bit of the filter for a key. Keys of a prefix share it, or few bits, when they agree in the first word. */
static __always_inline __u32 xdpctl_set_filter_bit(const __u32 *key, __u32 words, bool ranged)
{
	if (ranged && words == 1)
		return key[0] >> (32 - XDPCTL_SET_FILTER_BITS);
	return (__u32)(xdpctl_set_hash(key, 1, 0) >> (64 - XDPCTL_SET_FILTER_BITS));
}

static __always_inline bool xdpctl_set_filter_holds(const struct xdpctl_set_head *head, __u32 bit)
{
	return head->filter[bit / 64 & (XDPCTL_SET_FILTER_WORDS - 1)] >> (bit & 63) & 1;
}

/*
 * What a program has to know about a set beforehand: the size of its image less the tail, the words of a key, and
 * whether the live elements are prefixes.
 */
#define XDPCTL_SET_FORM_END         0xffffffffULL
#define XDPCTL_SET_FORM_WORDS_SHIFT 32
#define XDPCTL_SET_FORM_WORDS_MASK  31
#define XDPCTL_SET_FORM_RANGED      (1ULL << 40)

/* Sets that the rules of one chain can look keys up in. */
#define XDPCTL_SETS_MAX 16

/*
 * What a lookup for generated rules (maps/set_lookup.bpf.c) has as immediates, which user space puts into a copy of its
 * instructions for every set, or for every joint image (maps/set_joint.h). Until then an immediate is
 * XDPCTL_SET_CONSTANTS + its number.
 */
#define XDPCTL_SET_CONSTANTS 0x5e7c0a9200000000ULL

enum xdpctl_set_constant {
	XDPCTL_SET_IMAGE,          /* address of the image in its map */
	XDPCTL_SET_LIVE,           /* address of the live map */
	XDPCTL_SET_END,            /* size of the image less the tail */
	XDPCTL_SET_RANGED,         /* 1: the live map is a LPM trie */
	XDPCTL_SET_PART32 = 0x100, /* and offset of the member in xdpctl_set_parts, or xdpctl_joint_parts */
	XDPCTL_SET_PART64 = 0x200,
};

/* Value of an element that was added or deleted while the set runs. */
enum xdpctl_set_state {
	XDPCTL_SET_DELETED = 0, /* whatever the image says */
	XDPCTL_SET_ADDED = 1,
};

struct xdpctl_set_live {
	__u64 expires; /* monotonic clock, nanoseconds; 0: never */
	__u64 timeout; /* nanoseconds; as it was given */
	__u64 packets;
	__u64 bytes;
	__u32 state; /* enum xdpctl_set_state */
	__u32 counts;
};

static_assert(sizeof(struct xdpctl_set_live) == 40, "pinned");

#endif
