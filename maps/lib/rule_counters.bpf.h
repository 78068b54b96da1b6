/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counts what rules with a counter statement match. */
#ifndef XDPCTL_RULE_COUNTERS_BPF_H
#define XDPCTL_RULE_COUNTERS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/counter.h"

/*
 * Key: CPU; value: what rules' counter statements counted there, by rule slot. Written by the classifier, read by the
 * CLI, which makes it as large as the ruleset demands.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct xdpctl_counter);
} rule_counters SEC(".maps");

/* REQUIRES: each CPU has `slots` counters. */
static __always_inline void count_rule(__u32 slot, __u32 slots, __u32 bytes)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct xdpctl_counter *counters = bpf_map_lookup_elem(&rule_counters, &cpu);

	if (!counters || slot >= slots)
		return;
	counters[slot].packets++;
	counters[slot].bytes += bytes;
}

#endif
