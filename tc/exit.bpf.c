/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* End of every classifier at TC: user space puts the generated rules in front of these instructions. */
#include "maps/lib/ctx_tc.bpf.h"
#include "maps/lib/exit.bpf.h"

SEC("tc")
int tc_exit(struct __sk_buff *ctx)
{
	return leave(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
