/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Observer at TC, in a stage behind the exit while somebody monitors. */
#include "maps/lib/ctx_tc.bpf.h"
#include "maps/lib/observe.bpf.h"

SEC("tc")
int tc_observe(struct __sk_buff *ctx)
{
	return observe(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
