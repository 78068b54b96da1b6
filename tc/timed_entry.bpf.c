/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Entries of ingress and egress chains at TC that take times. */
#include "maps/lib/ctx_tc.bpf.h"
#include "maps/lib/timed_entry.bpf.h"

/* Slot of the device in the chain. */
const volatile __u16 device_slot;

SEC("tc")
int tc_timed_ingress_entry(struct __sk_buff *ctx)
{
	return enter_timed(ctx, device_slot, XDPCTL_HOOK_INGRESS);
}

SEC("tc")
int tc_timed_egress_entry(struct __sk_buff *ctx)
{
	return enter_timed(ctx, device_slot, XDPCTL_HOOK_EGRESS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
