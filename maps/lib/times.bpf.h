/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* When the packet at hand came, from a timed entry to an observer. */
#ifndef XDPCTL_TIMES_BPF_H
#define XDPCTL_TIMES_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/tally.h"

/* Key 0. Written by timed entries, read and taken back to 0 by the observer behind them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_entry_times);
} entry_times SEC(".maps");

static __always_inline struct xdpctl_entry_times *times_at_hand(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&entry_times, &key);
}

#endif
