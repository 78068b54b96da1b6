/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counts every judged packet under its device, verdict and reason. */
#ifndef XDPCTL_ACCOUNTING_BPF_H
#define XDPCTL_ACCOUNTING_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/chain.h"
#include "maps/counter.h"

/* Key 0: the chain's configuration. Written by the CLI, read by programs where no ruleset could decide. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_chain);
} chain SEC(".maps");

/* Key: xdpctl_device_counter(); value: packets and bytes. Written by the exit and the entry, read by the CLI. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XDPCTL_DEVICE_COUNTERS);
	__type(key, __u32);
	__type(value, struct xdpctl_counter);
} device_counters SEC(".maps");

/* The verdict where none was found. A chain without configuration accepts: it has no rules either. */
static __always_inline __u8 chain_policy(void)
{
	__u32 key = 0;
	struct xdpctl_chain *config = bpf_map_lookup_elem(&chain, &key);

	return config && config->policy == XDPCTL_DROP ? XDPCTL_DROP : XDPCTL_ACCEPT;
}

static __always_inline void account(__u32 device, __u32 verdict, __u32 reason, __u32 bytes)
{
	__u32 key = xdpctl_device_counter(device, verdict, reason);
	struct xdpctl_counter *counter = bpf_map_lookup_elem(&device_counters, &key);

	if (!counter)
		return;
	counter->packets++;
	counter->bytes += bytes;
}

#endif
