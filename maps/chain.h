/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* State of a base chain beside its programs: configuration, devices, rule slots. */
#ifndef XDPCTL_MAPS_CHAIN_H
#define XDPCTL_MAPS_CHAIN_H

#include <linux/types.h>

#define XDPCTL_IFNAME_SIZE 16 /* IFNAMSIZ */

/* Value of map `chain` (one element). Written by the CLI, read by programs on failure paths only. */
struct xdpctl_chain {
	__u32 policy; /* enum xdpctl_verdict */
	__u32 hook; /* enum xdpctl_hook */
};

enum xdpctl_hook {
	XDPCTL_HOOK_INGRESS = 0,
	XDPCTL_HOOK_EGRESS = 1,
};

/* How an entry program is attached. */
enum xdpctl_attachment {
	XDPCTL_ATTACHMENT_NONE = 0,
	XDPCTL_ATTACHMENT_XDP_LINK = 1, /* pinned bpf_link */
	XDPCTL_ATTACHMENT_XDP_DISPATCHER = 2, /* libxdp */
	XDPCTL_ATTACHMENT_TCX_LINK = 3, /* pinned bpf_link */
	XDPCTL_ATTACHMENT_CLSACT = 4, /* netlink filter */
};

/* How packets reach an ingress entry. */
enum xdpctl_mode {
	XDPCTL_MODE_AUTO = 0, /* as asked for only: never the state of an attached device */
	XDPCTL_MODE_NATIVE = 1,
	XDPCTL_MODE_GENERIC = 2,
	XDPCTL_MODE_OFFLOAD = 3,
	XDPCTL_MODE_TC = 4,
};

/* Element of map `devices`, indexed by device slot. Written and read by the CLI only. */
struct xdpctl_device {
	char name[XDPCTL_IFNAME_SIZE]; /* as the ruleset names it; empty: the slot is free */
	__u32 ifindex; /* when attached, or about to be; 0 when not */
	__u32 attachment; /* enum xdpctl_attachment; NONE: the slot is kept for the device */
	__u32 mode; /* enum xdpctl_mode, as attached */
	__u32 program_id; /* of the entry program */
	__u64 attached_at; /* seconds since the epoch */
};

/* Element of map `rule_slots`, indexed by rule slot. Written and read by the CLI only. */
struct xdpctl_rule_slot {
	__u64 handle; /* 0: free; XDPCTL_RULE_SLOT_RETIRED */
	/* What the rule counted in maps that were too small: its count is this and that of `rule_counters`. */
	__u64 packets;
	__u64 bytes;
};

/* Was a rule's that is deleted: a program on its way may still count there. Free after a grace period. */
#define XDPCTL_RULE_SLOT_RETIRED (~(__u64)0)

static_assert(sizeof(struct xdpctl_device) == 40, "pinned");

#endif
