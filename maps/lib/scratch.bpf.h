/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The packet at hand: written by the entry, read and decided by the stages that follow on the same CPU. */
#ifndef XDPCTL_SCRATCH_BPF_H
#define XDPCTL_SCRATCH_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/packet.h"

/*
 * Key 0: the packet this CPU is judging. Written by the entry (what it is) and the classifier (what becomes of it),
 * read by every stage; the CLI reads it after a test run. One map a chain and layer: a packet that leaves the XDP chain
 * and meets the TC chain is parsed again, and softirqs do not nest on a CPU, so nobody else writes it in between.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_packet);
} packet SEC(".maps");

static __always_inline struct xdpctl_packet *scratch_packet(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&packet, &key);
}

#endif
