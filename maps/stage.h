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
	XDPCTL_STAGE_PART_FIRST = 32, /* 32..63: parts that a generation's classifier is made of, see below */
	XDPCTL_STAGE_PART_LAST = 63,
	XDPCTL_STAGES = 64,
};

/*
 * A generation that adds rules to the ends of a chain of tables keeps the tables' program. Its classifier judges by the
 * rules in front of the tables and calls that program, which calls what judges by the rules behind them. Both have a
 * stage from PART_FIRST on that no generation has used since the last grace period.
 */

#endif
