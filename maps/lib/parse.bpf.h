/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A frame to struct xdpctl_packet. A malformed packet keeps the fields that were read before the fault. */
#ifndef XDPCTL_PARSE_BPF_H
#define XDPCTL_PARSE_BPF_H

#include "maps/chain.h"
#include "maps/lib/parse_link.bpf.h"
#include "maps/lib/parse_network.bpf.h"
#include "maps/lib/parse_transport.bpf.h"

static __always_inline enum xdpctl_reason parse_headers(struct parser *p, struct xdpctl_ctx *ctx)
{
	enum xdpctl_reason malformed;

	malformed = parse_ethernet(p);
	if (malformed)
		return malformed;
	malformed = parse_vlan(p, ctx);
	if (malformed)
		return malformed;
	malformed = parse_network(p);
	if (malformed)
		return malformed;
	return parse_transport(p);
}

static __always_inline void parse_packet(struct xdpctl_ctx *ctx, struct xdpctl_packet *packet, enum xdpctl_hook hook)
{
	enum xdpctl_reason malformed;
	struct parser p;

#pragma clang loop unroll(disable)
	for (int pulls = 0;; pulls++) {
		p = (struct parser){.packet = packet, .frame_end = ctx_length(ctx)};
		p.data = ctx_data(ctx);
		p.data_end = ctx_data_end(ctx);
		p.end = p.frame_end;
		malformed = parse_headers(&p, ctx);
		if (likely(malformed != XDPCTL_MALFORMED_NONLINEAR) || pulls == CTX_PULLS || !ctx_pull(ctx, pulls))
			break;
	}
	packet->headers = p.headers;
	/* As nftables counts: its ingress hook sees the packet without Ethernet header and outer tag, its egress hook
	 * with. */
	packet->length = hook == XDPCTL_HOOK_INGRESS ? p.frame_end - p.link_length : p.frame_end;
	packet->malformed = malformed;
	packet->reason = malformed ? malformed : XDPCTL_REASON_POLICY;
}

#endif
