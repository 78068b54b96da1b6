/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Verdicts, and the reasons a packet got one. The names in text form live in ctl/stats/names.h. */
#ifndef XDPCTL_MAPS_VERDICT_H
#define XDPCTL_MAPS_VERDICT_H

enum xdpctl_verdict {
	XDPCTL_ACCEPT = 0,
	XDPCTL_DROP = 1,
	XDPCTL_VERDICTS = 2,
};

/*
 * Every judged packet is counted under exactly one reason. The XDPCTL_MALFORMED_* reasons are given to a packet whose
 * headers are truncated or lie and that no rule decided; the disposition is then the chain's policy.
 */
enum xdpctl_reason {
	XDPCTL_REASON_RULE = 0, /* a rule's verdict */
	XDPCTL_REASON_POLICY = 1, /* no rule decided: the chain's policy */
	XDPCTL_REASON_STAGE_MISS = 2, /* a tail call found no program: the chain's policy */
	XDPCTL_REASON_STAGE_ERROR = 3, /* a map lookup that cannot fail failed: the chain's policy, else accept */
	XDPCTL_MALFORMED_FIRST = 4,
	XDPCTL_MALFORMED_ETHERNET = 4, /* frame shorter than an Ethernet header */
	XDPCTL_MALFORMED_VLAN = 5, /* truncated VLAN tag */
	XDPCTL_MALFORMED_VLAN_DEPTH = 6, /* more than two VLAN tags */
	XDPCTL_MALFORMED_ARP = 7, /* truncated ARP header */
	XDPCTL_MALFORMED_IPV4 = 8, /* truncated IPv4 header, wrong version or IHL below 5 */
	XDPCTL_MALFORMED_IPV4_LENGTH = 9, /* total length shorter than the header or past the frame */
	XDPCTL_MALFORMED_IPV6 = 10, /* truncated IPv6 header or wrong version */
	XDPCTL_MALFORMED_IPV6_LENGTH = 11, /* payload length past the frame */
	XDPCTL_MALFORMED_IPV6_EXTENSION = 12, /* truncated extension header */
	XDPCTL_MALFORMED_IPV6_DEPTH = 13, /* more extension headers than XDPCTL_IPV6_EXTENSIONS_MAX */
	XDPCTL_MALFORMED_TCP = 14, /* truncated TCP header, or data offset below 5 or past the packet */
	XDPCTL_MALFORMED_UDP = 15, /* truncated UDP header, or length below 8 or past the packet */
	XDPCTL_MALFORMED_SCTP = 16, /* truncated SCTP common header */
	XDPCTL_MALFORMED_ICMP = 17, /* truncated ICMP or ICMPv6 header */
	XDPCTL_MALFORMED_NONLINEAR = 18, /* a header lies outside the part of the frame BPF can read */
	XDPCTL_REASONS = 32, /* power of two: size of a counter block */
};

#endif
