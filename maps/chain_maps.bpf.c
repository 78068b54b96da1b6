/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The maps of a base chain, for user space to create with their types. */
#include "maps/lib/accounting.bpf.h"

/* Key: device slot; value: the device that has it. Written and read by the CLI. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XDPCTL_DEVICES_MAX);
	__type(key, __u32);
	__type(value, struct xdpctl_device);
} devices SEC(".maps");
