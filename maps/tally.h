/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What observers tally while somebody asks for it: how long packets are, who sends them, and what time they take. */
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

/* Parts of a packet's way whose time is taken. */
enum xdpctl_timed_stage {
	XDPCTL_TIMED_PARSE = 0, /* from the entry's begin until the headers are known */
	XDPCTL_TIMED_JUDGE = 1, /* from there until the verdict is counted: the rules */
	XDPCTL_TIMED_STAGES = 2,
};

/* Times by powers of two, the last bucket with all that are longer too. */
#define XDPCTL_TIME_BUCKETS 32

/* Element of map `stage_times`, per CPU. */
struct xdpctl_stage_times {
	__u64 packets[XDPCTL_TIME_BUCKETS];
	__u64 nanoseconds;
};

/* Keys of `stage_times`: device slot and stage. */
#define XDPCTL_STAGE_TIMES (XDPCTL_DEVICES_MAX * XDPCTL_TIMED_STAGES)

static inline __u32 xdpctl_times_key(__u32 device, __u32 stage)
{
	return (device & (XDPCTL_DEVICES_MAX - 1)) * XDPCTL_TIMED_STAGES + stage;
}

/* Element 0 of map `entry_times`, per CPU, as bpf_ktime_get_ns() counts. */
struct xdpctl_entry_times {
	__u64 begin; /* 0: the packet at hand came through no timed entry */
	__u64 parsed;
};

#ifdef __cplusplus
static_assert(sizeof(struct xdpctl_talker) == 20, "shared with loaded programs");
#endif

#endif
