/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What observers are told to look for, and what they report: monitor and capture load one for every chain and layer. */
#ifndef XDPCTL_MAPS_OBSERVE_H
#define XDPCTL_MAPS_OBSERVE_H

#include <linux/types.h>

#ifdef __cplusplus
#include <cstddef>
#else
#include <stddef.h>
#endif

#include "packet.h"

/*
 * Observers that can look on at the same time, in the stages from XDPCTL_STAGE_OBSERVE on. The exit calls the first
 * one only, and each calls those behind it: an empty first stage means that there are none.
 */
#define XDPCTL_OBSERVERS_MAX 4

/* How much of a frame a filter expression can ask about. */
#define XDPCTL_FILTER_BYTES 512

/* Longest frame that is reported whole. */
#define XDPCTL_FRAME_MAX 65600

/* xdpctl_event.reported: the verdict, and the logs from this bit on, in the order of xdpctl_packet.log_rules. */
#define XDPCTL_REPORT_VERDICT (1U << 0)
#define XDPCTL_REPORT_LOG     (1U << 1)

/* Read-only data of an observer. */
struct xdpctl_observer_config {
	__u64 devices; /* a bit for each device slot to look at */
	__u64 interval; /* nanoseconds between the reports of a rule, 0: no limit */
	__u64 burst; /* nanoseconds that reports may come early */
	__u32 place; /* among the observers */
	__u32 idle; /* looks at nothing: only leads to those behind it */
	__u32 chain; /* its number in the reports */
	__u32 verdicts; /* a bit for each enum xdpctl_verdict to report */
	__u32 reasons; /* a bit for each enum xdpctl_reason of these verdicts */
	__u32 logs; /* reports log statements */
	__u32 chosen_rules; /* reports only rules with xdpctl_watched_rule.chosen */
	__u32 rules; /* elements of map `watched_rules`; a reason without a rule has its element behind them */
	__u32 sample; /* reports one packet in so many, 0: all */
	__u32 snaplen; /* bytes of a frame to report */
	__u32 filtered; /* asks the filter expression */
	__u32 tallies_sizes; /* counts lengths in map `packet_sizes` */
	__u32 tallies_talkers; /* counts senders in map `talkers`, of one packet in so many; 0: none */
	__u32 tallies_times; /* takes times in map `stage_times` */
};

/* Element of map `watched_rules`, by rule slot. The times are written by observers, the rest by the CLI. */
struct xdpctl_watched_rule {
	__u64 next_log; /* when the next report is due, as bpf_ktime_get_coarse_ns() counts */
	__u64 next_verdict;
	__u32 snaplen; /* of its log, when more than the observer's */
	__u32 chosen;
};

/* What became of the packets that an observer was asked for, per CPU. Each is in one of the first four. */
struct xdpctl_observed {
	__u64 reported;
	__u64 unsampled; /* left out by the sample */
	__u64 limited; /* over a rule's rate */
	__u64 lost; /* the ring buffer was full */
};

/* Head of a record in the ring buffer; `captured` bytes of the frame follow, its offloaded tag put back. */
struct xdpctl_event {
	__u64 time; /* as bpf_ktime_get_ns() counts */
	__u32 ifindex;
	__u32 length; /* of the whole frame */
	__u32 captured;
	__u32 chain; /* xdpctl_observer_config.chain */
	__u32 reported; /* XDPCTL_REPORT_* */
	__u32 undecided; /* the filter asks for what the kernel cannot see: the reader has to decide */
	struct xdpctl_packet packet;
};

static_assert(sizeof(struct xdpctl_observer_config) == 80, "shared with loaded programs");
static_assert(sizeof(struct xdpctl_watched_rule) == 24, "shared with loaded programs");
static_assert(offsetof(struct xdpctl_event, packet) == 32, "shared with loaded programs");

#endif
