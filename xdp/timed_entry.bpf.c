/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Entry of an ingress chain at XDP that takes times. User space adds xdp.frags where the kernel knows it. */
#include "maps/lib/ctx_xdp.bpf.h"
#include "maps/lib/timed_entry.bpf.h"

/* Slot of the device in the chain. */
const volatile __u16 device_slot;

SEC("xdp")
int xdp_timed_entry(struct xdp_md *ctx)
{
	return enter_timed(ctx, device_slot, XDPCTL_HOOK_INGRESS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
