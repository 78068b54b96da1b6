// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Gives a test run, which repeats one frame, another packet each time: the next header of a trace is written into the
 * frame, which the program under test then judges.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_helpers.h>

#include "bench/trace.h"

/* Key 0: all headers of the family that is replayed. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, BENCH_TRACE_LENGTH * sizeof(struct bench_header6));
} trace SEC(".maps");

/* Key 0: the program that judges. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} judge SEC(".maps");

static __u32 next;

static __always_inline void write_transport(struct tcphdr *tcp, __be16 sport, __be16 dport, __u8 flags)
{
	tcp->source = sport;
	tcp->dest = dport;
	((__u8 *)tcp)[13] = flags;
}

static __always_inline int write4(struct xdp_md *ctx)
{
	__u32 key = 0;
	const struct bench_header4 *headers = bpf_map_lookup_elem(&trace, &key);
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);

	if (!headers || (void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return -1;
	headers += next++ & (BENCH_TRACE_LENGTH - 1);
	ip->saddr = headers->saddr;
	ip->daddr = headers->daddr;
	ip->protocol = headers->proto;
	write_transport(tcp, headers->sport, headers->dport, headers->tcp_flags);
	return 0;
}

static __always_inline int write6(struct xdp_md *ctx)
{
	__u32 key = 0;
	const struct bench_header6 *headers = bpf_map_lookup_elem(&trace, &key);
	struct ipv6hdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);

	if (!headers || (void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return -1;
	headers += next++ & (BENCH_TRACE_LENGTH - 1);
	__builtin_memcpy(&ip->saddr, headers->saddr, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, headers->daddr, sizeof(ip->daddr));
	ip->nexthdr = headers->proto;
	write_transport(tcp, headers->sport, headers->dport, headers->tcp_flags);
	return 0;
}

SEC("xdp")
int drop4(struct xdp_md *ctx)
{
	return write4(ctx) ? XDP_ABORTED : XDP_DROP;
}

SEC("xdp")
int drop6(struct xdp_md *ctx)
{
	return write6(ctx) ? XDP_ABORTED : XDP_DROP;
}

SEC("xdp")
int replay4(struct xdp_md *ctx)
{
	if (!write4(ctx))
		bpf_tail_call_static(ctx, &judge, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int replay6(struct xdp_md *ctx)
{
	if (!write6(ctx))
		bpf_tail_call_static(ctx, &judge, 0);
	return XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
