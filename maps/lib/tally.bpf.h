/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tallies of judged packets: part of an observer that nobody asked for reports. */
#ifndef XDPCTL_TALLY_BPF_H
#define XDPCTL_TALLY_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/lib/times.bpf.h"
#include "maps/packet.h"
#include "maps/tally.h"

/* Key: xdpctl_sizes_key(). Written by observers, read by the command that loaded them. User space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_sizes);
} packet_sizes SEC(".maps");

/*
 * Who sends to which port: the kernel drops those that were not seen for longest when it is full. Written by observers,
 * read by the command that loaded them. User space sets its size.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct xdpctl_talker);
	__type(value, struct xdpctl_talk);
} talkers SEC(".maps");

/* Key: xdpctl_times_key(). Written by observers, read by the command that loaded them. User space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdpctl_stage_times);
} stage_times SEC(".maps");

/* The highest bit that is set; 0 for 0. */
static __always_inline __u32 log2_of(__u32 value)
{
	__u32 bits = (value > 0xffff) << 4, step;

	value >>= bits;
	step = (value > 0xff) << 3;
	value >>= step;
	bits |= step;
	step = (value > 0xf) << 2;
	value >>= step;
	bits |= step;
	step = (value > 0x3) << 1;
	value >>= step;
	return bits | step | value >> 1;
}

static __always_inline void tally_size(const struct xdpctl_packet *packet, __u32 length)
{
	__u32 key = xdpctl_sizes_key(packet->device, packet->verdict), bucket = log2_of(length);
	struct xdpctl_sizes *sizes = bpf_map_lookup_elem(&packet_sizes, &key);

	if (!sizes)
		return;
	if (bucket >= XDPCTL_SIZE_BUCKETS)
		bucket = XDPCTL_SIZE_BUCKETS - 1;
	sizes->packets[bucket]++;
	sizes->bytes += length;
}

static __always_inline void tally_time(__u32 device, enum xdpctl_timed_stage stage, __u64 time)
{
	__u32 key = xdpctl_times_key(device, stage);
	struct xdpctl_stage_times *times = bpf_map_lookup_elem(&stage_times, &key);

	if (!times)
		return;
	times->packets[log2_of(time > 0xffffffff ? 0xffffffff : time) & (XDPCTL_TIME_BUCKETS - 1)]++;
	times->nanoseconds += time;
}

static __always_inline void tally_times(const struct xdpctl_packet *packet)
{
	const __u64 now = bpf_ktime_get_ns();
	struct xdpctl_entry_times *times = times_at_hand();

	if (!times || !times->begin)
		return;
	tally_time(packet->device, XDPCTL_TIMED_PARSE, times->parsed - times->begin);
	tally_time(packet->device, XDPCTL_TIMED_JUDGE, now - times->parsed);
	times->begin = 0;
}

/* False for what is no IP packet. */
static __always_inline bool talker_of(const struct xdpctl_packet *packet, struct xdpctl_talker *talker)
{
	if (!(packet->headers & (XDPCTL_HEADER_IPV4 | XDPCTL_HEADER_IPV6)))
		return false;
	talker->saddr[0] = packet->saddr[0];
	if (packet->headers & XDPCTL_HEADER_IPV6) {
		talker->saddr[1] = packet->saddr[1];
		talker->saddr[2] = packet->saddr[2];
		talker->saddr[3] = packet->saddr[3];
		talker->is_ip6 = 1;
	}
	if (packet->headers & XDPCTL_HEADER_L4PROTO)
		talker->l4_proto = packet->l4_proto;
	if (packet->headers & (XDPCTL_HEADER_TCP | XDPCTL_HEADER_UDP | XDPCTL_HEADER_SCTP))
		talker->dport = packet->dport;
	return true;
}

/* `weight` is how many packets this one stands for. */
static __always_inline void tally_talker(const struct xdpctl_packet *packet, __u32 length, __u32 weight)
{
	const struct xdpctl_talk none = {};
	struct xdpctl_talker talker = {};
	struct xdpctl_talk *talk;

	if (weight > 1 && bpf_get_prandom_u32() % weight)
		return;
	if (!talker_of(packet, &talker))
		return;
	talk = bpf_map_lookup_elem(&talkers, &talker);
	if (!talk) {
		/* Another CPU may have been faster: then its element stays. */
		bpf_map_update_elem(&talkers, &talker, &none, BPF_NOEXIST);
		talk = bpf_map_lookup_elem(&talkers, &talker);
	}
	if (!talk)
		return;
	talk->packets[packet->verdict & (XDPCTL_VERDICTS - 1)] += weight;
	talk->bytes += (__u64)length * weight;
}

#endif
