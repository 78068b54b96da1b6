// SPDX-License-Identifier: BSD-2-Clause
// Attachments that outlive their maker without a pin: a TC filter, or a place under libxdp's dispatcher, of a writer
// that was killed before it could record them.
#pragma once

#include "base/error.h"
#include "kernel/live.h"

namespace xdpctl::kernel {

// Takes programs of the chain off the device that are not recorded in the chain's table of devices.
[[nodiscard]] Status detach_unrecorded(const LiveChain& chain, IfIndex device);

}  // namespace xdpctl::kernel
