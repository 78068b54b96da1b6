/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tests of what rule records do not hold: fields outside the key, and sets too large for it. */
#ifndef XDPCTL_RESIDUAL_BPF_H
#define XDPCTL_RESIDUAL_BPF_H

#include <bpf/bpf_endian.h>

#include "maps/lib/loop.bpf.h"
#include "maps/lib/set.bpf.h"
#include "maps/lib/set_joint.bpf.h"
#include "maps/lib/tuple_tables.bpf.h"

#define PACKET_WORDS (sizeof(struct xdpctl_packet) / sizeof(__u32))

struct residual_value {
	__u64 high;
	__u64 low;
};

static __always_inline __u32 packet_word(const struct xdpctl_packet *packet, __u32 index)
{
	return index < PACKET_WORDS ? ((const __u32 *)packet)[index] : 0;
}

/* Bytes 14 and 15 of a frame with an offloaded tag are the tag; what follows lies four bytes further to the front. */
static __always_inline bool link_bytes(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet, __u32 offset,
				       __u32 size, __u32 *value)
{
	__be32 bytes = 0;

	if (offset >= 14 && ctx_has_offloaded_tag(ctx)) {
		if (offset < 16) {
			*value = (__u32)packet->vlan_tci[0] << (8 * (offset - 14)) >> (8 * (2 - size)) &
				 (size == 2 ? 0xffff : 0xff);
			return true;
		}
		offset -= 4;
	}
	if (!ctx_load_bytes(ctx, offset, &bytes, size))
		return false;
	*value = bpf_ntohl(bytes) >> (32 - 8 * size);
	return true;
}

static __always_inline bool frame_bytes(struct xdpctl_ctx *ctx, __u32 offset, __u32 size, __u32 *value)
{
	__be32 bytes = 0;

	if (!ctx_load_bytes(ctx, offset, &bytes, size))
		return false;
	*value = bpf_ntohl(bytes) >> (32 - 8 * size);
	return true;
}

/* What a test looks at; false when the packet does not have it. */
static __always_inline bool residual_part(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet,
					  const struct xdpctl_residual *test, __u32 *value)
{
	__u32 offset = test->offset;
	__u32 size = (test->bytes - 1 & 3) + 1; /* what it is, for verifiers that want to see that it is not 0 */

	switch (test->kind) {
	case XDPCTL_RESIDUAL_RANDOM:
		*value = bpf_get_prandom_u32();
		return true;
	case XDPCTL_RESIDUAL_CPU:
		*value = bpf_get_smp_processor_id();
		return true;
	case XDPCTL_RESIDUAL_MARK:
		*value = ctx_mark(ctx);
		return true;
	case XDPCTL_RESIDUAL_PRIORITY:
		*value = ctx_priority(ctx);
		return true;
	case XDPCTL_RESIDUAL_PACKET_TYPE:
		*value = ctx_packet_type(ctx);
		return true;
	case XDPCTL_RESIDUAL_LINK:
		return link_bytes(ctx, packet, offset, size, value);
	case XDPCTL_RESIDUAL_NETWORK:
		return frame_bytes(ctx, packet->network_offset + offset, size, value);
	case XDPCTL_RESIDUAL_TRANSPORT:
		return frame_bytes(ctx, packet->transport_offset + offset, size, value);
	case XDPCTL_RESIDUAL_FRAGMENT:
		return frame_bytes(ctx, packet->fragment_offset + offset, size, value);
	default:
		*value = packet_word(packet, test->word) >> (test->shift & 31);
		return true;
	}
}

/* Puts the test's part behind those before it; the first one pushes nothing but zeros out. */
static __always_inline bool add_residual_part(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet,
					      const struct xdpctl_residual *test, struct residual_value *value)
{
	const __u32 bits = 8 * test->bytes & 63;
	__u32 part;

	if (test->kind == XDPCTL_RESIDUAL_IPV6) {
		const __u32 *address = test->word ? packet->daddr : packet->saddr;

		value->high = (__u64)address[0] << 32 | address[1];
		value->low = (__u64)address[2] << 32 | address[3];
		return true;
	}
	if (!bits || !residual_part(ctx, packet, test, &part))
		return false;
	part = (part & test->mask) | test->ones;
	value->high = value->high << bits | value->low >> (64 - bits);
	value->low = value->low << bits | part;
	return true;
}

static __always_inline bool value_less(const struct residual_value *value, __u64 high, __u64 low)
{
	return value->high < high || (value->high == high && value->low < low);
}

/* Whether one of the test's intervals holds the value: the last that begins at or below it. */
static __always_inline bool intervals_hold(const struct xdpctl_residual_interval *all,
					   const struct xdpctl_residual *test, const struct residual_value *value)
{
	__u64 first = test->first_interval, count = test->intervals;

	for_rounds (config.rounds.intervals) {
		__u64 half = count / 2, middle = first + half;

		if (!is_below(&middle, config.intervals.size))
			return false;
		const struct xdpctl_residual_interval *interval = &all[middle];
		bool below = value_less(value, interval->first_high, interval->first_low);

		if (count <= 1)
			return !below && !value_less(&(struct residual_value){interval->last_high, interval->last_low},
						     value->high, value->low);
		if (!below)
			first = middle;
		count -= half;
	}
	return false;
}

#define TEST_FAILED (-1)
#define TESTS_HOLD  (-2)

/*
 * Whether the residual tests of a step hold, from the first one on: else TEST_FAILED. Where lookups follow, the number
 * of the first one. A function of its own, which the verifier follows once: few packets come this far, and none of the
 * rest depends on how.
 */
__noinline int residuals_hold(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet, __u32 first)
{
	const void *all = all_tables();
	struct residual_value value = {0, 0};
	__u64 number = first;

	if (!packet || !all)
		return TEST_FAILED;
	const struct xdpctl_residual *tests = all + config.residuals.offset;
	const struct xdpctl_residual_interval *intervals = all + config.intervals.offset;

	for_rounds (config.rounds.residuals) {
		if (!is_below(&number, config.residuals.size))
			return TEST_FAILED;
		const struct xdpctl_residual *test = &tests[number];

		if (config.looks_up && test->kind == XDPCTL_RESIDUAL_KEY)
			return number;
		if ((packet->headers & test->headers) != test->headers)
			return TEST_FAILED;
		if (!add_residual_part(ctx, packet, test, &value))
			return TEST_FAILED;
		if (test->intervals) {
			if (!intervals_hold(intervals, test, &value))
				return TEST_FAILED;
			value = (struct residual_value){0, 0};
		}
		if (test->last)
			return TESTS_HOLD;
		number++;
	}
	return TEST_FAILED;
}

/* Makes the key at hand of the pieces from the first one on; returns the number of the lookup behind them. */
__noinline int compose_key(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet, __u32 first)
{
	struct xdpctl_set_key *key = key_at_hand();
	const void *all = all_tables();
	__u64 number = first;

	if (!packet || !all || !key)
		return TEST_FAILED;
	const struct xdpctl_residual *tests = all + config.residuals.offset;

	__builtin_memset(key, 0, sizeof(*key));
	for_rounds (config.rounds.pieces) {
		if (!is_below(&number, config.residuals.size))
			return TEST_FAILED;
		const struct xdpctl_residual *piece = &tests[number];
		__u32 part;

		if (piece->kind == XDPCTL_RESIDUAL_SET)
			return number;
		if (!residual_part(ctx, packet, piece, &part))
			return TEST_FAILED;
		part = (part & piece->mask) | piece->ones;
		key->words[(piece->key_word - 1) & (XDPCTL_SET_KEY_WORDS - 1)] |=
			part >> (piece->key_right & 31) << (piece->key_left & 31);
		number++;
	}
	return TEST_FAILED;
}

static __always_inline __u32 *answer_of_joint(struct xdpctl_packet *packet, const struct xdpctl_residual *lookup)
{
	asm volatile("" : "+r"(packet)); /* or the compiler keeps the place of the masks, on the stack */
	return &packet->joint_masks[lookup->joint.key & (XDPCTL_JOINT_KEYS_MAX - 1)];
}

/* Whether a rule before asked the joint image, and what it said of the set is true still. */
static __always_inline bool is_answered(struct xdpctl_packet *packet, const struct xdpctl_residual *lookup)
{
	return config.joints && lookup->joint.number &&
	       *answer_of_joint(packet, lookup) & XDPCTL_JOINT_KNOWN(lookup->joint.bit & 15);
}

/* For the key at hand. The sets of a joint image are asked together, by the first rule that asks one of them. */
static __always_inline bool lookup_holds(struct xdpctl_packet *packet, const struct xdpctl_residual *lookup)
{
	if (config.joints && lookup->joint.number && !*answer_of_joint(packet, lookup))
		*answer_of_joint(packet, lookup) = joint_answer(lookup->joint.number - 1);
	if (is_answered(packet, lookup))
		return (*answer_of_joint(packet, lookup) >> (lookup->joint.bit & 15) & 1) == !lookup->is_negated;
	return set_holds(lookup->set, packet->length) == !lookup->is_negated;
}

/* Looked up anew wherever it is needed, which takes less stack than keeping a pointer. */
static __always_inline const struct xdpctl_residual *residual_at(__u64 *number)
{
	const void *all = all_tables();

	if (!all || !is_below(number, config.residuals.size))
		return 0;
	return (const struct xdpctl_residual *)(all + config.residuals.offset) + *number;
}

/*
 * Whether all of a step's tests hold that its record does not have: conditions, then lookups. Stack is short below the
 * walk, and so this one has little, and calls one after the other what has more.
 */
__noinline int rest_of_step_holds(struct xdpctl_ctx *ctx, struct xdpctl_packet *packet, __u32 first)
{
	__u64 number = first;
	const struct xdpctl_residual *test = residual_at(&number);

	if (!packet || !test)
		return false;
	if (test->kind != XDPCTL_RESIDUAL_KEY) {
		int lookup = residuals_hold(ctx, packet, number);

		if (lookup < 0)
			return lookup == TESTS_HOLD;
		number = lookup;
	}
	for_rounds (config.rounds.lookups) {
		test = residual_at(&number);
		if (!test || (packet->headers & test->headers) != test->headers)
			return false;
		number = is_answered(packet, test) ? number + test->joint.tests : compose_key(ctx, packet, number + 1);
		test = residual_at(&number);
		if (!test || !lookup_holds(packet, test))
			return false;
		if (test->last)
			return true;
		number++;
	}
	return false;
}

/*
 * A rule that asks nothing but a set matches most packets otherwise, so that a packet comes to each of many such rules:
 * an answer that it has is read here.
 */
static __always_inline bool step_holds(struct xdpctl_ctx *ctx, const void *all, struct xdpctl_packet *packet,
				       __u32 order)
{
	const __u32 *tests_of = all + config.residual_of.offset;
	__u64 step = order;

	if (!is_below(&step, config.residual_of.size))
		return false;
	__u32 test = tests_of[step];

	if (!config.looks_up)
		return residuals_hold(ctx, packet, test) == TESTS_HOLD;
	if (test & XDPCTL_RESIDUAL_ONLY_JOINT) {
		__u32 answer = packet->joint_masks[test >> XDPCTL_RESIDUAL_KEY_SHIFT & (XDPCTL_JOINT_KEYS_MAX - 1)] >>
			       (test >> XDPCTL_RESIDUAL_BIT_SHIFT & 15);

		if (answer & XDPCTL_JOINT_KNOWN(0))
			return (answer & 1) == !(test & XDPCTL_RESIDUAL_NEGATED);
		test &= (1U << XDPCTL_RESIDUAL_FIRST_BITS) - 1;
	}
	return rest_of_step_holds(ctx, packet, test);
}

#endif
