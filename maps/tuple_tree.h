/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tables of the tuple-tree classifier: what the compiler writes and the programs read, and the few functions that both
 * sides must compute alike.
 *
 * A packet's key is looked up like this. Three prune lists (source window, destination window, protocol) give the
 * tables that can hold a matching rule, one bit a table. A table is a hash table over the key under the table's mask;
 * its slots in the directory point to a short list of rule records, or to a HyperSplit tree whose leaves are such
 * lists. Lists are sorted by order, the place of a rule in its chain; the lowest order over all tables is the first
 * match. What a record cannot express follows as residual tests. Words are those of struct xdpctl_packet, in host byte
 * order.
 */
#ifndef XDPCTL_MAPS_TUPLE_TREE_H
#define XDPCTL_MAPS_TUPLE_TREE_H

#include <linux/stddef.h>
#include <linux/types.h>

#include "packet.h"

#define XDPCTL_TUPLE_TABLES_MAX 16

#define XDPCTL_TUPLE_PRUNE_BITS 12
#define XDPCTL_TUPLE_PRUNE_SIZE (1 << XDPCTL_TUPLE_PRUNE_BITS)

/* Dimensions of HyperSplit trees: the words of the addresses, then these. Words of an address: 1 or 4. */
enum xdpctl_tuple_dimension {
	XDPCTL_TUPLE_SPORT, /* source port or ICMP type */
	XDPCTL_TUPLE_DPORT, /* destination port or ICMP code */
	XDPCTL_TUPLE_PROTO,
	XDPCTL_TUPLE_ETHER_SADDR, /* low word */
	XDPCTL_TUPLE_ETHER_DADDR, /* low word */
	XDPCTL_TUPLE_VLAN,
	XDPCTL_TUPLE_DEVICE,
	XDPCTL_TUPLE_FIELDS,
};

#define XDPCTL_TUPLE_DIMENSIONS 16 /* a power of two, for masks */

/*
 * Node of a HyperSplit tree: packets whose value is above the threshold go right. A child is another node, or, with
 * the list bit, the first record of a leaf (0: of none).
 */
struct xdpctl_tuple_node {
	__u32 threshold;
	__u32 dimension;
	__u32 left;
	__u32 right;
};

#define XDPCTL_TUPLE_LIST (1U << 31)

/*
 * Directory slot: record or node index in the top 22 bits, then the tree bit and a 9-bit fingerprint. The fingerprint
 * is odd when all rules of the slot share one masked key, else even. Record and node 0 are never used: an empty slot
 * has a fingerprint and leads nowhere.
 */
#define XDPCTL_TUPLE_INDEX_SHIFT 10
#define XDPCTL_TUPLE_INDEX_MAX   ((1U << 22) - 1)
#define XDPCTL_TUPLE_TREE        (1U << 9)
#define XDPCTL_TUPLE_FINGERPRINT 0x1ffU
#define XDPCTL_TUPLE_EMPTY       1U

/* xdpctl_tuple_record*.action: flags, and below them the rule slot. */
#define XDPCTL_TUPLE_LAST     (1U << 31) /* of its list */
#define XDPCTL_TUPLE_RESIDUAL (1U << 30) /* residual tests follow */
#define XDPCTL_TUPLE_COUNT    (1U << 29) /* counts the packet */
#define XDPCTL_TUPLE_FINAL    (1U << 28) /* has a verdict: evaluation ends */
#define XDPCTL_TUPLE_DROP     (1U << 27) /* the verdict is drop, else accept */
#define XDPCTL_TUPLE_LOG      (1U << 26) /* logs the packet */
#define XDPCTL_TUPLE_HIDES    (1U << 25) /* records behind it were left out: it must stay */
#define XDPCTL_TUPLE_LIMIT    (1U << 24) /* does so only while its bucket has tokens */
#define XDPCTL_TUPLE_SLOT     (XDPCTL_TUPLE_LIMIT - 1)

/* Bits of the key beside addresses and ports: protocol, TCP flags, and eight header bits. */
#define XDPCTL_TUPLE_BITS           24
#define XDPCTL_TUPLE_FLAGS_SHIFT    8
#define XDPCTL_TUPLE_HEADERS_SHIFT  16
#define XDPCTL_TUPLE_HEADERS4_FIRST 4 /* XDPCTL_HEADER_IPV4 .. XDPCTL_HEADER_ICMP */
#define XDPCTL_TUPLE_HEADERS6_FIRST 5 /* XDPCTL_HEADER_IPV6 .. XDPCTL_HEADER_ICMPV6 */

/* Key of a packet that is not IPv6. Fields that the packet lacks may hold anything: records demand the header's bit. */
struct xdpctl_tuple_key4 {
	__u64 addresses; /* source, destination, from the top */
	__u64 tuple;     /* source port, destination port (16 bits), protocol (8), from the top */
	__u64 ports;     /* destination port at bit 32, source port at bit 0 */
	__u64 bits;
};

struct xdpctl_tuple_key6 {
	__u64 source[2];
	__u64 destination[2];
	__u64 tuple;
	__u64 ports;
	__u64 bits;
};

/*
 * ports: first and last source port, first and last destination port, 16 bits each, from bit 0.
 * condition: how far to shift the source and the destination (a byte each: see the comparisons below), then 24 bits of
 * value and 24 bits of mask for the key's bits.
 */
struct xdpctl_tuple_record4 {
	__u64 addresses;
	__u64 ports;
	__u64 condition;
	__u32 order;
	__u32 action;
};

/* Ports of a record that matches no packet, which the record of a rule that is gone gets while packets read it. */
#define XDPCTL_TUPLE_NO_PORTS 0xffffULL

/* As above; the condition's first two bytes are the prefix lengths. */
struct xdpctl_tuple_record6 {
	__u64 source[2];
	__u64 destination[2];
	__u64 ports;
	__u64 condition;
	__u32 order;
	__u32 action;
	__u64 reserved;
};

struct xdpctl_tuple_table4 {
	__u64 addresses; /* masks of the key */
	__u64 tuple;
	__u32 base;   /* of its slots in the directory */
	__u32 shift;  /* of the hash to a slot */
	__u32 lowest; /* order in this table */
	__u32 reserved;
};

struct xdpctl_tuple_table6 {
	__u64 source[2];
	__u64 destination[2];
	__u64 tuple;
	__u32 base;
	__u32 shift;
	__u32 lowest;
	__u32 reserved[3];
};

/* What is looked up first, one an address family. */
struct xdpctl_tuple_prune {
	__u16 source[XDPCTL_TUPLE_PRUNE_SIZE];
	__u16 destination[XDPCTL_TUPLE_PRUNE_SIZE];
	__u16 proto[256];
};

struct xdpctl_tuple_index4 {
	struct xdpctl_tuple_prune prune;
	struct xdpctl_tuple_table4 tables[XDPCTL_TUPLE_TABLES_MAX];
};

struct xdpctl_tuple_index6 {
	struct xdpctl_tuple_prune prune;
	struct xdpctl_tuple_table6 tables[XDPCTL_TUPLE_TABLES_MAX];
	__u64 prefix_masks[256][2]; /* by prefix length; 0..128 are used */
};

/*
 * Test of what records do not hold. The value is (what the kind says & mask) | ones. A test without intervals is
 * the upper part of the one behind it: their values are put together.
 */
enum xdpctl_residual_kind {
	XDPCTL_RESIDUAL_WORD, /* word >> shift */
	XDPCTL_RESIDUAL_IPV6, /* a whole address: word 0 is the source, others the destination */
	XDPCTL_RESIDUAL_RANDOM,
	XDPCTL_RESIDUAL_CPU,
	XDPCTL_RESIDUAL_MARK,
	XDPCTL_RESIDUAL_PRIORITY,
	XDPCTL_RESIDUAL_PACKET_TYPE,
	XDPCTL_RESIDUAL_LINK,    /* `offset` from the frame's first byte, with an offloaded tag as if it were in-band */
	XDPCTL_RESIDUAL_NETWORK, /* from the network header */
	XDPCTL_RESIDUAL_TRANSPORT,
	XDPCTL_RESIDUAL_FRAGMENT, /* from the IPv6 fragment header */
	XDPCTL_RESIDUAL_KEY, /* none: a key begins. With a joint image that was asked, the lookup is answered here */
	XDPCTL_RESIDUAL_SET, /* whether a set holds the key that the pieces in front of it make */
};

/*
 * What a step's first test is: its number; with the highest bit set a lookup in a joint image that is the only test. Such
 * a step has what the answer to another one's lookup is read with, beside a number of 24 bits.
 */
#define XDPCTL_RESIDUAL_ONLY_JOINT (1U << 31)
#define XDPCTL_RESIDUAL_FIRST_BITS 24
#define XDPCTL_RESIDUAL_BIT_SHIFT  24 /* the set's in the answer: 4 bits */
#define XDPCTL_RESIDUAL_NEGATED    (1U << 28)
#define XDPCTL_RESIDUAL_KEY_SHIFT  29 /* 2 bits */

/* Of a lookup whose key other sets are asked for too (maps/set_joint.h). */
struct xdpctl_residual_joint {
	__u8 number; /* of the image, counted from 1; 0: the set is asked for itself */
	__u8 key;    /* of joint_masks in struct xdpctl_packet */
	__u8 bit;    /* the set's in the mask */
	__u8 tests;  /* from the key's beginning to the lookup */
};

struct xdpctl_residual {
	__u32 headers; /* all of which the packet must have */
	__u32 mask;
	__u32 first_interval; /* of those of which one must hold the value; sorted, apart from each other */
	__u32 intervals;
	__u8 kind; /* enum xdpctl_residual_kind */
	__u8 word; /* of struct xdpctl_packet, in units of 4 bytes */
	__u8 shift;
	__u8 bytes; /* of the value: 1, 2 or 4 */
	union {
		__u32 ones; /* bits of the value that are set whatever the packet has */
		struct xdpctl_residual_joint joint;
	};
	__u16 offset;
	__u8 last;       /* of its rule */
	__u8 key_word;   /* not 0: the value is a piece of a key, of this word, counted from 1; */
	__u8 key_right;  /* shifted to the right, */
	__u8 key_left;   /* then to the left */
	__u8 set;        /* of a lookup: the set's number */
	__u8 is_negated; /* of a lookup: holds when the set does not hold the key */
};

struct xdpctl_residual_interval {
	__u64 first_high;
	__u64 first_low;
	__u64 last_high;
	__u64 last_low;
};

/* Of a step with XDPCTL_TUPLE_LIMIT. */
struct xdpctl_tuple_limit {
	__u32 slot;     /* of the bucket (maps/limit.h) */
	__u32 fails_to; /* the order to go on from when it has none */
};

/* 12 bits of an address that tell its rules apart best. */
struct xdpctl_tuple_window {
	__u32 word;
	__u32 shift;
};

/* Where an array lies in the map that holds all of them. */
struct xdpctl_tuple_array {
	__u32 offset; /* in bytes; a multiple of XDPCTL_TUPLE_ALIGNMENT */
	__u32 size;   /* in elements */
};

#define XDPCTL_TUPLE_ALIGNMENT 64

/* The most rounds that a loop can need: the bounds of a program whose loops have some. */
struct xdpctl_tuple_rounds {
	__u32 nodes;
	__u32 record_pairs;
	__u32 residuals; /* of a step, one more where lookups follow */
	__u32 intervals; /* halvings */
	__u32 lookups;   /* of a step */
	__u32 pieces;    /* of a key, and the lookup */
};

/* Read-only data of the program: what the verifier may take for granted. */
struct xdpctl_tuple_config {
	__u32 policy;     /* enum xdpctl_verdict */
	__u32 resumes;    /* some rule has no verdict */
	__u32 logs;       /* some rule logs */
	__u32 rule_slots; /* above the highest of a rule */
	__u32 looks_up;   /* some residual test is a lookup */
	__u32 tables4, tables6;
	struct xdpctl_tuple_rounds rounds;
	__u32 joints;                     /* joint images that are asked */
	struct xdpctl_tuple_array index4; /* of struct xdpctl_tuple_index4 */
	struct xdpctl_tuple_array index6;
	struct xdpctl_tuple_array directory; /* of __u32 */
	struct xdpctl_tuple_array nodes;
	struct xdpctl_tuple_array records4; /* empty when no rule can match a packet of the family */
	struct xdpctl_tuple_array records6;
	struct xdpctl_tuple_array residual_of; /* of __u32, by order: XDPCTL_RESIDUAL_* */
	struct xdpctl_tuple_array residuals;
	struct xdpctl_tuple_array intervals;
	struct xdpctl_tuple_array resume_at; /* of __u32, by order: where to go on; empty: with the next order */
	struct xdpctl_tuple_array limits;    /* of struct xdpctl_tuple_limit, by order; empty: no step has one */
};

static_assert(sizeof(struct xdpctl_tuple_record4) == 32, "half a cache line");
static_assert(sizeof(struct xdpctl_tuple_record6) == 64, "a cache line");
static_assert(sizeof(struct xdpctl_tuple_table4) == 32, "half a cache line");
static_assert(sizeof(struct xdpctl_tuple_table6) == 64, "a cache line");
static_assert(sizeof(struct xdpctl_tuple_node) == 16, "an array element");
static_assert(sizeof(struct xdpctl_residual) == 32, "an array element");
static_assert(XDPCTL_JOINT_KEYS_MAX <= 4, "two bits of XDPCTL_RESIDUAL_*");
static_assert(sizeof(struct xdpctl_residual_interval) == 32, "an array element");
static_assert(sizeof(struct xdpctl_tuple_index4) % 8 == 0, "as the map rounds it");
static_assert(sizeof(struct xdpctl_tuple_index6) % 8 == 0, "as the map rounds it");

/*
 * What the program has as immediates, which user space puts into its instructions before it loads them: a table is
 * asked with half of the instructions that reading its descriptor would take. Until then the immediate is
 * XDPCTL_TUPLE_CONSTANTS + the constant's number.
 */
#define XDPCTL_TUPLE_CONSTANTS 0x7d5a9e3c00000000ULL

enum xdpctl_tuple_constant {
	XDPCTL_TUPLE_MASK,                               /* of the addresses: 1 word of 64 bits, or 4 */
	XDPCTL_TUPLE_MASK_TUPLE = XDPCTL_TUPLE_MASK + 4, /* of ports and protocol */
	XDPCTL_TUPLE_SHIFT,                              /* of the hash to a slot */
	XDPCTL_TUPLE_SLOTS,                              /* where the table's slots begin in the map, in bytes */
	XDPCTL_TUPLE_TABLE_CONSTANTS = 8,
	/* Behind those of all tables. */
	XDPCTL_TUPLE_SOURCE_WORD = XDPCTL_TUPLE_TABLE_CONSTANTS * XDPCTL_TUPLE_TABLES_MAX,
	XDPCTL_TUPLE_SOURCE_SHIFT,
	XDPCTL_TUPLE_DESTINATION_WORD,
	XDPCTL_TUPLE_DESTINATION_SHIFT,
	XDPCTL_TUPLE_FAMILY_CONSTANTS, /* those of IPv6 follow */
};

#define XDPCTL_TUPLE_HASH_1 0x9E3779B97F4A7C15ULL
#define XDPCTL_TUPLE_HASH_2 0xC2B2AE3D27D4EB4FULL
#define XDPCTL_TUPLE_HASH_3 0xD6E8FEB86659FD93ULL
#define XDPCTL_TUPLE_HASH_4 0xA0761D6478BD642FULL
#define XDPCTL_TUPLE_HASH_5 0xE7037ED1A0B428DBULL

/* Multiplications side by side, not in a chain: their latency is most of the hash. */
static __always_inline __u64 xdpctl_tuple_hash_end(__u64 sum)
{
	return (sum ^ sum >> 32) * XDPCTL_TUPLE_HASH_3;
}

static __always_inline __u64 xdpctl_tuple_hash4(__u64 addresses, __u64 tuple)
{
	return xdpctl_tuple_hash_end(addresses * XDPCTL_TUPLE_HASH_1 + tuple * XDPCTL_TUPLE_HASH_2);
}

static __always_inline __u64 xdpctl_tuple_hash6(__u64 source_high, __u64 source_low, __u64 destination_high,
						__u64 destination_low, __u64 tuple)
{
	return xdpctl_tuple_hash_end(source_high * XDPCTL_TUPLE_HASH_1 + source_low * XDPCTL_TUPLE_HASH_2 +
				     destination_high * XDPCTL_TUPLE_HASH_3 + destination_low * XDPCTL_TUPLE_HASH_4 +
				     tuple * XDPCTL_TUPLE_HASH_5);
}

static __always_inline __u32 xdpctl_tuple_fingerprint(__u64 hash)
{
	return ((__u32)(hash >> 7) & XDPCTL_TUPLE_FINGERPRINT) | 1;
}

/*
 * Comparisons: 0 when the record matches the key. Without branches, because which part differs cannot be predicted.
 * The guard bits above each port stay set through the subtractions exactly when first <= port <= last.
 */
static __always_inline __u64 xdpctl_tuple_ports_differ(__u64 ports, __u64 key)
{
	const __u64 guard = 0x8000000080000000ULL, low = 0x0000ffff0000ffffULL;

	return ((((key | guard) - (ports & low)) & (((ports >> 16 & low) | guard) - key)) & guard) ^ guard;
}

static __always_inline __u64 xdpctl_tuple_bits_differ(__u64 condition, __u64 bits)
{
	return ((condition >> 16) ^ bits) & (condition >> (16 + XDPCTL_TUPLE_BITS));
}

/* condition: 63 - source length (63 for 0, which shifts all 64 bits out); 32 - destination length. */
static __always_inline __u64 xdpctl_tuple_differ4(const struct xdpctl_tuple_record4 *record,
						  const struct xdpctl_tuple_key4 *key)
{
	__u64 addresses = record->addresses ^ key->addresses, condition = record->condition;

	return ((addresses >> 1) >> (condition & 63)) | ((__u64)(__u32)addresses >> (condition >> 8 & 63)) |
	       xdpctl_tuple_bits_differ(condition, key->bits) | xdpctl_tuple_ports_differ(record->ports, key->ports);
}

static __always_inline __u64 xdpctl_tuple_differ6(const struct xdpctl_tuple_record6 *record,
						  const struct xdpctl_tuple_index6 *index,
						  const struct xdpctl_tuple_key6 *key)
{
	const __u64 *source = index->prefix_masks[record->condition & 0xff];
	const __u64 *destination = index->prefix_masks[record->condition >> 8 & 0xff];

	return ((record->source[0] ^ key->source[0]) & source[0]) | ((record->source[1] ^ key->source[1]) & source[1]) |
	       ((record->destination[0] ^ key->destination[0]) & destination[0]) |
	       ((record->destination[1] ^ key->destination[1]) & destination[1]) |
	       xdpctl_tuple_bits_differ(record->condition, key->bits) |
	       xdpctl_tuple_ports_differ(record->ports, key->ports);
}

static __always_inline __u32 xdpctl_tuple_sport(const struct xdpctl_packet *packet)
{
	return packet->headers & (XDPCTL_HEADER_ICMP | XDPCTL_HEADER_ICMPV6) ? packet->icmp_type : packet->sport;
}

static __always_inline __u32 xdpctl_tuple_dport(const struct xdpctl_packet *packet)
{
	return packet->headers & (XDPCTL_HEADER_ICMP | XDPCTL_HEADER_ICMPV6) ? packet->icmp_code : packet->dport;
}

static __always_inline __u64 xdpctl_tuple_ports(__u64 sport, __u64 dport)
{
	return dport << 32 | sport;
}

static __always_inline __u64 xdpctl_tuple_word(__u64 sport, __u64 dport, __u64 proto)
{
	return sport << 48 | dport << 32 | proto << 24;
}

static __always_inline __u64 xdpctl_tuple_bits(const struct xdpctl_packet *packet, __u32 headers_first)
{
	return (__u64)(packet->headers >> headers_first & 0xff) << XDPCTL_TUPLE_HEADERS_SHIFT |
	       (__u64)packet->tcp_flags << XDPCTL_TUPLE_FLAGS_SHIFT | packet->l4_proto;
}

static __always_inline void xdpctl_tuple_make_key4(const struct xdpctl_packet *packet, struct xdpctl_tuple_key4 *key)
{
	__u32 sport = xdpctl_tuple_sport(packet), dport = xdpctl_tuple_dport(packet);

	key->addresses = (__u64)packet->saddr[0] << 32 | packet->daddr[0];
	key->tuple = xdpctl_tuple_word(sport, dport, packet->l4_proto);
	key->ports = xdpctl_tuple_ports(sport, dport);
	key->bits = xdpctl_tuple_bits(packet, XDPCTL_TUPLE_HEADERS4_FIRST);
}

static __always_inline void xdpctl_tuple_make_key6(const struct xdpctl_packet *packet, struct xdpctl_tuple_key6 *key)
{
	__u32 sport = xdpctl_tuple_sport(packet), dport = xdpctl_tuple_dport(packet);

	for (int half = 0; half < 2; half++) {
		key->source[half] = (__u64)packet->saddr[2 * half] << 32 | packet->saddr[2 * half + 1];
		key->destination[half] = (__u64)packet->daddr[2 * half] << 32 | packet->daddr[2 * half + 1];
	}
	key->tuple = xdpctl_tuple_word(sport, dport, packet->l4_proto);
	key->ports = xdpctl_tuple_ports(sport, dport);
	key->bits = xdpctl_tuple_bits(packet, XDPCTL_TUPLE_HEADERS6_FIRST);
}

/* A tree's view of the packet: `words` address words of the source, as many of the destination, then the fields. */
static __always_inline void xdpctl_tuple_dimensions(const struct xdpctl_packet *packet, __u32 words, __u32 *dimensions)
{
	__u32 *fields = dimensions + 2 * words;

	for (__u32 word = 0; word < words; word++) {
		dimensions[word] = packet->saddr[word];
		dimensions[words + word] = packet->daddr[word];
	}
	fields[XDPCTL_TUPLE_SPORT] = xdpctl_tuple_sport(packet);
	fields[XDPCTL_TUPLE_DPORT] = xdpctl_tuple_dport(packet);
	fields[XDPCTL_TUPLE_PROTO] = packet->l4_proto;
	fields[XDPCTL_TUPLE_ETHER_SADDR] = packet->ether_saddr_low;
	fields[XDPCTL_TUPLE_ETHER_DADDR] = packet->ether_daddr_low;
	fields[XDPCTL_TUPLE_VLAN] = packet->vlan_tci[0] & 0xfff;
	fields[XDPCTL_TUPLE_DEVICE] = packet->device;
}

static __always_inline __u32 xdpctl_tuple_window_value(const __u32 *address, const struct xdpctl_tuple_window *window)
{
	return address[window->word & 3] >> (window->shift & 31) & (XDPCTL_TUPLE_PRUNE_SIZE - 1);
}

#endif
