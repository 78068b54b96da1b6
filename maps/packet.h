/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the entry program learns about a packet, and what is decided about it: one per CPU and chain, in a scratch map. */
#ifndef XDPCTL_MAPS_PACKET_H
#define XDPCTL_MAPS_PACKET_H

#include <linux/types.h>
#ifdef __cplusplus
#include <cstddef>
#else
#include <stddef.h>
#endif

#include "verdict.h"

/* Log statements of one packet that are reported: the first ones it met. */
#define XDPCTL_LOGS_MAX 4

/* Keys that several sets are asked for, and so looked up once. */
#define XDPCTL_JOINT_KEYS_MAX 4

/* Extension headers walked before a packet is called malformed. */
#define XDPCTL_IPV6_EXTENSIONS_MAX 8

/* xdpctl_packet.headers: which fields are there. A match on a field whose bit is missing never matches. */
enum xdpctl_header {
	XDPCTL_HEADER_ETHERNET = 1 << 0,
	XDPCTL_HEADER_VLAN = 1 << 1, /* outer tag, in-band or offloaded: vlan_tci[0] */
	XDPCTL_HEADER_QINQ = 1 << 2, /* inner tag: vlan_tci[1] */
	XDPCTL_HEADER_ARP = 1 << 3,
	XDPCTL_HEADER_IPV4 = 1 << 4, /* complete header: addresses, l4_proto */
	XDPCTL_HEADER_IPV6 = 1 << 5, /* complete fixed header: addresses, ip6_nexthdr */
	XDPCTL_HEADER_L4PROTO = 1 << 6, /* l4_proto is known: IPv6 extension headers were walked to the end */
	XDPCTL_HEADER_FRAGMENT = 1 << 7, /* part of a fragmented datagram, first fragment included */
	/* Complete transport headers; never set on a non-first fragment. */
	XDPCTL_HEADER_TCP = 1 << 8,
	XDPCTL_HEADER_UDP = 1 << 9,
	XDPCTL_HEADER_SCTP = 1 << 10,
	XDPCTL_HEADER_ICMP = 1 << 11, /* over IPv4 */
	XDPCTL_HEADER_ICMPV6 = 1 << 12, /* over IPv6 */
	XDPCTL_HEADER_NETWORK = 1 << 13, /* network_offset and network_proto are known: the tags are complete */
	XDPCTL_HEADER_ARP_FIXED = 1 << 14, /* the part that ARP between all kinds of addresses has */
	XDPCTL_HEADER_TRANSPORT = 1 << 15, /* transport_offset is where the transport header begins, of any protocol */
	XDPCTL_HEADER_OTHER_TRANSPORT = 1 << 16, /* complete: DCCP, UDP-Lite, IGMP, AH, ESP, IPComp, by l4_proto */
	/* IPv6 extension headers that the walk has met. Without L4PROTO it did not come to its end. */
	XDPCTL_HEADER_HOP_OPTIONS = 1 << 17,
	XDPCTL_HEADER_ROUTING = 1 << 18,
	XDPCTL_HEADER_IPV6_FRAGMENT = 1 << 19, /* fragment_offset */
	XDPCTL_HEADER_DESTINATION_OPTIONS = 1 << 20,
	XDPCTL_HEADER_MOBILITY = 1 << 21,
};

/*
 * Multi-byte fields are in host byte order unless the name says otherwise. Addresses are words, most significant
 * first, each in host order; an IPv4 (or ARP protocol) address is in word 0 and the other words are undefined.
 */
struct xdpctl_packet {
	__u32 saddr[4];
	__u32 daddr[4];
	__u32 headers; /* bits of enum xdpctl_header; 0 until parsed */
	__u32 length; /* bytes as nftables counts them on this hook: see ARCHITECTURE.md, "Length" */
	__u32 ether_saddr_low; /* last four bytes of the address */
	__u32 ether_daddr_low;
	__u16 ether_saddr_high; /* first two bytes */
	__u16 ether_daddr_high;
	__u16 ether_type; /* outermost, as `ether type` compares it: the TPID of a tagged frame */
	__u16 network_proto; /* EtherType behind the VLAN tags */
	__u16 vlan_tci[2]; /* outer, inner */
	__u16 sport; /* TCP, UDP, SCTP */
	__u16 dport;
	union {
		__u16 arp_operation;
		__u16 fragment_offset; /* of the IPv6 fragment header, from the start of the frame */
	};
	__u16 network_offset; /* from the start of the frame as the program sees it */
	__u16 transport_offset;
	__u8 ip6_nexthdr; /* next header of the fixed IPv6 header */
	__u8 l4_proto; /* last protocol: behind IPv6 extension headers */
	__u8 tcp_flags;
	__u8 icmp_type; /* ICMP or ICMPv6 */
	__u8 icmp_code;
	__u8 malformed; /* enum xdpctl_reason, 0 when well formed */
	/* The decision. */
	__u8 verdict; /* enum xdpctl_verdict */
	__u8 reason; /* enum xdpctl_reason; the entry sets it to `malformed`, else XDPCTL_REASON_POLICY */
	__u16 device; /* slot of the device in the chain: index into xdpctl_devices */
	__u32 rule; /* slot of the rule that decided, XDPCTL_NO_RULE when none */
	__u32 logs; /* log statements met, XDPCTL_LOGS_MAX at most */
	__u32 log_rules[XDPCTL_LOGS_MAX]; /* slots of their rules, in order */
	/* Of the classifier. */
	__u32 joint_masks[XDPCTL_JOINT_KEYS_MAX]; /* which sets hold a key, once it was looked up (maps/set_joint.h) */
	__u32 behind; /* stage of the rules behind the tables; 0: the tables have all rules */
};

#define XDPCTL_NO_RULE 0xffffffffU

static_assert(sizeof(struct xdpctl_packet) == 124, "shared with loaded programs");
static_assert(offsetof(struct xdpctl_packet, headers) == 32, "shared with loaded programs");
static_assert(offsetof(struct xdpctl_packet, verdict) == 76, "shared with loaded programs");
static_assert(offsetof(struct xdpctl_packet, rule) == 80, "shared with loaded programs");

#endif
