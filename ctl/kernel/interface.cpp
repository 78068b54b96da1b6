// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/interface.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "kernel/ethtool.h"
#include "kernel/netlink.h"

namespace xdpctl::kernel {

namespace {

constexpr std::size_t suggestions_max = 8;
constexpr int dump_attempts = 8;

void read_xdp(const nlattr* nest, Interface& out) {
    for_each_nested(nest, [&](unsigned type, const nlattr* attribute) {
        switch (type) {
        case IFLA_XDP_DRV_PROG_ID:
            out.xdp_program_native = mnl_attr_get_u32(attribute);
            break;
        case IFLA_XDP_SKB_PROG_ID:
            out.xdp_program_generic = mnl_attr_get_u32(attribute);
            break;
        case IFLA_XDP_HW_PROG_ID:
            out.xdp_program_offload = mnl_attr_get_u32(attribute);
            break;
        default:
            break;
        }
    });
}

Interface read_link(const nlmsghdr& message) {
    const auto* link = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
    Interface out;
    out.index = IfIndex{static_cast<std::uint32_t>(link->ifi_index)};
    out.up = (link->ifi_flags & IFF_UP) != 0;
    for_each_attribute(message, sizeof *link, [&](unsigned type, const nlattr* attribute) {
        switch (type) {
        case IFLA_IFNAME:
            out.name = mnl_attr_get_str(attribute);
            break;
        case IFLA_MTU:
            out.mtu = mnl_attr_get_u32(attribute);
            break;
        case IFLA_MASTER:
            out.master = IfIndex{mnl_attr_get_u32(attribute)};
            break;
        case IFLA_LINK:
            out.link = IfIndex{mnl_attr_get_u32(attribute)};
            break;
        case IFLA_LINK_NETNSID:
            out.link_namespace = static_cast<std::int32_t>(mnl_attr_get_u32(attribute));
            break;
        case IFLA_LINKINFO:
            for_each_nested(attribute, [&](unsigned info, const nlattr* value) {
                if (info == IFLA_INFO_KIND)
                    out.kind = mnl_attr_get_str(value);
            });
            break;
        case IFLA_XDP:
            read_xdp(attribute, out);
            break;
        default:
            break;
        }
    });
    out.driver = driver_name(out.name);
    return out;
}

// Insertions, deletions and replacements that turn one name into the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string suggest(std::string_view name, const std::vector<Interface>& all) {
    std::vector<std::string_view> names;
    std::vector<std::string_view> close;
    for (const Interface& interface : all) {
        names.push_back(interface.name);
        // Two letters swapped make two edits; in a short name two edits make any other.
        const bool prefix = !name.empty() && interface.name.starts_with(name);
        if (prefix || edit_distance(name, interface.name) <= (name.size() < 4 ? 1U : 2U))
            close.push_back(interface.name);
    }
    if (!close.empty())
        return fmt::format("did you mean {}?", fmt::join(close, ", "));
    if (names.size() > suggestions_max)
        return "list the interfaces: ip link";
    return fmt::format("interfaces here: {}", fmt::join(names, ", "));
}

}  // namespace

Result<std::vector<Interface>> interfaces() {
    std::expected<void, NetlinkRefusal> done;
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        Result<NetlinkSocket> socket = NetlinkSocket::open();
        if (!socket)
            return std::unexpected(std::move(socket).error());
        NetlinkMessage request(RTM_GETLINK, NLM_F_DUMP);
        request.extra<ifinfomsg>().ifi_family = AF_UNSPEC;
        std::vector<Interface> all;
        done = socket->talk(request, [&](const nlmsghdr& message) { all.push_back(read_link(message)); });
        if (done)
            return all;
        // EINTR: a device came or went while the list was read, so the list may lack some. What is left of it would
        // mix with the next answer: start over with a new socket.
        if (done.error().error != EINTR)
            break;
    }
    return done.error().fail("cannot list the network interfaces");
}

Result<Interface> find_interface(std::string_view name) {
    Result<std::vector<Interface>> all = interfaces();
    if (!all)
        return std::unexpected(std::move(all).error());
    const auto found = std::ranges::find(*all, name, &Interface::name);
    if (found == all->end())
        return fail(ErrorKind::NotFound, fmt::format("no interface {}", name), {}, suggest(name, *all));
    return std::move(*found);
}

Result<std::optional<Interface>> query_interface(IfIndex index) {
    Result<NetlinkSocket> socket = NetlinkSocket::open();
    if (!socket)
        return std::unexpected(std::move(socket).error());
    NetlinkMessage request(RTM_GETLINK, 0);
    request.extra<ifinfomsg>().ifi_index = static_cast<int>(index);
    std::optional<Interface> found;
    const auto done = socket->talk(request, [&](const nlmsghdr& message) { found = read_link(message); });
    if (!done && done.error().error != ENODEV)
        return done.error().fail(fmt::format("cannot query interface {}", static_cast<std::uint32_t>(index)));
    return found;
}

}  // namespace xdpctl::kernel
