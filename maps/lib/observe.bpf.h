/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An observer: looks at every judged packet behind the exit, reports or tallies those it was asked for, and returns
 * what the exit would have. Cheap questions come first; the clock and the frame are read only for packets that pass
 * them.
 */
#ifndef XDPCTL_OBSERVE_BPF_H
#define XDPCTL_OBSERVE_BPF_H

#include "maps/lib/parser.bpf.h"
#include "maps/lib/scratch.bpf.h"
#include "maps/lib/stages.bpf.h"
#include "maps/lib/tally.bpf.h"
#include "maps/observe.h"

/* Written by observers with reserve and commit, read by the command that loaded them. User space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* Key: rule slot, or config.rules + enum xdpctl_reason where no rule decided. User space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_watched_rule);
} watched_rules SEC(".maps");

/* Key 0: what became of the packets. Written by observers, read by the command that loaded them. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_observed);
} observed SEC(".maps");

struct frame_head {
	__u8 bytes[XDPCTL_FILTER_BYTES];
};

/* Key 0: begin of the frame at hand, for the filter expression. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct frame_head);
} frame_head SEC(".maps");

const volatile struct xdpctl_observer_config config;

/* Both Ethernet addresses: what stands before a VLAN tag. */
#define TAG_OFFSET 12
#define TAG_SIZE   4

/* Tag that has to be put back into the frame. */
struct tag {
	__be16 tpid;
	__be16 tci;
	bool present;
};

static __always_inline struct tag offloaded_tag(struct xdpctl_ctx *ctx)
{
	struct tag tag = {};
	__u16 tci;

	tag.present = ctx_offloaded_tag(ctx, &tag.tpid, &tci);
	if (tag.present)
		tag.tci = bpf_htons(tci);
	return tag;
}

/* The frame's first `size` bytes, which it has. `size` is at least 1; `room` is a constant not below it. */
static __always_inline bool copy_frame(struct xdpctl_ctx *ctx, const struct tag *tag, void *to, __u32 size,
				       const __u32 room)
{
	if (tag->present && size > TAG_OFFSET + TAG_SIZE) {
		__u32 rest = size - TAG_OFFSET - TAG_SIZE;

		/* The verifier does not know the bounds of a difference. */
		asm volatile("" : "+r"(rest));
		if (rest == 0 || rest > room - TAG_OFFSET - TAG_SIZE)
			return false;
		if (!ctx_load_bytes(ctx, 0, to, TAG_OFFSET))
			return false;
		__builtin_memcpy(to + TAG_OFFSET, &tag->tpid, sizeof(tag->tpid));
		__builtin_memcpy(to + TAG_OFFSET + sizeof(tag->tpid), &tag->tci, sizeof(tag->tci));
		return ctx_load_bytes(ctx, TAG_OFFSET, to + TAG_OFFSET + TAG_SIZE, rest);
	}
	return ctx_load_bytes(ctx, 0, to, size);
}

/* What the filter expression says. */
enum filter_answer {
	FILTER_REJECT = 0,
	FILTER_ACCEPT = 1,
	FILTER_UNDECIDED = 2, /* it asks for bytes behind the frame's head */
};

/*
 * User space puts the compiled expression in the place of these instructions, which stand behind all others. It gets
 * the begin of the frame, how many bytes of it are there, and the length of the frame.
 */
static __noinline __u64 filter_frame(const void *head, __u64 available, __u64 length)
{
	__u64 answer;

	asm volatile("%[answer] = 1"
		     : [answer] "=r"(answer)
		     : [head] "r"(head), [available] "r"(available), [length] "r"(length));
	return answer;
}

static __always_inline enum filter_answer ask_filter(struct xdpctl_ctx *ctx, const struct tag *tag, __u32 length)
{
	__u32 key = 0;
	struct frame_head *head = bpf_map_lookup_elem(&frame_head, &key);
	__u32 available = length;

	if (!head)
		return FILTER_REJECT;
	if (available > XDPCTL_FILTER_BYTES)
		available = XDPCTL_FILTER_BYTES;
	asm volatile("" : "+r"(available));
	if (available == 0 || available > XDPCTL_FILTER_BYTES)
		return FILTER_REJECT;
	if (!copy_frame(ctx, tag, head->bytes, available, XDPCTL_FILTER_BYTES))
		return FILTER_UNDECIDED;
	return filter_frame(head->bytes, available, length);
}

static __always_inline struct xdpctl_watched_rule *watched_rule(__u32 slot)
{
	return bpf_map_lookup_elem(&watched_rules, &slot);
}

static __always_inline bool is_chosen(__u32 slot)
{
	struct xdpctl_watched_rule *rule;

	if (!config.chosen_rules)
		return true;
	rule = watched_rule(slot);
	return slot < config.rules && rule && rule->chosen;
}

static __always_inline bool is_device_chosen(const struct xdpctl_packet *packet)
{
	return config.devices >> (packet->device & 63) & 1;
}

/* What there is to report of a packet: XDPCTL_REPORT_* bits. */
static __always_inline __u32 wanted_reports(const struct xdpctl_packet *packet)
{
	__u32 wanted = 0;

	if (!is_device_chosen(packet))
		return 0;
	if ((config.verdicts >> (packet->verdict & 31) & 1) && (config.reasons >> (packet->reason & 31) & 1) &&
	    is_chosen(packet->rule))
		wanted |= XDPCTL_REPORT_VERDICT;
	if (!config.logs)
		return wanted;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < XDPCTL_LOGS_MAX; i++)
		if (i < packet->logs && is_chosen(packet->log_rules[i]))
			wanted |= XDPCTL_REPORT_LOG << i;
	return wanted;
}

/*
 * Whether a report is due, by the generic cell rate algorithm: `next` runs ahead of the clock by an interval a report,
 * as far as the burst goes. A packet over the rate costs a load; one of two CPUs that report at once tries again.
 */
static __always_inline bool within_rate(__u64 *next)
{
	const __u64 now = bpf_ktime_get_coarse_ns();

#pragma clang loop unroll(full)
	for (int attempt = 0; attempt < 3; attempt++) {
		__u64 seen = *(volatile __u64 *)next, from = seen > now ? seen : now;

		if (from - now > config.burst)
			return false;
		if (__sync_val_compare_and_swap(next, seen, from + config.interval) == seen)
			return true;
	}
	return false;
}

/* Those of the reports that their rules' rates allow. */
static __always_inline __u32 limit_reports(const struct xdpctl_packet *packet, __u32 wanted)
{
	struct xdpctl_watched_rule *rule;
	__u32 allowed = 0;

	if (!config.interval)
		return wanted;
	if (wanted & XDPCTL_REPORT_VERDICT) {
		rule = watched_rule(packet->rule == XDPCTL_NO_RULE ? config.rules + packet->reason : packet->rule);
		if (rule && within_rate(&rule->next_verdict))
			allowed |= XDPCTL_REPORT_VERDICT;
	}
	if (!config.logs)
		return allowed;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < XDPCTL_LOGS_MAX; i++) {
		if (!(wanted & XDPCTL_REPORT_LOG << i))
			continue;
		rule = watched_rule(packet->log_rules[i]);
		if (rule && within_rate(&rule->next_log))
			allowed |= XDPCTL_REPORT_LOG << i;
	}
	return allowed;
}

/* Bytes of the frame that the reports ask for. */
static __always_inline __u32 snaplen_of(const struct xdpctl_packet *packet, __u32 reports)
{
	__u32 snaplen = config.snaplen;

	if (!config.logs)
		return snaplen;
#pragma clang loop unroll(full)
	for (__u32 i = 0; i < XDPCTL_LOGS_MAX; i++) {
		struct xdpctl_watched_rule *rule;

		if (!(reports & XDPCTL_REPORT_LOG << i))
			continue;
		rule = watched_rule(packet->log_rules[i]);
		if (rule && rule->snaplen > snaplen)
			snaplen = rule->snaplen;
	}
	return snaplen;
}

/* What emit() needs, so that every size of record takes the same. */
struct report {
	const struct xdpctl_packet *packet;
	struct tag tag;
	__u32 length;
	__u32 captured;
	__u32 reports;
	bool undecided;
};

/*
 * A reader that sleeps is woken by the record that fills an eighth of the buffer; it looks by itself several times a
 * second. Waking it for every packet costs more than everything else here.
 */
static __always_inline __u64 wakeup(__u64 record)
{
	__u64 full = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA), size = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);

	return full - size / 8 < record ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Writes a record with room for so many bytes of the frame: a constant, as the verifier wants it. */
static __always_inline bool emit(struct xdpctl_ctx *ctx, const struct report *report, const __u32 room)
{
	struct xdpctl_event *event = bpf_ringbuf_reserve(&events, sizeof(*event) + room, 0);
	__u32 captured = report->captured;

	if (!event)
		return false;
	event->time = bpf_ktime_get_ns();
	event->ifindex = ctx_ifindex(ctx);
	event->length = report->length;
	event->chain = config.chain;
	event->reported = report->reports;
	event->undecided = report->undecided;
	event->packet = *report->packet;
	asm volatile("" : "+r"(captured));
	if (captured == 0 || captured > room || !copy_frame(ctx, &report->tag, event + 1, captured, room))
		captured = 0;
	event->captured = captured;
	bpf_ringbuf_submit(event, wakeup(sizeof(*event) + room));
	return true;
}

/* Records come in few sizes. */
static __always_inline bool emit_in_time(struct xdpctl_ctx *ctx, const struct report *report)
{
	if (report->captured == 0)
		return emit(ctx, report, 0);
	if (report->captured <= 128)
		return emit(ctx, report, 128);
	if (report->captured <= 512)
		return emit(ctx, report, 512);
	if (report->captured <= 2048)
		return emit(ctx, report, 2048);
	if (report->captured <= 9216)
		return emit(ctx, report, 9216);
	return emit(ctx, report, XDPCTL_FRAME_MAX);
}

static __always_inline __u32 frame_length(struct xdpctl_ctx *ctx, const struct tag *tag)
{
	return ctx_length(ctx) + (tag->present ? TAG_SIZE : 0);
}

static __always_inline void tally_packet(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet)
{
	struct tag tag;
	__u32 length;

	if (!is_device_chosen(packet))
		return;
	/* First, so that what follows is not timed. */
	if (config.tallies_times)
		tally_times(packet);
	if (!config.tallies_sizes && !config.tallies_talkers)
		return;
	tag = offloaded_tag(ctx);
	length = frame_length(ctx, &tag);
	if (config.tallies_sizes)
		tally_size(packet, length);
	if (config.tallies_talkers)
		tally_talker(packet, length, config.tallies_talkers);
}

static __always_inline void report_packet(struct xdpctl_ctx *ctx, const struct xdpctl_packet *packet)
{
	struct report report = {.packet = packet, .reports = wanted_reports(packet)};
	struct xdpctl_observed *counts;
	__u32 key = 0;

	if (!report.reports)
		return;
	counts = bpf_map_lookup_elem(&observed, &key);
	if (!counts)
		return;
	report.tag = offloaded_tag(ctx);
	report.length = frame_length(ctx, &report.tag);
	if (config.filtered) {
		enum filter_answer answer = ask_filter(ctx, &report.tag, report.length);

		if (answer == FILTER_REJECT)
			return;
		report.undecided = answer == FILTER_UNDECIDED;
	}
	if (config.sample && bpf_get_prandom_u32() % config.sample) {
		counts->unsampled++;
		return;
	}
	report.reports = limit_reports(packet, report.reports);
	if (!report.reports) {
		counts->limited++;
		return;
	}
	/* To decide, the reader needs the frame. */
	report.captured = report.undecided ? XDPCTL_FRAME_MAX : snaplen_of(packet, report.reports);
	if (report.captured > report.length)
		report.captured = report.length;
	if (report.captured > XDPCTL_FRAME_MAX)
		report.captured = XDPCTL_FRAME_MAX;
	if (emit_in_time(ctx, &report))
		counts->reported++;
	else
		counts->lost++;
}

/* Behind the last one everything is as if there were none. */
static __always_inline int call_next(struct xdpctl_ctx *ctx, __u8 verdict)
{
	if (config.place < 1)
		bpf_tail_call_static(ctx, &stages, XDPCTL_STAGE_OBSERVE + 1);
	if (config.place < 2)
		bpf_tail_call_static(ctx, &stages, XDPCTL_STAGE_OBSERVE + 2);
	if (config.place < 3)
		bpf_tail_call_static(ctx, &stages, XDPCTL_STAGE_OBSERVE + 3);
	return ctx_code(verdict);
}

static __always_inline int observe(struct xdpctl_ctx *ctx)
{
	const struct xdpctl_packet *packet = scratch_packet();

	if (!packet) /* cannot be: the exit had it */
		return ctx_code(XDPCTL_ACCEPT);
	if (config.tallies_sizes || config.tallies_talkers || config.tallies_times)
		tally_packet(ctx, packet);
	else if (!config.idle)
		report_packet(ctx, packet);
	return call_next(ctx, packet->verdict);
}

#endif
