/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The tables of the tuple-tree classifier: one generation's. */
#ifndef XDPCTL_TUPLE_TABLES_BPF_H
#define XDPCTL_TUPLE_TABLES_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/tuple_tree.h"

/*
 * Key 0: all arrays, where `config` says. User space sets its size and writes it before the program runs, through a
 * memory mapping; afterwards nobody does. One element, because then one lookup does and indices are compared with
 * constants.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u64));
} tables SEC(".maps");

const volatile struct xdpctl_tuple_config config;

static __always_inline const void *all_tables(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&tables, &key);
}

#endif
