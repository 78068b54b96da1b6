/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The classifier of large rulesets: walks the tables of maps/tuple_tree.h, in two passes. The first asks the directory
 * about every table that is not pruned, without a branch on what it says, so that the loads overlap. The second reads
 * the rules of those that answered. Tables come in the order of their first rule, and lists are sorted, so whatever
 * follows a match and cannot be before it is not looked at.
 */
#ifndef XDPCTL_CLASSIFY_TUPLE_TREE_BPF_H
#define XDPCTL_CLASSIFY_TUPLE_TREE_BPF_H

#include "maps/counter.h"
#include "maps/lib/exit.bpf.h"
#include "maps/lib/limit_map.bpf.h"
#include "maps/lib/log.bpf.h"
#include "maps/lib/loop.bpf.h"
#include "maps/lib/residual.bpf.h"
#include "maps/lib/rule_counters.bpf.h"
#include "maps/lib/tuple_tables.bpf.h"

#define NO_ORDER 0xffffffffU

/* The first match so far. */
struct found {
	__u32 order;
	__u32 action;
};

/*
 * Whether the order is before that of the first match so far. Arithmetic, because a comparison would tell the verifier
 * something new about both in every round of a loop, and it would follow each round for itself.
 */
static __always_inline bool is_before(__u32 order, const struct found *best)
{
	__u64 difference = (__u64)order - best->order;

	asm volatile("%0 s>>= 63" : "+r"(difference));
	return difference;
}

/* Place of the lowest bit of 16, without a table in memory: a de Bruijn sequence, and its inverse in four-bit digits.
 */
static __always_inline __u32 lowest_bit(__u32 bits)
{
	return 0xcd7ea84fb6935210ULL >> ((((bits & -bits) * 0x09af & 0xffff) >> 12) * 4) & 15;
}

/* One step down a tree. Arithmetic, because no predictor guesses the way; LLVM would make a branch of it. */
static __always_inline __u32 next_node(const struct xdpctl_tuple_node *node, const __u32 *dimensions)
{
	__u64 value = dimensions[node->dimension & (XDPCTL_TUPLE_DIMENSIONS - 1)];
	__u64 above = node->threshold - value; /* negative when the value is above the threshold */

	asm volatile("%0 s>>= 63" : "+r"(above));
	return node->left ^ ((node->left ^ node->right) & above);
}

/* First record of the leaf that the packet falls into. */
static __always_inline __u32 walk_tree(const struct xdpctl_tuple_node *tree, __u64 node, const __u32 *dimensions)
{
	for_rounds (config.rounds.nodes) {
		if (!is_below(&node, config.nodes.size))
			break;
		node = next_node(&tree[node], dimensions);
		if (node & XDPCTL_TUPLE_LIST)
			return node & ~XDPCTL_TUPLE_LIST;
	}
	return 0;
}

/* Directory slots by table, and the tables whose slot can hold a match. */
struct hits {
	__u32 slots[XDPCTL_TUPLE_TABLES_MAX];
	__u32 tables;
};

/* A slot can hold a match when it has the fingerprint of the hash, or none. */
static __always_inline void add_slot(struct hits *hits, __u32 slot, __u64 hash, __u32 table)
{
	__u32 keyed = slot & 1; /* of the fingerprint */
	__u64 differs = (slot ^ xdpctl_tuple_fingerprint(hash)) & XDPCTL_TUPLE_FINGERPRINT & -keyed;
	__u64 hit = differs - 1;

	asm volatile("%0 >>= 63" : "+r"(hit));
	hits->slots[table] = slot;
	hits->tables |= (__u32)hit << table;
}

/* First record of the list that a slot leads the packet to; 0 when there is none. */
static __always_inline __u32 find_list(__u32 slot, const struct xdpctl_tuple_node *tree, const __u32 *dimensions)
{
	__u32 index = slot >> XDPCTL_TUPLE_INDEX_SHIFT;

	return slot & XDPCTL_TUPLE_TREE ? walk_tree(tree, index, dimensions) : index;
}

/*
 * A search for the packet: what is the same for all rules. Functions take it by pointer and are inlined, so that each
 * family's walk has its own code with constants in it.
 */
struct search {
	struct xdpctl_ctx *ctx;
	const void *all; /* the tables */
	const void *records;
	struct xdpctl_packet *packet;
	bool ipv6;
	union {
		struct xdpctl_tuple_key4 key4;
		struct xdpctl_tuple_key6 key6;
	};
};

/* What the search needs of a record. */
struct record {
	__u64 differs; /* from the key, 0 when it matches */
	__u32 order;
	__u32 action;
};

static __always_inline bool rest_holds(const struct search *search, const struct record *record)
{
	return !config.residuals.size || !(record->action & XDPCTL_TUPLE_RESIDUAL) ||
	       step_holds(search->ctx, search->all, search->packet, record->order);
}

static __always_inline const struct xdpctl_tuple_index4 *index4(const struct search *search)
{
	return search->all + config.index4.offset;
}

static __always_inline const struct xdpctl_tuple_index6 *index6(const struct search *search)
{
	return search->all + config.index6.offset;
}

static __always_inline __u32 records_end(const struct search *search)
{
	return search->ipv6 ? config.records6.size : config.records4.size;
}

/* REQUIRES: number < records_end(). */
static __always_inline struct record read_record(const struct search *search, __u64 number)
{
	if (search->ipv6) {
		const struct xdpctl_tuple_record6 *records = search->records;
		const struct xdpctl_tuple_record6 *record = &records[number];

		return (struct record){xdpctl_tuple_differ6(record, index6(search), &search->key6), record->order,
				       record->action};
	}
	const struct xdpctl_tuple_record4 *records = search->records;
	const struct xdpctl_tuple_record4 *record = &records[number];

	return (struct record){xdpctl_tuple_differ4(record, &search->key4), record->order, record->action};
}

/* Whether the record is the first match so far. */
static __always_inline bool take(const struct search *search, const struct record *record, __u32 from,
				 struct found *best)
{
	if (record->differs || (config.resumes && record->order < from) || !is_before(record->order, best) ||
	    !rest_holds(search, record))
		return false;
	best->order = record->order;
	best->action = record->action;
	return true;
}

/* Two records a round, which share the tests of the place and the order. */
static __always_inline void search_list(const struct search *search, __u64 number, __u32 from, struct found *best)
{
	const __u64 end = records_end(search) - 1;

	for_rounds (config.rounds.record_pairs) {
		if (!is_below(&number, end))
			return;
		struct record first = read_record(search, number);

		if (!is_before(first.order, best) || take(search, &first, from, best) ||
		    (first.action & XDPCTL_TUPLE_LAST))
			return;
		struct record second = read_record(search, number + 1);

		if (take(search, &second, from, best) || (second.action & XDPCTL_TUPLE_LAST))
			return;
		number += 2;
	}
}

/* See enum xdpctl_tuple_constant; `number` has to be one for the compiler. */
static __always_inline __u64 constant(const struct search *search, __u32 number)
{
	__u64 value;

	if (search->ipv6)
		asm volatile("%0 = %1 ll"
			     : "=r"(value)
			     : "i"(XDPCTL_TUPLE_CONSTANTS + XDPCTL_TUPLE_FAMILY_CONSTANTS + number));
	else
		asm volatile("%0 = %1 ll" : "=r"(value) : "i"(XDPCTL_TUPLE_CONSTANTS + number));
	return value;
}

static __always_inline __u32 window_value(const struct search *search, const void *address, __u32 word, __u32 shift)
{
	__u32 bits = *(const __u32 *)(address + constant(search, word));

	return bits >> (__u32)constant(search, shift) & (XDPCTL_TUPLE_PRUNE_SIZE - 1);
}

/* One bit for each table that can have a rule for the packet. */
static __always_inline __u32 candidate_tables(const struct search *search)
{
	const struct xdpctl_tuple_prune *prune = search->ipv6 ? &index6(search)->prune : &index4(search)->prune;
	const struct xdpctl_packet *packet = search->packet;

	return prune->source[window_value(search, packet->saddr, XDPCTL_TUPLE_SOURCE_WORD, XDPCTL_TUPLE_SOURCE_SHIFT)] &
	       prune->destination[window_value(search, packet->daddr, XDPCTL_TUPLE_DESTINATION_WORD,
					       XDPCTL_TUPLE_DESTINATION_SHIFT)] &
	       prune->proto[packet->l4_proto];
}

static __always_inline __u64 hash_for_table(const struct search *search, __u32 first)
{
	if (search->ipv6) {
		const struct xdpctl_tuple_key6 *key = &search->key6;

		return xdpctl_tuple_hash6(key->source[0] & constant(search, first + XDPCTL_TUPLE_MASK),
					  key->source[1] & constant(search, first + XDPCTL_TUPLE_MASK + 1),
					  key->destination[0] & constant(search, first + XDPCTL_TUPLE_MASK + 2),
					  key->destination[1] & constant(search, first + XDPCTL_TUPLE_MASK + 3),
					  key->tuple & constant(search, first + XDPCTL_TUPLE_MASK_TUPLE));
	}
	const struct xdpctl_tuple_key4 *key = &search->key4;

	return xdpctl_tuple_hash4(key->addresses & constant(search, first + XDPCTL_TUPLE_MASK),
				  key->tuple & constant(search, first + XDPCTL_TUPLE_MASK_TUPLE));
}

static __always_inline void ask_table(const struct search *search, struct hits *hits, __u32 number)
{
	const __u32 first = number * XDPCTL_TUPLE_TABLE_CONSTANTS;
	const __u64 hash = hash_for_table(search, first);
	const __u64 slot = hash >> constant(search, first + XDPCTL_TUPLE_SHIFT);
	const void *place = search->all + constant(search, first + XDPCTL_TUPLE_SLOTS) + sizeof(__u32) * slot;

	add_slot(hits, *(const __u32 *)place, hash, number);
}

static __always_inline __u32 lowest_order(const struct search *search, __u32 number)
{
	return search->ipv6 ? index6(search)->tables[number].lowest : index4(search)->tables[number].lowest;
}

#define ASK_TABLE(number)                                                                                              \
	if (number < count) {                                                                                          \
		hits->slots[number] = XDPCTL_TUPLE_EMPTY;                                                              \
		if (candidates >> number & 1)                                                                          \
			ask_table(search, hits, number);                                                               \
	}

/* The slot of a table that is not asked is set too, and the verifier need not tell whether it was. */
static __always_inline void find_slots(const struct search *search, struct hits *hits)
{
	const __u32 count = search->ipv6 ? config.tables6 : config.tables4;
	const __u32 candidates = candidate_tables(search);

	hits->tables = 0;
	ASK_TABLE(0);
	ASK_TABLE(1);
	ASK_TABLE(2);
	ASK_TABLE(3);
	ASK_TABLE(4);
	ASK_TABLE(5);
	ASK_TABLE(6);
	ASK_TABLE(7);
	ASK_TABLE(8);
	ASK_TABLE(9);
	ASK_TABLE(10);
	ASK_TABLE(11);
	ASK_TABLE(12);
	ASK_TABLE(13);
	ASK_TABLE(14);
	ASK_TABLE(15);
}

static __always_inline struct found find(const struct search *search, __u32 from)
{
	const struct xdpctl_tuple_node *tree = search->all + config.nodes.offset;
	struct found best = {NO_ORDER, 0};
	__u32 dimensions[XDPCTL_TUPLE_DIMENSIONS];
	struct hits hits;

	find_slots(search, &hits);
	if (config.nodes.size)
		xdpctl_tuple_dimensions(search->packet, search->ipv6 ? 4 : 1, dimensions);
	for_rounds (search->ipv6 ? config.tables6 : config.tables4) {
		if (!hits.tables)
			break;
		__u32 number = lowest_bit(hits.tables);

		if (!is_before(lowest_order(search, number), &best))
			break;
		hits.tables &= hits.tables - 1;
		__u32 list = find_list(hits.slots[number], tree, dimensions);

		if (list)
			search_list(search, list, from, &best);
	}
	return best;
}

/* A function of its own, which the verifier follows once. Kernels that can walk tables can compare and exchange. */
__noinline int limit_holds(__u32 slot, __u32 bytes)
{
	return config.limits.size && limit_in_map_holds(&limits, slot, bytes, true);
}

/* Whether the step does what it does; else evaluation goes on from another order. */
static __always_inline bool passes_limit(const struct search *search, const struct found *found, __u32 *from)
{
	const struct xdpctl_tuple_limit *limits_of = search->all + config.limits.offset;
	__u64 step = found->order;

	if (!config.limits.size || !(found->action & XDPCTL_TUPLE_LIMIT))
		return true;
	if (!is_below(&step, config.limits.size))
		return false;
	*from = limits_of[step].fails_to;
	return limit_holds(limits_of[step].slot, search->packet->length);
}

/* Runs what a step does; true when evaluation ends. */
static __always_inline bool act(struct xdpctl_packet *packet, __u32 action)
{
	__u32 slot = action & XDPCTL_TUPLE_SLOT;

	if (action & XDPCTL_TUPLE_COUNT)
		count_rule(slot, config.rule_slots, packet->length);
	if (config.logs && (action & XDPCTL_TUPLE_LOG))
		log_packet(packet, slot);
	if (config.resumes && !(action & XDPCTL_TUPLE_FINAL))
		return false;
	packet->verdict = action / XDPCTL_TUPLE_DROP & 1;
	packet->reason = XDPCTL_REASON_RULE;
	packet->rule = slot;
	return true;
}

/* Where evaluation goes on behind a step without a verdict. */
static __always_inline __u32 resume(const void *all, __u32 order)
{
	const __u32 *resume_at = all + config.resume_at.offset;
	__u64 index = order;

	if (!config.resume_at.size)
		return order + 1;
	return is_below(&index, config.resume_at.size) ? resume_at[index] : NO_ORDER;
}

/* True when a rule decided. */
static __always_inline bool decide_by(const struct search *search, struct xdpctl_packet *packet)
{
	__u32 from = 0;

	do {
		struct found found = find(search, from);

		if (found.order == NO_ORDER)
			return false;
		if (!passes_limit(search, &found, &from))
			continue;
		if (act(packet, found.action))
			return true;
		from = resume(search->all, found.order);
	} while (config.resumes && CAN_RESUME);
	return false;
}

static __always_inline bool decide4(struct xdpctl_ctx *ctx, const void *all, struct xdpctl_packet *packet)
{
	struct search search = {
		.ctx = ctx, .all = all, .records = all + config.records4.offset, .packet = packet, .ipv6 = false};

	xdpctl_tuple_make_key4(packet, &search.key4);
	return decide_by(&search, packet);
}

static __always_inline bool decide6(struct xdpctl_ctx *ctx, const void *all, struct xdpctl_packet *packet)
{
	struct search search = {
		.ctx = ctx, .all = all, .records = all + config.records6.offset, .packet = packet, .ipv6 = true};

	xdpctl_tuple_make_key6(packet, &search.key6);
	return decide_by(&search, packet);
}

static __always_inline bool decide(struct xdpctl_ctx *ctx, const void *all, struct xdpctl_packet *packet)
{
	if (packet->headers & XDPCTL_HEADER_IPV6)
		return config.records6.size && decide6(ctx, all, packet);
	return config.records4.size && decide4(ctx, all, packet);
}

/* The compiler sees to it that no packet can use up the loops' rounds. */
static __always_inline int classify(struct xdpctl_ctx *ctx)
{
	struct xdpctl_packet *packet = scratch_packet();
	const void *all = all_tables();

	if (!packet || !all)
		return stage_error(0, 0);
	if (config.joints)
		__builtin_memset(packet->joint_masks, 0, sizeof(packet->joint_masks));
	if (!decide(ctx, all, packet)) {
		if (loops_are_used_up())
			return stage_error(packet->device, packet->length);
		if (packet->behind) {
			bpf_tail_call(ctx, &stages, packet->behind);
			packet->reason = XDPCTL_REASON_STAGE_MISS;
		}
		packet->verdict = config.policy;
		packet->rule = XDPCTL_NO_RULE;
	}
	return finish(ctx, packet);
}

#endif
