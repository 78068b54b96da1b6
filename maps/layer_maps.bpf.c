/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The maps a base chain has once for XDP, TC ingress and TC egress, for user space to create with their types. */
#include "maps/lib/scratch.bpf.h"
#include "maps/lib/stages.bpf.h"
