/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Classifier of large rulesets at XDP: one generation's tables, and the exit. */
#include "maps/lib/ctx_xdp.bpf.h"
#include "maps/lib/classify_tuple_tree.bpf.h"

SEC("xdp")
int xdp_classify(struct xdp_md *ctx)
{
	return classify(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
