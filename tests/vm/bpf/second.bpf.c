// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Another tool's XDP program: counts frames and passes them on. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* One element; written by the program, read by the test. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} frames SEC(".maps");

SEC("xdp")
int second(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&frames, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
