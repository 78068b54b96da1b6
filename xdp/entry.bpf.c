/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Entry of an ingress chain at XDP, one program a device. User space adds xdp.frags where the kernel knows it. */
#include "maps/lib/ctx_xdp.bpf.h"
#include "maps/lib/entry.bpf.h"

/* Slot of the device in the chain. */
const volatile __u16 device_slot;

SEC("xdp")
int xdp_entry(struct xdp_md *ctx)
{
	return enter(ctx, device_slot, XDPCTL_HOOK_INGRESS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
