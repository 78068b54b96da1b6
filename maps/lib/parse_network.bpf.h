/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* ARP, IPv4, and IPv6 with its extension headers. */
#ifndef XDPCTL_PARSE_NETWORK_BPF_H
#define XDPCTL_PARSE_NETWORK_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "maps/lib/parser.bpf.h"

#define ARP_HARDWARE_ETHERNET 1
#define IPV4_OFFSET_MASK      0x1fff
#define IPV4_MORE_FRAGMENTS   0x2000
#define IPV6_OFFSET_MASK      0xfff8
#define IPV6_MORE_FRAGMENTS   0x0001
#define IPPROTO_HIP           139
#define IPPROTO_SHIM6         140

struct arp_header {
	__be16 hardware_type;
	__be16 protocol_type;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
};

/* ARP for IPv4 over Ethernet. */
struct arp_ipv4 {
	struct arp_header fixed;
	__u8 sender_ether[ETH_ALEN];
	__be32 sender;
	__u8 target_ether[ETH_ALEN];
	__be32 target;
} __attribute__((packed, aligned(2)));

/* ARP between other kinds of addresses is well formed, but has no addresses to match. */
static __always_inline enum xdpctl_reason parse_arp(struct parser *p)
{
	struct xdpctl_packet *packet = p->packet;
	const struct arp_header *fixed = header_at(p, sizeof(*fixed));
	const struct arp_ipv4 *arp;

	if (!fixed)
		return missing(p, sizeof(*fixed), XDPCTL_MALFORMED_ARP);
	p->headers |= XDPCTL_HEADER_ARP_FIXED;
	if (fixed->hardware_type != bpf_htons(ARP_HARDWARE_ETHERNET) || fixed->protocol_type != bpf_htons(ETH_P_IP) ||
	    fixed->hardware_length != ETH_ALEN || fixed->protocol_length != sizeof(__be32))
		return WELL_FORMED;
	arp = header_at(p, sizeof(*arp));
	if (!arp)
		return missing(p, sizeof(*arp), XDPCTL_MALFORMED_ARP);
	packet->arp_operation = bpf_ntohs(arp->fixed.operation);
	packet->saddr[0] = bpf_ntohl(arp->sender);
	packet->daddr[0] = bpf_ntohl(arp->target);
	p->headers |= XDPCTL_HEADER_ARP;
	return WELL_FORMED;
}

static __always_inline enum xdpctl_reason parse_ipv4(struct parser *p)
{
	struct xdpctl_packet *packet = p->packet;
	const struct iphdr *ip = header_at(p, sizeof(*ip));
	__u32 available = p->frame_end - p->offset;
	__u32 header_length, total_length, fragment;

	if (unlikely(!ip))
		return missing(p, sizeof(*ip), XDPCTL_MALFORMED_IPV4);
	header_length = ip->ihl * 4;
	if (unlikely(ip->version != 4 || header_length < sizeof(*ip) || header_length > available))
		return XDPCTL_MALFORMED_IPV4;
	packet->saddr[0] = bpf_ntohl(ip->saddr);
	packet->daddr[0] = bpf_ntohl(ip->daddr);
	packet->l4_proto = ip->protocol;
	p->headers |= XDPCTL_HEADER_IPV4;

	total_length = bpf_ntohs(ip->tot_len);
	/* The kernel's own segments to be, larger than the field can say (BIG TCP). */
	if (unlikely(total_length == 0 && available > LENGTH_FIELD_MAX))
		total_length = available;
	if (unlikely(total_length < header_length || total_length > available))
		return XDPCTL_MALFORMED_IPV4_LENGTH;
	p->end = p->offset + total_length;
	p->offset += header_length;
	p->headers |= XDPCTL_HEADER_L4PROTO;

	fragment = bpf_ntohs(ip->frag_off);
	if (unlikely(fragment & (IPV4_OFFSET_MASK | IPV4_MORE_FRAGMENTS))) {
		p->headers |= XDPCTL_HEADER_FRAGMENT;
		p->later_fragment = fragment & IPV4_OFFSET_MASK;
	}
	return WELL_FORMED;
}

static __always_inline bool is_ipv6_extension(__u8 proto)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case IPPROTO_HIP:
	case IPPROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

/* What all extension headers begin with; the fragment header goes on with its offset, for the others it is theirs. */
struct ipv6_extension {
	__u8 next_header;
	__u8 length;
	__be16 fragment;
	__be32 rest;
};

static __always_inline __u32 ipv6_extension_length(__u8 proto, const struct ipv6_extension *extension)
{
	if (proto == IPPROTO_FRAGMENT)
		return sizeof(*extension);
	if (proto == IPPROTO_AH)
		return (extension->length + 2) * 4;
	return (extension->length + 1) * 8;
}

static __always_inline void parse_ipv6_fragment(struct parser *p, const struct ipv6_extension *extension)
{
	__u32 fragment = bpf_ntohs(extension->fragment);

	p->packet->fragment_offset = p->offset;
	/* A fragment header with neither is an atomic fragment: a whole datagram (RFC 6946). */
	if (fragment & (IPV6_OFFSET_MASK | IPV6_MORE_FRAGMENTS))
		p->headers |= XDPCTL_HEADER_FRAGMENT;
	p->later_fragment = fragment & IPV6_OFFSET_MASK;
}

/*
 * Moves past a header of any length. The new offset takes a way through the map, whose contents the verifier does not
 * track: all ways to this point look the same to it afterwards, so that its work grows with the number of extension
 * headers and not with the number of their combinations. The mask bounds the offset and never changes it.
 */
static __always_inline void skip(struct parser *p, __u32 length)
{
	volatile __u16 *untracked = &p->packet->transport_offset;

	*untracked = p->offset + length;
	p->offset = *untracked & 0x7fff;
}

#define XDPCTL_HEADER_EXTENSIONS                                                                                       \
	(XDPCTL_HEADER_HOP_OPTIONS | XDPCTL_HEADER_ROUTING | XDPCTL_HEADER_IPV6_FRAGMENT |                             \
	 XDPCTL_HEADER_DESTINATION_OPTIONS | XDPCTL_HEADER_MOBILITY)

static __always_inline __u32 ipv6_extension_header(__u8 proto)
{
	if (proto == IPPROTO_HOPOPTS)
		return XDPCTL_HEADER_HOP_OPTIONS;
	if (proto == IPPROTO_ROUTING)
		return XDPCTL_HEADER_ROUTING;
	if (proto == IPPROTO_FRAGMENT)
		return XDPCTL_HEADER_IPV6_FRAGMENT;
	if (proto == IPPROTO_DSTOPTS)
		return XDPCTL_HEADER_DESTINATION_OPTIONS;
	if (proto == IPPROTO_MH)
		return XDPCTL_HEADER_MOBILITY;
	return 0;
}

/* Which headers it has met it tells in the map, where the verifier does not tell one combination from another. */
static __always_inline enum xdpctl_reason walk_ipv6_extensions(struct parser *p, volatile __u32 *met)
{
	struct xdpctl_packet *packet = p->packet;
	const struct ipv6_extension *extension;
	__u32 length;
	__u8 proto = packet->ip6_nexthdr;

	/* Unrolled: kernels up to 6.1 refuse a loop whose last instruction happens to fall through to its first. */
#pragma clang loop unroll(full)
	for (int i = 0; i <= XDPCTL_IPV6_EXTENSIONS_MAX && unlikely(is_ipv6_extension(proto)); i++) {
		if (i == XDPCTL_IPV6_EXTENSIONS_MAX)
			return XDPCTL_MALFORMED_IPV6_DEPTH;
		extension = header_at(p, sizeof(*extension));
		if (!extension || p->offset + sizeof(*extension) > p->end)
			return missing(p, sizeof(*extension), XDPCTL_MALFORMED_IPV6_EXTENSION);
		*met |= ipv6_extension_header(proto);
		length = ipv6_extension_length(proto, extension);
		if (p->offset + length > p->end)
			return XDPCTL_MALFORMED_IPV6_EXTENSION;
		if (proto == IPPROTO_FRAGMENT)
			parse_ipv6_fragment(p, extension);
		proto = extension->next_header;
		skip(p, length);
		if (p->later_fragment)
			break;
	}
	packet->l4_proto = proto;
	p->headers |= XDPCTL_HEADER_L4PROTO;
	return WELL_FORMED;
}

static __always_inline enum xdpctl_reason parse_ipv6_extensions(struct parser *p)
{
	volatile __u32 *met = &p->packet->headers;
	enum xdpctl_reason malformed;

	*met = 0;
	malformed = walk_ipv6_extensions(p, met);
	p->headers |= *met & XDPCTL_HEADER_EXTENSIONS;
	return malformed;
}

static __always_inline enum xdpctl_reason parse_ipv6(struct parser *p)
{
	struct xdpctl_packet *packet = p->packet;
	const struct ipv6hdr *ip = header_at(p, sizeof(*ip));
	__u32 available = p->frame_end - p->offset - sizeof(*ip);
	__u32 payload_length;

	if (unlikely(!ip))
		return missing(p, sizeof(*ip), XDPCTL_MALFORMED_IPV6);
	if (unlikely(ip->version != 6))
		return XDPCTL_MALFORMED_IPV6;
	for (int i = 0; i < 4; i++) {
		packet->saddr[i] = bpf_ntohl(ip->saddr.in6_u.u6_addr32[i]);
		packet->daddr[i] = bpf_ntohl(ip->daddr.in6_u.u6_addr32[i]);
	}
	packet->ip6_nexthdr = ip->nexthdr;
	p->headers |= XDPCTL_HEADER_IPV6;

	payload_length = bpf_ntohs(ip->payload_len);
	/* A jumbogram (RFC 2675), or the kernel's own segments to be: as long as the frame. */
	if (unlikely(payload_length == 0 && (ip->nexthdr == IPPROTO_HOPOPTS || available > LENGTH_FIELD_MAX)))
		payload_length = available;
	if (unlikely(payload_length > available))
		return XDPCTL_MALFORMED_IPV6_LENGTH;
	p->offset += sizeof(*ip);
	p->end = p->offset + payload_length;
	if (likely(!is_ipv6_extension(ip->nexthdr))) {
		packet->l4_proto = ip->nexthdr;
		p->headers |= XDPCTL_HEADER_L4PROTO;
		return WELL_FORMED;
	}
	return parse_ipv6_extensions(p);
}

static __always_inline enum xdpctl_reason parse_network(struct parser *p)
{
	p->packet->network_proto = bpf_ntohs(p->network_proto);
	p->packet->network_offset = p->offset;
	p->headers |= XDPCTL_HEADER_NETWORK;
	if (likely(p->network_proto == bpf_htons(ETH_P_IP)))
		return parse_ipv4(p);
	if (p->network_proto == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(p);
	if (p->network_proto == bpf_htons(ETH_P_ARP))
		return parse_arp(p);
	return WELL_FORMED;
}

#endif
