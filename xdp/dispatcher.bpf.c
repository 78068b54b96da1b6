// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The dispatcher that libxdp loads to run several XDP programs on one device: libxdp fills in `config` and replaces
 * program0, program1, ... by the attached programs, as extensions. Follows libxdp's dispatcher protocol, version 2.
 *
 * It stands in for the dispatcher of libxdp 1.3, whose functions leave the packet alone: since Linux 6.14, and in
 * stable series from 6.12 on, the verifier then refuses extensions that may change it, and counts a tail call as a
 * change.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xdp/prog_dispatcher.h>

static_assert(XDP_DISPATCHER_VERSION == 2, "config and the names below are version 2 of the protocol");
static_assert(MAX_DISPATCHER_ACTIONS == 10, "one function an action below");

/* libxdp finds it as the first object in .rodata. */
static const volatile struct xdp_dispatcher_config config = {};

/*
 * What an unused place does: go on with the next one. The result is volatile lest callers assume it, and the call makes
 * the verifier regard the function, and so whatever replaces it, as one that may move the packet's bounds.
 */
static __always_inline int unused_place(struct xdp_md *ctx)
{
	volatile int result = XDP_DISPATCHER_RETVAL;

	if (!ctx)
		return XDP_ABORTED;
	if (result != XDP_DISPATCHER_RETVAL)
		bpf_xdp_adjust_tail(ctx, 0);
	return result;
}

/* The protocol's names; global functions, because only those can be replaced. */
/* clang-format off */
#define PLACE(number)                                                 \
	__attribute__((noinline)) int prog##number(struct xdp_md *ctx) \
	{                                                              \
		return unused_place(ctx);                              \
	}
PLACE(0)
PLACE(1)
PLACE(2)
PLACE(3)
PLACE(4)
PLACE(5)
PLACE(6)
PLACE(7)
PLACE(8)
PLACE(9)
/* clang-format on */

/* Where libxdp tries whether the kernel can replace functions. */
__attribute__((noinline)) int compat_test(struct xdp_md *ctx)
{
	return unused_place(ctx);
}

static __always_inline bool last_result(int result, int place)
{
	return !(config.chain_call_actions[place] & (1U << result));
}

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	__u8 programs = config.num_progs_enabled;
	int result;

	/* clang-format off */
#define RUN(number)                              \
	do {                                     \
		if (programs <= (number))        \
			return XDP_PASS;         \
		result = prog##number(ctx);      \
		if (last_result(result, number)) \
			return result;           \
	} while (0)
	/* clang-format on */
	RUN(0);
	RUN(1);
	RUN(2);
	RUN(3);
	RUN(4);
	RUN(5);
	RUN(6);
	RUN(7);
	RUN(8);
	RUN(9);
	/* Never the case, but keeps the function in the object. */
	if (programs > MAX_DISPATCHER_ACTIONS)
		return compat_test(ctx);
	return XDP_PASS;
}

/* libxdp loads it to learn what the kernel can do. */
SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

__uint(dispatcher_version, XDP_DISPATCHER_VERSION) SEC(XDP_METADATA_SECTION);
char _license[] SEC("license") = "Dual BSD/GPL";
