/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Slots of a base chain's PROG_ARRAY (map `stages`). The numbers are fixed: running entries use them as constants. */
#ifndef XDPCTL_MAPS_STAGE_H
#define XDPCTL_MAPS_STAGE_H

enum xdpctl_stage {
	XDPCTL_STAGE_CLASSIFY = 0, /* the running generation; writing this slot publishes a ruleset */
	XDPCTL_STAGE_LIMIT = 1,
	XDPCTL_STAGE_LOG = 2,
	XDPCTL_STAGE_REJECT = 3,
	XDPCTL_STAGE_FWD = 4,
	XDPCTL_STAGE_SET_UPDATE = 5,
	XDPCTL_STAGE_CT = 6,
	XDPCTL_STAGE_OBSERVE = 7,     /* 7..10: what looks on behind the exit */
	XDPCTL_STAGE_USER_FIRST = 16, /* 16..31 belong to the operator's own programs */
	XDPCTL_STAGE_USER_LAST = 31,
	XDPCTL_STAGES = 32,
};

#endif
