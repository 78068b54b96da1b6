// SPDX-License-Identifier: BSD-2-Clause
// Making the kernel agree with the running generation: the end of every commit, and the repair after a writer that was
// killed. Everything here can be repeated at any time.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "kernel/live.h"
#include "kernel/warnings.h"

namespace xdpctl::kernel {

// Puts the chain's classifiers pinned in the generation's directory into its stages, where they are not there already.
// Layers that the generation does not have are left alone.
[[nodiscard]] Status publish(const LiveChain& chain, const std::filesystem::path& generation);

// The end of publishing: `next` gets the name of the generation it holds.
[[nodiscard]] Status name_generation(const Layout& layout, std::uint64_t number);

// Takes off and removes what the running generation does not name: devices (also those that are gone), links, layers,
// chains, rule slots, other generations. What cannot be removed now is said in `warnings` and tried again next time.
void settle(Live& live, Warnings& warnings);

// Opens the running generation for a writer: finishes a half-published one, undoes one that was not published, settles.
[[nodiscard]] Result<Live> recover(const Layout& layout, Warnings& warnings);

}  // namespace xdpctl::kernel
