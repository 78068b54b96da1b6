/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counts what rules with a counter statement match. */
#ifndef XDPCTL_RULE_COUNTERS_BPF_H
#define XDPCTL_RULE_COUNTERS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/counter.h"

/* Key: rule slot; value: what the rule's counter statement counted. Written by the classifier, read by the CLI. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XDPCTL_RULE_SLOTS);
	__type(key, __u32);
	__type(value, struct xdpctl_counter);
} rule_counters SEC(".maps");

static __always_inline void count_rule(__u32 slot, __u32 bytes)
{
	struct xdpctl_counter *counter = bpf_map_lookup_elem(&rule_counters, &slot);

	if (!counter)
		return;
	counter->packets++;
	counter->bytes += bytes;
}

#endif
