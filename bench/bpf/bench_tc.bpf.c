// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What xdpctl is measured against and with, at TC. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "maps/lib/ctx_tc.bpf.h"
#include "bench/bpf/programs.bpf.h"

SEC("tc")
int drop(struct __sk_buff *ctx)
{
	return TC_ACT_SHOT;
}

SEC("tc")
int parse(struct __sk_buff *ctx)
{
	return parse_only(ctx);
}

SEC("tc")
int tail_call(struct __sk_buff *ctx)
{
	return tail_call_only(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
