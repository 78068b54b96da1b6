/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Headers that a benchmark replays: all different, as no repetition of one packet is. */
#ifndef XDPCTL_BENCH_TRACE_H
#define XDPCTL_BENCH_TRACE_H

#include <linux/types.h>

#define BENCH_TRACE_LENGTH 65536

/* In network byte order. */
struct bench_header4 {
	__be32 saddr;
	__be32 daddr;
	__be16 sport; /* or ICMP type and code */
	__be16 dport;
	__u8 proto;
	__u8 tcp_flags;
	__u16 reserved;
};

struct bench_header6 {
	__u8 saddr[16];
	__u8 daddr[16];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 tcp_flags;
	__u16 reserved;
};

#endif
