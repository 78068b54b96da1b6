/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Packet and byte counters, per CPU, and how they are indexed. */
#ifndef XDPCTL_MAPS_COUNTER_H
#define XDPCTL_MAPS_COUNTER_H

#include <linux/types.h>

#include "verdict.h"

struct xdpctl_counter {
	__u64 packets;
	__u64 bytes; /* sum of xdpctl_packet.length */
};

/* Devices one base chain can have; slots of the map `devices`. */
#define XDPCTL_DEVICES_MAX 64

/* Map `device_counters`: one block of XDPCTL_VERDICTS * XDPCTL_REASONS counters a device slot. */
#define XDPCTL_DEVICE_COUNTERS (XDPCTL_DEVICES_MAX * XDPCTL_VERDICTS * XDPCTL_REASONS)

static inline __u32 xdpctl_device_counter(__u32 device, __u32 verdict, __u32 reason)
{
	return (device * XDPCTL_VERDICTS + verdict) * XDPCTL_REASONS + reason;
}

/*
 * Map `rule_counters`: one element a CPU, which holds that CPU's counters by rule slot. An array of all counters of a
 * CPU instead of a per-CPU array: a counter is then one access to memory away, and user space reads and writes all of
 * them through a memory mapping. Slots belong to handles, not to positions: see map `rule_slots`. A rule has a slot
 * whether it counts or not, because the slot also names the deciding rule in xdpctl_packet.rule.
 */

static_assert(sizeof(struct xdpctl_counter) == 16, "shared with loaded programs");

#endif
