/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* State of the parser, and its access to the frame. */
#ifndef XDPCTL_PARSER_BPF_H
#define XDPCTL_PARSER_BPF_H

#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "maps/packet.h"

#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* What the 16-bit length fields of IP and UDP can say. */
#define LENGTH_FIELD_MAX 0xffff

/* No fault found: xdpctl_packet.malformed of a sound packet. */
#define WELL_FORMED 0

/* Lives in registers: everything is inlined, because a call between BPF functions costs as much as all the parsing. */
struct parser {
	struct xdpctl_packet *packet;
	const void *data;
	const void *data_end; /* of the linear part */
	__u32 frame_end;      /* length of the frame */
	__u32 end;            /* of the packet: of the frame, or less by what the IP header says */
	__u32 offset;         /* of the header to parse next */
	__u32 headers;        /* found so far */
	__u32 link_length;    /* Ethernet header and in-band outer tag */
	__be16 network_proto; /* EtherType of what is at offset */
	bool later_fragment;  /* of an IP datagram: has no transport header */
};

/* Fields of packed headers, which clang would read byte by byte: the kernel lets packets be read at any place. */
static __always_inline __be16 load16(const void *field)
{
	return *(const __be16 *)field;
}

static __always_inline __be32 load32(const void *field)
{
	return *(const __be32 *)field;
}

/* The header at the parser's offset; NULL when it is not wholly in the linear part. */
static __always_inline const void *header_at(const struct parser *p, __u32 size)
{
	const void *header = p->data + p->offset;

	return likely(header + size <= p->data_end) ? header : NULL;
}

/* Why header_at() returned NULL: the packet ends too early, or BPF cannot see the place. */
static __always_inline enum xdpctl_reason missing(const struct parser *p, __u32 size, enum xdpctl_reason truncated)
{
	return p->offset + size > p->end ? truncated : XDPCTL_MALFORMED_NONLINEAR;
}

#endif
