// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/vlan_tags.h"

#include <fmt/format.h>

#include "base/fd.h"
#include "kernel/ethtool.h"
#include "kernel/net_namespace.h"

namespace xdpctl::kernel {

namespace {

// Name of the veth's peer when that leaves tags beside the frames it sends; empty when it does not.
std::string peer_with_offload(IfIndex peer) {
    const Result<std::optional<Interface>> interface = query_interface(peer);
    if (!interface || !*interface)
        return {};
    const std::optional<VlanOffload> offload = vlan_offload((**interface).name);
    return offload && offload->transmit ? (**interface).name : std::string();
}

std::optional<std::string> veth_warning(const Interface& interface) {
    if (!interface.link)
        return std::nullopt;
    std::string peer;
    std::string place;
    if (!interface.link_namespace) {
        peer = peer_with_offload(*interface.link);
    } else if (const Fd other = find_net_namespace(*interface.link_namespace); other.valid()) {
        in_net_namespace(other, [&] { peer = peer_with_offload(*interface.link); });
        place = " in its network namespace";
    }
    if (peer.empty())
        return std::nullopt;
    return fmt::format(
        "{0}: its peer {1} keeps VLAN tags beside the frames (tx-vlan-offload is on), where XDP does not see them: "
        "vlan "
        "matches miss them; run `ethtool -K {1} txvlan off`{2}, or attach with --mode tc",
        interface.name, peer, place);
}

}  // namespace

std::optional<std::string> hidden_tags_warning(const Interface& interface) {
    // A veth reports rx-vlan-offload without stripping anything: what counts is what its peer sends.
    if (interface.kind == "veth")
        return veth_warning(interface);
    const std::optional<VlanOffload> offload = vlan_offload(interface.name);
    if (!offload || !offload->receive)
        return std::nullopt;
    return fmt::format(
        "{0} takes VLAN tags out of received frames (rx-vlan-offload is on), so XDP does not see them: vlan matches "
        "miss "
        "them; run `ethtool -K {0} rxvlan off`, or attach with --mode tc",
        interface.name);
}

}  // namespace xdpctl::kernel
