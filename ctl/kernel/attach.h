// SPDX-License-Identifier: BSD-2-Clause
// Putting an entry program on a device's hook and taking it off: libxdp's dispatcher where it works, else a pinned
// bpf_link; TCX, else clsact through netlink. Never touches another program: that is an error of kind Busy which names
// it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "kernel/datapath.h"
#include "kernel/interface.h"
#include "kernel/warnings.h"
#include "maps/chain.h"

namespace xdpctl::kernel {

// How a device's packets reach the chain, as stored in struct xdpctl_device.
struct Attachment {
    xdpctl_attachment kind = XDPCTL_ATTACHMENT_NONE;
    xdpctl_mode mode = XDPCTL_MODE_AUTO;
    std::uint32_t program_id = 0;
};

// Makes an entry object for a layer, as often as attempts need one: XdpExtension for libxdp's dispatcher, Xdp for a
// link. The layer's classifier is published before: no packet meets an empty stage, and a kernel whose extension
// programs cannot tail-call XDP programs (5.10) refuses to load the entry, so that the next way is tried.
using OpenEntry = std::function<Result<EntryObject>(Layer)>;

// Tries the ways of `mode` in order (auto: native, then generic with a warning) and ends with the program proven active
// by asking the device. The link, if there is one, is pinned at `pin`. On error nothing is attached or pinned.
// Errors: Busy (foreign program: id, name, owner, how to go on), Unsupported, Rejected (verifier), Privilege.
[[nodiscard]] Result<Attachment> attach(const Interface& interface, ruleset::Hook hook, xdpctl_mode mode,
                                        const OpenEntry& open_entry, const std::filesystem::path& pin,
                                        Warnings& warnings);

// Takes off what attach put on and removes the pin. A device that is gone, or in another namespace, is no error.
[[nodiscard]] Status detach(IfIndex ifindex, ruleset::Hook hook, const Attachment& attachment,
                            const std::filesystem::path& pin);

enum class Presence { Active, DeviceGone, OtherNamespace, ProgramGone };

// Whether the program is still where attach put it.
[[nodiscard]] Result<Presence> check(IfIndex ifindex, ruleset::Hook hook, const Attachment& attachment,
                                     const std::filesystem::path& pin);

}  // namespace xdpctl::kernel
