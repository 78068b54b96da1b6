/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The programs a chain's packets go through after the entry. */
#ifndef XDPCTL_STAGES_BPF_H
#define XDPCTL_STAGES_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/stage.h"

/*
 * Key: enum xdpctl_stage; value: a program. Written by the CLI, which publishes a ruleset by one update of
 * XDPCTL_STAGE_CLASSIFY; read by tail calls. One map a chain and layer: a PROG_ARRAY holds programs of one type.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, XDPCTL_STAGES);
	__type(key, __u32);
	__type(value, __u32);
} stages SEC(".maps");

#endif
