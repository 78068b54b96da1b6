/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Loops whose bound the verifier does not have to know. */
#ifndef XDPCTL_LOOP_BPF_H
#define XDPCTL_LOOP_BPF_H

#include <linux/types.h>

/*
 * Condition of a loop: true until the kernel's own bound (8 million rounds a program run) is reached. The instruction
 * is may_goto (Linux 6.9); its target is the code that makes this false. The verifier forgets here what it knew about
 * numbers that the loop changes: indices are checked behind it, with all their 64 bits.
 */
static __always_inline bool can_loop(void)
{
	asm goto("may_goto %l[bound]" : : : : bound);
	return true;
bound:
	return false;
}

/*
 * To the compiler an index of unknown origin. Else it advances a pointer along with the index, whose bounds the
 * verifier cannot see.
 */
#define HIDE_INDEX(index) asm volatile("" : "+r"(index))

#endif
