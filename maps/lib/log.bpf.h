/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The log statement: a mark on the packet, for the observers behind the exit to report. */
#ifndef XDPCTL_LOG_BPF_H
#define XDPCTL_LOG_BPF_H

#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "maps/packet.h"

static __always_inline void log_packet(struct xdpctl_packet *packet, __u32 slot)
{
	__u32 place = packet->logs;

	if (place >= XDPCTL_LOGS_MAX)
		return;
	packet->log_rules[place] = slot;
	packet->logs = place + 1;
}

#endif
