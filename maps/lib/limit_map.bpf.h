/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef XDPCTL_LIMIT_MAP_BPF_H
#define XDPCTL_LIMIT_MAP_BPF_H

#include "maps/lib/limit.bpf.h"

/*
 * Key: limit slot; value: the bucket. A bucket is written by user space before a program knows its slot, then by packets
 * of all chains. The same map from generation to generation.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XDPCTL_LIMIT_SLOTS);
	__type(key, __u32);
	__type(value, struct xdpctl_limit);
} limits SEC(".maps");

#endif
