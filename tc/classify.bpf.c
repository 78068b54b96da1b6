/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Classifier of large rulesets at TC: one generation's tables, and the exit. */
#include "maps/lib/ctx_tc.bpf.h"
#include "maps/lib/classify_tuple_tree.bpf.h"

SEC("tc")
int tc_classify(struct __sk_buff *ctx)
{
	return classify(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
