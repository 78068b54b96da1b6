/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Frames from many addresses out of one test run, since what looks addresses up costs more when its memory is cold. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SOURCES 65536

/* Key: any number below SOURCES; value: a source address, IPv4 in the first word. Written by the bench. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SOURCES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct in6_addr);
} sources SEC(".maps");

/* Key 0: where frames go on. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

__u32 turn;

SEC("xdp.frags")
int spread(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *ether = data;
	__u32 key = turn++ * 40503 & (SOURCES - 1); /* all of them, in no order */
	const struct in6_addr *source = bpf_map_lookup_elem(&sources, &key);

	if (!source || (void *)(ether + 1) + sizeof(struct ipv6hdr) > data_end)
		return XDP_ABORTED;
	if (ether->h_proto == bpf_htons(ETH_P_IP))
		((struct iphdr *)(ether + 1))->saddr = source->in6_u.u6_addr32[0];
	else
		((struct ipv6hdr *)(ether + 1))->saddr = *source;
	bpf_tail_call_static(ctx, &next, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int spread_end(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
