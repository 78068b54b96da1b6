/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tests of what rule records do not hold: fields outside the key, and sets too large for it. */
#ifndef XDPCTL_RESIDUAL_BPF_H
#define XDPCTL_RESIDUAL_BPF_H

#include <bpf/bpf_endian.h>

#include "maps/lib/loop.bpf.h"
#include "maps/lib/set.bpf.h"
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

/* Key 0: the key of the lookup at hand, which is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_set_key);
} set_key SEC(".maps");

/*
 * Puts the test's part behind those before it; the first one pushes nothing but zeros out. A piece of a key goes into
 * the key.
 */
static __always_inline bool add_residual_part(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet,
					      const struct xdpctl_residual *test, struct residual_value *value,
					      struct xdpctl_set_key *key)
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
	if (config.looks_up && test->key_word) {
		key->words[(test->key_word - 1) & (XDPCTL_SET_KEY_WORDS - 1)] |=
			part >> (test->key_right & 31) << (test->key_left & 31);
		return true;
	}
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

static __always_inline struct xdpctl_set_key *empty_set_key(void)
{
	const __u32 zero = 0;
	struct xdpctl_set_key *key = bpf_map_lookup_elem(&set_key, &zero);

	if (key)
		__builtin_memset(key, 0, sizeof(*key));
	return key;
}

/* The key of the next lookup begins anew. */
static __always_inline bool lookup_holds(const struct xdpctl_packet *packet, const struct xdpctl_residual *lookup,
					 struct xdpctl_set_key *key)
{
	const bool is_held = set_holds(lookup->set, key->words, packet->length);

	__builtin_memset(key, 0, sizeof(*key));
	return is_held == !lookup->is_negated;
}

/*
 * Whether all residual tests of a step hold. A function of its own, which the verifier follows once: few packets come
 * this far, and none of the rest depends on how.
 */
__noinline int residuals_hold(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet, __u32 order)
{
	const void *all = all_tables();
	struct xdpctl_set_key *key = 0;
	struct residual_value value = {0, 0};
	__u64 step = order;

	if (config.looks_up) {
		key = empty_set_key();
		if (!key)
			return false;
	}
	if (!packet || !all || !is_below(&step, config.residual_of.size))
		return false;
	const struct xdpctl_residual *tests = all + config.residuals.offset;
	const struct xdpctl_residual_interval *intervals = all + config.intervals.offset;
	const __u32 *tests_of = all + config.residual_of.offset;
	__u64 number = tests_of[step];

	for_rounds (config.rounds.residuals) {
		if (!is_below(&number, config.residuals.size))
			return false;
		const struct xdpctl_residual *test = &tests[number];

		if ((packet->headers & test->headers) != test->headers)
			return false;
		if (config.looks_up && test->kind == XDPCTL_RESIDUAL_SET) {
			if (!lookup_holds(packet, test, key))
				return false;
		} else if (!add_residual_part(ctx, packet, test, &value, key)) {
			return false;
		}
		if (test->intervals) {
			if (!intervals_hold(intervals, test, &value))
				return false;
			value = (struct residual_value){0, 0};
		}
		if (test->last)
			return true;
		number++;
	}
	return false;
}

#endif
