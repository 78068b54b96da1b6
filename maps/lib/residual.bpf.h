/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tests of what rule records do not hold: fields outside the key, and sets too large for it. */
#ifndef XDPCTL_RESIDUAL_BPF_H
#define XDPCTL_RESIDUAL_BPF_H

#include "maps/lib/loop.bpf.h"
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

static __always_inline struct residual_value residual_value(const struct xdpctl_packet *packet,
							    const struct xdpctl_residual *test)
{
	__u32 word = test->word;
	__u64 part = packet_word(packet, word) >> (test->shift & 31) & test->mask;

	if (test->kind == XDPCTL_RESIDUAL_ETHERNET)
		return (struct residual_value){0, part << 32 | packet_word(packet, test->low_word)};
	if (test->kind == XDPCTL_RESIDUAL_IPV6) {
		const __u32 *address = word ? packet->daddr : packet->saddr;

		return (struct residual_value){(__u64)address[0] << 32 | address[1],
					       (__u64)address[2] << 32 | address[3]};
	}
	return (struct residual_value){0, part};
}

static __always_inline bool value_less(const struct residual_value *value, __u64 high, __u64 low)
{
	return value->high < high || (value->high == high && value->low < low);
}

/* Whether one of the test's intervals holds the value: the last that begins at or below it. */
static __always_inline bool intervals_hold(const struct xdpctl_residual_interval *all,
					   const struct xdpctl_residual *test, const struct residual_value *value)
{
	const __u64 end = config.intervals.size;
	__u64 first = test->first_interval, count = test->intervals;

	while (can_loop()) {
		__u64 half = count / 2, middle = first + half;

		HIDE_INDEX(middle);
		if (middle >= end)
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

/*
 * Whether all residual tests of a step hold. A function of its own, which the verifier follows once: few packets come
 * this far, and none of the rest depends on how.
 */
__noinline int residuals_hold(const struct xdpctl_packet *packet, __u32 order)
{
	const void *all = all_tables();
	const __u64 end = config.residuals.size;

	if (!packet || !all || order >= config.residual_of.size)
		return false;
	const struct xdpctl_residual *tests = all + config.residuals.offset;
	const struct xdpctl_residual_interval *intervals = all + config.intervals.offset;
	const __u32 *tests_of = all + config.residual_of.offset;
	__u64 number = tests_of[order];

	while (can_loop()) {
		HIDE_INDEX(number);
		if (number >= end)
			return false;
		const struct xdpctl_residual *test = &tests[number];
		struct residual_value value = residual_value(packet, test);

		if ((packet->headers & test->headers) != test->headers || !intervals_hold(intervals, test, &value))
			return false;
		if (test->last)
			return true;
		number++;
	}
	return false;
}

#endif
