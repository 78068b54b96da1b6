/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Loops of the tuple-tree classifier: with bounds, which the verifier follows to the end, or such that it does not have
 * to know any.
 */
#ifndef XDPCTL_LOOP_BPF_H
#define XDPCTL_LOOP_BPF_H

#include <linux/types.h>

#ifdef XDPCTL_BOUNDED_LOOPS

#define for_rounds(bound) _Pragma("clang loop unroll(disable)") for (__u32 round_ = 0; round_ < (bound); round_++)
#define CAN_RESUME        false

/* The compiler sees to it that the bounds suffice. */
static __always_inline bool loops_are_used_up(void)
{
	return false;
}

#else

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

#define for_rounds(bound) while (can_loop())
#define CAN_RESUME        can_loop()

/* A kernel that ends loops by time may do so with any number of rounds. */
static __always_inline bool loops_are_used_up(void)
{
	return !can_loop();
}

#endif

/*
 * Whether the index is below `size`; the verifier knows it from here on. In assembly, because compilers advance a
 * pointer along with an index, whose bounds the verifier cannot see, and because verifiers before 6.9 learn from a
 * comparison only about that register and not about its copy on the stack.
 */
static __always_inline bool is_below(__u64 *index, __u64 size)
{
	__u64 checked = *index;

	asm goto("if %0 >= %1 goto %l[beyond]" : "+r"(checked) : "r"(size) : : beyond);
	*index = checked;
	return true;
beyond:
	return false;
}

#endif
