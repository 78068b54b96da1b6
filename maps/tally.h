/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What observers tally while somebody asks for it: how long packets are, and who sends them. */
#ifndef XDPCTL_MAPS_TALLY_H
#define XDPCTL_MAPS_TALLY_H

#include <linux/types.h>

#include "counter.h"
#include "verdict.h"

/* Lengths by powers of two: bucket i has those from 2^i on, the last one all that are longer too. */
#define XDPCTL_SIZE_BUCKETS 17

/* Element of map `packet_sizes`, per CPU: whole frames. */
struct xdpctl_sizes {
	__u64 packets[XDPCTL_SIZE_BUCKETS];
	__u64 bytes;
};

/* Keys of `packet_sizes`: device slot and verdict. */
#define XDPCTL_SIZES (XDPCTL_DEVICES_MAX * XDPCTL_VERDICTS)

static inline __u32 xdpctl_sizes_key(__u32 device, __u32 verdict)
{
	return (device & (XDPCTL_DEVICES_MAX - 1)) * XDPCTL_VERDICTS + (verdict & (XDPCTL_VERDICTS - 1));
}

/* Key of map `talkers`. An IPv4 address is in word 0, the other words are 0. */
struct xdpctl_talker {
	__u32 saddr[4];
	__u16 dport;   /* 0 without ports */
	__u8 l4_proto; /* 0 when it is not known */
	__u8 is_ip6;
};

/* Value of map `talkers`, per CPU: packets by verdict. Each packet of a sample counts for all that it stands for. */
struct xdpctl_talk {
	__u64 packets[XDPCTL_VERDICTS];
	__u64 bytes;
};

#ifdef __cplusplus
static_assert(sizeof(struct xdpctl_talker) == 20, "shared with loaded programs");
#endif

#endif
