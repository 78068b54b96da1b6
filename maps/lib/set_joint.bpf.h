/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Looking keys up in joint images (maps/set_joint.h). */
#ifndef XDPCTL_SET_JOINT_BPF_H
#define XDPCTL_SET_JOINT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/lib/set.bpf.h"
#include "maps/packet.h"
#include "maps/set_joint.h"

/*
 * One element, the whole image; its size is the generation's. Written by user space before programs see it; afterwards
 * only what it says of changes.
 */
/* clang-format off */
#define JOINT(number)                                               \
	struct {                                                    \
		__uint(type, BPF_MAP_TYPE_ARRAY);                   \
		__uint(max_entries, 1);                             \
		__uint(map_flags, BPF_F_MMAPABLE);                  \
		__uint(key_size, sizeof(__u32));                    \
		__uint(value_size, sizeof(struct xdpctl_joint_head)); \
	} set_joint_##number SEC(".maps");
/* clang-format on */
JOINT(0)
JOINT(1)
JOINT(2)
JOINT(3)

/* By number, XDPCTL_SET_FORM_*; set before the program is loaded. */
const volatile __u64 joint_forms[XDPCTL_JOINT_KEYS_MAX];

static __always_inline __u32 answer_in(const struct xdpctl_joint_head *image, const __u32 *key, __u64 form)
{
	const __u64 end = form & XDPCTL_SET_FORM_END;

	return xdpctl_joint_answer(image, form_words(form) == 1 ? xdpctl_joint_mask32(image, end, &image->parts, key[0])
								: xdpctl_joint_mask128(image, end, &image->parts, key));
}

/*
 * What the joint image of that number answers for the key at hand; 0 when there is none. The verifier follows it once.
 */
__noinline int joint_answer(__u32 number)
{
	const __u32 zero = 0;
	const struct xdpctl_set_key *key = key_at_hand();
	const struct xdpctl_joint_head *image;

	if (!key)
		return 0;
	/* clang-format off */
#define ANSWER_IN(number)                                                   \
	case number:                                                      \
		if (!joint_forms[number])                                 \
			return 0;                                         \
		image = bpf_map_lookup_elem(&set_joint_##number, &zero);  \
		return image ? answer_in(image, key->words, joint_forms[number]) : 0;
	switch (number) {
	ANSWER_IN(0)
	ANSWER_IN(1)
	ANSWER_IN(2)
	ANSWER_IN(3)
	}
	/* clang-format on */
	return 0;
}

#endif
