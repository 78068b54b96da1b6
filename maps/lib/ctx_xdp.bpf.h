/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The context at XDP. ctx_tc.bpf.h has the same names for TC: nothing else knows which hook it runs on. */
#ifndef XDPCTL_CTX_XDP_BPF_H
#define XDPCTL_CTX_XDP_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "maps/verdict.h"

#define xdpctl_ctx xdp_md

/* How often ctx_pull() may be asked: what lies in fragments cannot be moved into the linear part at XDP. */
#define CTX_PULLS 0

static __always_inline const void *ctx_data(const struct xdpctl_ctx *ctx)
{
	return (const void *)(long)ctx->data;
}

static __always_inline const void *ctx_data_end(const struct xdpctl_ctx *ctx)
{
	return (const void *)(long)ctx->data_end;
}

/*
 * The kernel's own context, to see at once whether a frame has fragments: the helper that adds their lengths costs as
 * much as the rest of the parser. The enumerator came with the function (Linux 6.2) and tells that it is there.
 */
struct xdp_buff {
	__u32 flags;
} __attribute__((preserve_access_index));

enum special_kfunc_type {
	KF_bpf_cast_to_kern_ctx,
};

#define XDP_BUFF_HAS_FRAGS (1 << 0) /* XDP_FLAGS_HAS_FRAGS, enum xdp_buff_flags since Linux 5.18 */

extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;

static __always_inline bool ctx_may_have_frags(struct xdpctl_ctx *ctx)
{
	if (!bpf_core_enum_value_exists(enum special_kfunc_type, KF_bpf_cast_to_kern_ctx))
		return true;
	return ((const struct xdp_buff *)bpf_cast_to_kern_ctx(ctx))->flags & XDP_BUFF_HAS_FRAGS;
}

/* Length of the whole frame. Kernels before 5.18 have neither fragments at XDP nor the helper that counts them. */
static __always_inline __u32 ctx_length(struct xdpctl_ctx *ctx)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_get_buff_len) && ctx_may_have_frags(ctx))
		return bpf_xdp_get_buff_len(ctx);
	return ctx_data_end(ctx) - ctx_data(ctx);
}

/* Tag that the device took off the frame: XDP programs not bound to a device have no access to it. */
static __always_inline bool ctx_offloaded_tag(const struct xdpctl_ctx *ctx, __be16 *tpid, __u16 *tci)
{
	return false;
}

static __always_inline bool ctx_has_offloaded_tag(const struct xdpctl_ctx *ctx)
{
	return false;
}

/* Bytes of the frame; false when they are not there. */
static __always_inline bool ctx_load_bytes(struct xdpctl_ctx *ctx, __u32 offset, void *to, __u32 size)
{
	return bpf_xdp_load_bytes(ctx, offset, to, size) == 0;
}

/* What packets do not have yet: rules that ask for it are not loaded here. */
static __always_inline __u32 ctx_mark(const struct xdpctl_ctx *ctx)
{
	return 0;
}

static __always_inline __u32 ctx_priority(const struct xdpctl_ctx *ctx)
{
	return 0;
}

static __always_inline __u32 ctx_packet_type(const struct xdpctl_ctx *ctx)
{
	return 0;
}

static __always_inline bool ctx_pull(struct xdpctl_ctx *ctx, __u32 attempt)
{
	return false;
}

static __always_inline __u32 ctx_ifindex(const struct xdpctl_ctx *ctx)
{
	return ctx->ingress_ifindex;
}

/* Arithmetic: a mixed stream of verdicts cannot be predicted. */
static __always_inline int ctx_code(__u8 verdict)
{
	static_assert(XDP_PASS + XDPCTL_DROP * (XDP_DROP - XDP_PASS) == XDP_DROP && XDPCTL_ACCEPT == 0);
	return XDP_PASS + verdict * (XDP_DROP - XDP_PASS);
}

#endif
