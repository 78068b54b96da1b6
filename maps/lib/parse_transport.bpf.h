/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * TCP, UDP, SCTP, ICMP and ICMPv6. A header that is complete gives its fields even when a length in it lies: the packet
 * is malformed, and its ports are what they are.
 */
#ifndef XDPCTL_PARSE_TRANSPORT_BPF_H
#define XDPCTL_PARSE_TRANSPORT_BPF_H

#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "maps/lib/parser.bpf.h"

struct sctp_header {
	__be16 source;
	__be16 dest;
	__be32 verification_tag;
	__be32 checksum;
};

/* ICMP and ICMPv6 begin alike. */
struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest;
};

/* As header_at(), and within the packet's end: Ethernet padding is no header. */
static __always_inline const void *transport_header_at(const struct parser *p, __u32 size)
{
	return likely(p->offset + size <= p->end) ? header_at(p, size) : NULL;
}

static __always_inline enum xdpctl_reason parse_tcp(struct parser *p)
{
	const struct tcphdr *tcp = transport_header_at(p, sizeof(*tcp));
	__u32 header_length;

	if (unlikely(!tcp))
		return missing(p, sizeof(*tcp), XDPCTL_MALFORMED_TCP);
	p->packet->sport = bpf_ntohs(tcp->source);
	p->packet->dport = bpf_ntohs(tcp->dest);
	p->packet->tcp_flags = ((const __u8 *)tcp)[13];
	p->headers |= XDPCTL_HEADER_TCP;
	header_length = tcp->doff * 4;
	if (unlikely(header_length < sizeof(*tcp) || p->offset + header_length > p->end))
		return XDPCTL_MALFORMED_TCP;
	return WELL_FORMED;
}

static __always_inline enum xdpctl_reason parse_udp(struct parser *p)
{
	const struct udphdr *udp = transport_header_at(p, sizeof(*udp));
	__u32 available = p->end - p->offset;
	__u32 length;

	if (unlikely(!udp))
		return missing(p, sizeof(*udp), XDPCTL_MALFORMED_UDP);
	p->packet->sport = bpf_ntohs(udp->source);
	p->packet->dport = bpf_ntohs(udp->dest);
	p->headers |= XDPCTL_HEADER_UDP;
	length = bpf_ntohs(udp->len);
	/* Too long for the field (RFC 2675, 4). */
	if (unlikely(length == 0 && available > LENGTH_FIELD_MAX))
		return WELL_FORMED;
	if (unlikely(length < sizeof(*udp)))
		return XDPCTL_MALFORMED_UDP;
	/* The first fragment carries the length of the whole datagram. */
	if (unlikely(length > available && !(p->headers & XDPCTL_HEADER_FRAGMENT)))
		return XDPCTL_MALFORMED_UDP;
	return WELL_FORMED;
}

static __always_inline enum xdpctl_reason parse_sctp(struct parser *p)
{
	const struct sctp_header *sctp = transport_header_at(p, sizeof(*sctp));

	if (!sctp)
		return missing(p, sizeof(*sctp), XDPCTL_MALFORMED_SCTP);
	p->packet->sport = bpf_ntohs(sctp->source);
	p->packet->dport = bpf_ntohs(sctp->dest);
	p->headers |= XDPCTL_HEADER_SCTP;
	return WELL_FORMED;
}

static __always_inline enum xdpctl_reason parse_icmp(struct parser *p, enum xdpctl_header header)
{
	const struct icmp_header *icmp = transport_header_at(p, sizeof(*icmp));

	if (!icmp)
		return missing(p, sizeof(*icmp), XDPCTL_MALFORMED_ICMP);
	p->packet->icmp_type = icmp->type;
	p->packet->icmp_code = icmp->code;
	p->headers |= header;
	return WELL_FORMED;
}

/* Least size of the headers that have fields but no bit of their own; 0 for what is not known. */
static __always_inline __u32 other_transport_size(__u8 proto)
{
	if (proto == IPPROTO_DCCP || proto == IPPROTO_AH)
		return 12;
	if (proto == IPPROTO_UDPLITE || proto == IPPROTO_ESP || proto == IPPROTO_IGMP)
		return 8;
	return proto == IPPROTO_COMP ? 4 : 0;
}

/* No length of theirs is looked at: a packet that is cut off lacks the fields, and is not called malformed. */
static __always_inline enum xdpctl_reason parse_other_transport(struct parser *p)
{
	__u32 size = other_transport_size(p->packet->l4_proto);

	if (size && transport_header_at(p, size))
		p->headers |= XDPCTL_HEADER_OTHER_TRANSPORT;
	return WELL_FORMED;
}

static __always_inline enum xdpctl_reason parse_transport(struct parser *p)
{
	__u8 proto = p->packet->l4_proto;

	if (!(p->headers & XDPCTL_HEADER_L4PROTO))
		return WELL_FORMED;
	p->packet->transport_offset = p->offset;
	if (unlikely(p->later_fragment))
		return WELL_FORMED;
	p->headers |= XDPCTL_HEADER_TRANSPORT;
	if (likely(proto == IPPROTO_TCP))
		return parse_tcp(p);
	if (likely(proto == IPPROTO_UDP))
		return parse_udp(p);
	if (proto == IPPROTO_ICMP && (p->headers & XDPCTL_HEADER_IPV4))
		return parse_icmp(p, XDPCTL_HEADER_ICMP);
	if (proto == IPPROTO_ICMPV6 && (p->headers & XDPCTL_HEADER_IPV6))
		return parse_icmp(p, XDPCTL_HEADER_ICMPV6);
	if (proto == IPPROTO_SCTP)
		return parse_sctp(p);
	return parse_other_transport(p);
}

#endif
