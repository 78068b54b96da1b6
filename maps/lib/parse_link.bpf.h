/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ethernet and up to two VLAN tags, the outer one in-band or offloaded. */
#ifndef XDPCTL_PARSE_LINK_BPF_H
#define XDPCTL_PARSE_LINK_BPF_H

#include <linux/if_ether.h>

#include "maps/lib/parser.bpf.h"

#define VLAN_TAGS_MAX 2

struct vlan_tag {
	__be16 tci;
	__be16 encapsulated_proto;
};

static __always_inline bool is_vlan(__be16 proto)
{
	return proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD);
}

static __always_inline enum xdpctl_reason parse_ethernet(struct parser *p)
{
	struct xdpctl_packet *packet = p->packet;
	const struct ethhdr *eth = header_at(p, sizeof(*eth));

	if (unlikely(!eth))
		return missing(p, sizeof(*eth), XDPCTL_MALFORMED_ETHERNET);
	packet->ether_daddr_high = bpf_ntohs(load16(&eth->h_dest[0]));
	packet->ether_daddr_low = bpf_ntohl(load32(&eth->h_dest[2]));
	packet->ether_saddr_high = bpf_ntohs(load16(&eth->h_source[0]));
	packet->ether_saddr_low = bpf_ntohl(load32(&eth->h_source[2]));
	p->network_proto = load16(&eth->h_proto);
	packet->ether_type = bpf_ntohs(p->network_proto);
	p->offset = sizeof(*eth);
	p->link_length = sizeof(*eth);
	p->headers = XDPCTL_HEADER_ETHERNET;
	return WELL_FORMED;
}

static __always_inline void add_tag(struct parser *p, __u16 tci)
{
	if (p->headers & XDPCTL_HEADER_VLAN) {
		p->packet->vlan_tci[1] = tci;
		p->headers |= XDPCTL_HEADER_QINQ;
	} else {
		p->packet->vlan_tci[0] = tci;
		p->headers |= XDPCTL_HEADER_VLAN;
	}
}

static __always_inline enum xdpctl_reason parse_tag(struct parser *p)
{
	const struct vlan_tag *tag;

	if (p->headers & XDPCTL_HEADER_QINQ)
		return XDPCTL_MALFORMED_VLAN_DEPTH;
	tag = header_at(p, sizeof(*tag));
	if (!tag)
		return missing(p, sizeof(*tag), XDPCTL_MALFORMED_VLAN);
	if (!(p->headers & XDPCTL_HEADER_VLAN))
		p->link_length += sizeof(*tag);
	add_tag(p, bpf_ntohs(tag->tci));
	p->network_proto = tag->encapsulated_proto;
	p->offset += sizeof(*tag);
	return WELL_FORMED;
}

static __always_inline enum xdpctl_reason parse_vlan(struct parser *p, const struct xdpctl_ctx *ctx)
{
	enum xdpctl_reason malformed;
	__be16 tpid;
	__u16 tci;

	if (ctx_offloaded_tag(ctx, &tpid, &tci)) {
		p->packet->ether_type = bpf_ntohs(tpid);
		add_tag(p, tci);
	}
	/* One turn more than there may be tags: it finds the tag too many. */
	for (int i = 0; i <= VLAN_TAGS_MAX && unlikely(is_vlan(p->network_proto)); i++) {
		malformed = parse_tag(p);
		if (malformed)
			return malformed;
	}
	return WELL_FORMED;
}

#endif
