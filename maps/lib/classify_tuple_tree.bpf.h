/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The classifier of large rulesets: walks the tables of maps/tuple_tree.h, in two passes. The first asks the directory
 * about every table that is not pruned, without a branch on what it says, so that the loads overlap and nothing is
 * mispredicted. The second reads the rules of those that answered. Tables come in the order of their first rule, and
 * lists are sorted, so whatever follows a match and cannot be before it is not looked at.
 */
#ifndef XDPCTL_CLASSIFY_TUPLE_TREE_BPF_H
#define XDPCTL_CLASSIFY_TUPLE_TREE_BPF_H

#include "maps/counter.h"
#include "maps/lib/exit.bpf.h"
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

/* Place of the lowest bit of 16, without a table in memory: a de Bruijn sequence, and its inverse in four-bit digits.
 */
static __always_inline __u32 lowest_bit(__u32 bits)
{
	return 0xcd7ea84fb6935210ULL >> ((((bits & -bits) * 0x09af & 0xffff) >> 12) * 4) & 15;
}

/*
 * One step down a tree: left is the next node, right is named. Arithmetic, because no predictor guesses the way; LLVM
 * would make a branch of it.
 */
static __always_inline __u64 next_node(__u64 content, __u64 node, __u32 value)
{
	__u64 right = content >> 32 & ((1U << XDPCTL_TUPLE_RIGHT_BITS) - 1), left = node + 1;
	__u64 above = (__u64)(__u32)content - value; /* negative when the value is above the threshold */

	asm volatile("%0 s>>= 63" : "+r"(above));
	return left ^ ((left ^ right) & above);
}

/* First record of the leaf that the packet falls into. */
static __always_inline __u32 walk_tree(const __u64 *tree, __u64 node, const __u32 *dimensions)
{
	const __u64 end = config.nodes.size;

	while (can_loop()) {
		HIDE_INDEX(node);
		if (node >= end)
			break;
		__u64 content = tree[node];
		__u32 dimension = content >> XDPCTL_TUPLE_DIMENSION_SHIFT;

		if (dimension == XDPCTL_TUPLE_LEAF)
			return content;
		node = next_node(content, node, dimensions[dimension & (XDPCTL_TUPLE_DIMENSIONS - 1)]);
	}
	return 0;
}

/* Directory slots by table, and the tables whose slot can hold a match. */
struct hits {
	__u32 slots[XDPCTL_TUPLE_TABLES_MAX];
	__u32 tables;
	__u32 any; /* bits of their slots */
};

/* A slot can hold a match when it is in use and has the fingerprint of the hash, or none. */
static __always_inline void add_slot(struct hits *hits, __u32 slot, __u64 hash, __u32 table)
{
	__u32 keyed = slot & 1; /* of the fingerprint */
	__u64 differs = (slot ^ xdpctl_tuple_fingerprint(hash)) & XDPCTL_TUPLE_FINGERPRINT & -keyed;
	__u64 hit = (differs - 1) & -(__u64)slot;

	asm volatile("%0 >>= 63" : "+r"(hit));
	hits->slots[table] = slot;
	hits->any |= slot & -(__u32)hit;
	hits->tables |= (__u32)hit << table;
}

/* First record of the list that a slot leads the packet to; 0 when there is none. */
static __always_inline __u32 find_list(__u32 slot, const __u64 *tree, const __u32 *dimensions)
{
	__u32 index = slot >> XDPCTL_TUPLE_INDEX_SHIFT;

	return slot & XDPCTL_TUPLE_TREE ? walk_tree(tree, index, dimensions) : index;
}

static __always_inline bool rest_holds(const struct xdpctl_packet *packet, __u32 order, __u32 action)
{
	return !config.residuals.size || !(action & XDPCTL_TUPLE_RESIDUAL) || residuals_hold(packet, order);
}

static __always_inline void search_list4(const struct xdpctl_tuple_record4 *records, __u64 number,
					 const struct xdpctl_packet *packet, const struct xdpctl_tuple_key4 *key,
					 __u32 from, struct found *best)
{
	const __u64 end = config.records4.size;

	while (can_loop()) {
		HIDE_INDEX(number);
		if (number >= end)
			return;
		const struct xdpctl_tuple_record4 *record = &records[number];
		__u32 order = record->order, action = record->action;

		if (order >= best->order)
			return;
		if (!xdpctl_tuple_differ4(record, key) && (!config.resumes || order >= from) &&
		    rest_holds(packet, order, action)) {
			best->order = order;
			best->action = action;
			return;
		}
		if (action & XDPCTL_TUPLE_LAST)
			return;
		number++;
	}
}

static __always_inline void find_slots4(const void *all, const struct xdpctl_packet *packet,
					const struct xdpctl_tuple_key4 *key, struct hits *hits)
{
	const struct xdpctl_tuple_index4 *index = all + config.index4.offset;
	const __u32 *slots = all + config.directory.offset;
	const __u32 end = config.directory.size;
	__u32 tables = index->prune.source[xdpctl_tuple_window_value(packet->saddr, &config.source4)] &
		       index->prune.destination[xdpctl_tuple_window_value(packet->daddr, &config.destination4)] &
		       index->prune.proto[packet->l4_proto];

	hits->tables = 0;
	hits->any = 0;
	for (int i = 0; i < XDPCTL_TUPLE_TABLES_MAX && tables; i++) {
		__u32 number = lowest_bit(tables);
		const struct xdpctl_tuple_table4 *table = &index->tables[number];
		__u64 hash = xdpctl_tuple_hash4(key->addresses & table->addresses, key->tuple & table->tuple);
		__u32 slot = table->base + (__u32)(hash >> (table->shift & 63));

		if (slot >= end)
			break;
		add_slot(hits, slots[slot], hash, number);
		tables &= tables - 1;
	}
}

static __always_inline struct found find4(const void *all, const struct xdpctl_packet *packet,
					  const struct xdpctl_tuple_key4 *key, __u32 from)
{
	const struct xdpctl_tuple_index4 *index = all + config.index4.offset;
	const struct xdpctl_tuple_record4 *records = all + config.records4.offset;
	const __u64 *tree = all + config.nodes.offset;
	struct found best = {NO_ORDER, 0};
	__u32 dimensions[XDPCTL_TUPLE_DIMENSIONS];
	struct hits hits;

	find_slots4(all, packet, key, &hits);
	if (hits.any & XDPCTL_TUPLE_TREE)
		xdpctl_tuple_dimensions(packet, 1, dimensions);
	while (hits.tables && can_loop()) {
		__u32 number = lowest_bit(hits.tables);

		if (index->tables[number].lowest >= best.order)
			break;
		hits.tables &= hits.tables - 1;
		__u32 list = find_list(hits.slots[number], tree, dimensions);

		if (list)
			search_list4(records, list, packet, key, from, &best);
	}
	return best;
}

static __always_inline void search_list6(const struct xdpctl_tuple_record6 *records, __u64 number,
					 const struct xdpctl_tuple_index6 *index, const struct xdpctl_packet *packet,
					 const struct xdpctl_tuple_key6 *key, __u32 from, struct found *best)
{
	const __u64 end = config.records6.size;

	while (can_loop()) {
		HIDE_INDEX(number);
		if (number >= end)
			return;
		const struct xdpctl_tuple_record6 *record = &records[number];
		__u32 order = record->order, action = record->action;

		if (order >= best->order)
			return;
		if (!xdpctl_tuple_differ6(record, index, key) && (!config.resumes || order >= from) &&
		    rest_holds(packet, order, action)) {
			best->order = order;
			best->action = action;
			return;
		}
		if (action & XDPCTL_TUPLE_LAST)
			return;
		number++;
	}
}

static __always_inline void find_slots6(const void *all, const struct xdpctl_packet *packet,
					const struct xdpctl_tuple_key6 *key, struct hits *hits)
{
	const struct xdpctl_tuple_index6 *index = all + config.index6.offset;
	const __u32 *slots = all + config.directory.offset;
	const __u32 end = config.directory.size;
	__u32 tables = index->prune.source[xdpctl_tuple_window_value(packet->saddr, &config.source6)] &
		       index->prune.destination[xdpctl_tuple_window_value(packet->daddr, &config.destination6)] &
		       index->prune.proto[packet->l4_proto];

	hits->tables = 0;
	hits->any = 0;
	for (int i = 0; i < XDPCTL_TUPLE_TABLES_MAX && tables; i++) {
		__u32 number = lowest_bit(tables);
		const struct xdpctl_tuple_table6 *table = &index->tables[number];
		__u64 hash = xdpctl_tuple_hash6(key->source[0] & table->source[0], key->source[1] & table->source[1],
						key->destination[0] & table->destination[0],
						key->destination[1] & table->destination[1], key->tuple & table->tuple);
		__u32 slot = table->base + (__u32)(hash >> (table->shift & 63));

		if (slot >= end)
			break;
		add_slot(hits, slots[slot], hash, number);
		tables &= tables - 1;
	}
}

static __always_inline struct found find6(const void *all, const struct xdpctl_packet *packet,
					  const struct xdpctl_tuple_key6 *key, __u32 from)
{
	const struct xdpctl_tuple_index6 *index = all + config.index6.offset;
	const struct xdpctl_tuple_record6 *records = all + config.records6.offset;
	const __u64 *tree = all + config.nodes.offset;
	struct found best = {NO_ORDER, 0};
	__u32 dimensions[XDPCTL_TUPLE_DIMENSIONS];
	struct hits hits;

	find_slots6(all, packet, key, &hits);
	if (hits.any & XDPCTL_TUPLE_TREE)
		xdpctl_tuple_dimensions(packet, 4, dimensions);
	while (hits.tables && can_loop()) {
		__u32 number = lowest_bit(hits.tables);

		if (index->tables[number].lowest >= best.order)
			break;
		hits.tables &= hits.tables - 1;
		__u32 list = find_list(hits.slots[number], tree, dimensions);

		if (list)
			search_list6(records, list, index, packet, key, from, &best);
	}
	return best;
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
	HIDE_INDEX(index);
	return index < config.resume_at.size ? resume_at[index] : NO_ORDER;
}

/* True when a rule decided. */
static __always_inline bool decide4(const void *all, struct xdpctl_packet *packet)
{
	struct xdpctl_tuple_key4 key;
	__u32 from = 0;

	xdpctl_tuple_make_key4(packet, &key);
	do {
		struct found found = find4(all, packet, &key, from);

		if (found.order == NO_ORDER)
			return false;
		if (act(packet, found.action))
			return true;
		from = resume(all, found.order);
	} while (config.resumes && can_loop());
	return false;
}

static __always_inline bool decide6(const void *all, struct xdpctl_packet *packet)
{
	struct xdpctl_tuple_key6 key;
	__u32 from = 0;

	xdpctl_tuple_make_key6(packet, &key);
	do {
		struct found found = find6(all, packet, &key, from);

		if (found.order == NO_ORDER)
			return false;
		if (act(packet, found.action))
			return true;
		from = resume(all, found.order);
	} while (config.resumes && can_loop());
	return false;
}

static __always_inline bool decide(const void *all, struct xdpctl_packet *packet)
{
	if (packet->headers & XDPCTL_HEADER_IPV6)
		return config.records6.size && decide6(all, packet);
	return config.records4.size && decide4(all, packet);
}

/* The compiler sees to it that no packet can use up the loops; a kernel that ends them by time may do so nevertheless.
 */
static __always_inline int classify(struct xdpctl_ctx *ctx)
{
	struct xdpctl_packet *packet = scratch_packet();
	const void *all = all_tables();

	if (!packet || !all)
		return stage_error(0, 0);
	if (!decide(all, packet)) {
		if (!can_loop())
			return stage_error(packet->device, packet->length);
		packet->verdict = config.policy;
		packet->rule = XDPCTL_NO_RULE;
	}
	return finish(ctx, packet);
}

#endif
