/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The classifier of large rulesets with bounded loops: faster, and for kernels that have no others. Rules without a
 * verdict need the others.
 */
#define XDPCTL_BOUNDED_LOOPS
#include "xdp/classify.bpf.c"
