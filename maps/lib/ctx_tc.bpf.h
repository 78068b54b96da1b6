/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The context at TC, ingress and egress. ctx_xdp.bpf.h has the same names for XDP. */
#ifndef XDPCTL_CTX_TC_BPF_H
#define XDPCTL_CTX_TC_BPF_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "maps/verdict.h"

#define xdpctl_ctx __sk_buff

/* How often ctx_pull() may be asked: it pulls more the second time. */
#define CTX_PULLS 2

/* Enough for the headers of nearly every packet, and for the longest chain that the parser follows. */
#define CTX_PULL_USUAL   256
#define CTX_PULL_LONGEST 16640

static __always_inline const void *ctx_data(const struct xdpctl_ctx *ctx)
{
	return (const void *)(long)ctx->data;
}

static __always_inline const void *ctx_data_end(const struct xdpctl_ctx *ctx)
{
	return (const void *)(long)ctx->data_end;
}

/* Length of the whole frame. */
static __always_inline __u32 ctx_length(const struct xdpctl_ctx *ctx)
{
	return ctx->len;
}

/* Tag that the device, or the kernel on its behalf, took off the frame or has yet to put on: the outermost one. */
static __always_inline bool ctx_offloaded_tag(const struct xdpctl_ctx *ctx, __be16 *tpid, __u16 *tci)
{
	if (!ctx->vlan_present)
		return false;
	*tpid = ctx->vlan_proto;
	*tci = ctx->vlan_tci;
	return true;
}

static __always_inline bool ctx_has_offloaded_tag(const struct xdpctl_ctx *ctx)
{
	return ctx->vlan_present;
}

/* Bytes of the frame as it lies in memory; false when they are not there. */
static __always_inline bool ctx_load_bytes(struct xdpctl_ctx *ctx, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes(ctx, offset, to, size) == 0;
}

static __always_inline __u32 ctx_mark(const struct xdpctl_ctx *ctx)
{
	return ctx->mark;
}

static __always_inline __u32 ctx_priority(const struct xdpctl_ctx *ctx)
{
	return ctx->priority;
}

static __always_inline __u32 ctx_packet_type(const struct xdpctl_ctx *ctx)
{
	return ctx->pkt_type;
}

/* Moves headers into the linear part. Pointers into the frame are void afterwards. */
static __always_inline bool ctx_pull(struct xdpctl_ctx *ctx, __u32 attempt)
{
	__u32 length = attempt == 0 ? CTX_PULL_USUAL : CTX_PULL_LONGEST;

	if (length > ctx->len)
		length = ctx->len;
	return bpf_skb_pull_data(ctx, length) == 0;
}

static __always_inline __u32 ctx_ifindex(const struct xdpctl_ctx *ctx)
{
	return ctx->ifindex;
}

/* Accepted packets go on to the next program or filter of the hook. */
/* Arithmetic: a mixed stream of verdicts cannot be predicted. */
static __always_inline int ctx_code(__u8 verdict)
{
	static_assert(TC_ACT_UNSPEC + XDPCTL_DROP * (TC_ACT_SHOT - TC_ACT_UNSPEC) == TC_ACT_SHOT && XDPCTL_ACCEPT == 0);
	return TC_ACT_UNSPEC + verdict * (TC_ACT_SHOT - TC_ACT_UNSPEC);
}

#endif
