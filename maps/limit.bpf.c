/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The map of buckets, for user space to create with its type, and the limit for generated rules: the programs are never
 * loaded, user space copies the instructions of one and puts the map into them.
 */
#include "maps/lib/limit_map.bpf.h"

static __always_inline void *map(void)
{
	void *map;

	asm("%0 = %1 ll" : "=r"(map) : "i"(XDPCTL_LIMIT_CONSTANTS));
	return map;
}

SEC("xdp")
int limit_holds(__u32 slot, __u32 bytes)
{
	return limit_in_map_holds(map(), slot, bytes, true);
}

/* For kernels before 5.12. */
SEC("xdp")
int limit_holds_by_lock(__u32 slot, __u32 bytes)
{
	return limit_in_map_holds(map(), slot, bytes, false);
}

char _license[] SEC("license") = "Dual BSD/GPL";
