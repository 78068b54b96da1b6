// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/clsact.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "kernel/netlink.h"
#include "kernel/program.h"

namespace xdpctl::kernel {

namespace {

using ruleset::Hook;

// Behind filters that were given no priority (they count down from 0xc000) and in front of nothing in particular.
constexpr std::uint32_t priority = 0xc0de;
constexpr std::uint32_t handle = 1;
constexpr const char* filter_name = "xdpctl";
constexpr const char* filter_name_with_qdisc = "xdpctl+qdisc";

std::uint32_t parent_of(Hook hook) {
    return TC_H_MAKE(TC_H_CLSACT, hook == Hook::Ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

tcmsg& put_tcmsg(NetlinkMessage& message, IfIndex device, std::uint32_t parent) {
    auto& header = message.extra<tcmsg>();
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = static_cast<int>(device);
    header.tcm_parent = parent;
    return header;
}

bool is_gone(const NetlinkRefusal& refusal) {
    // EINVAL is how the kernel says "no such qdisc" to a request about its filters.
    return refusal.error == ENODEV || refusal.error == ENOENT || refusal.error == EINVAL;
}

ClsactFilter read_filter(const nlmsghdr& message) {
    const auto* header = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&message));
    ClsactFilter out;
    out.priority = TC_H_MAJ(header->tcm_info) >> 16;
    out.handle = header->tcm_handle;
    for_each_attribute(message, sizeof *header, [&](unsigned type, const nlattr* attribute) {
        if (type == TCA_KIND)
            out.kind = mnl_attr_get_str(attribute);
        // Other kinds number their options differently; TCA_KIND always comes first.
        if (type != TCA_OPTIONS || out.kind != "bpf")
            return;
        for_each_nested(attribute, [&](unsigned option, const nlattr* value) {
            if (option == TCA_BPF_ID)
                out.program_id = mnl_attr_get_u32(value);
            if (option == TCA_BPF_NAME)
                out.name = mnl_attr_get_str(value);
        });
    });
    return out;
}

// Kind of the qdisc on the device's ingress and egress hooks: "clsact", "ingress" (which has no egress hook) or none.
Result<std::optional<std::string>> qdisc_kind(NetlinkSocket& socket, IfIndex device) {
    NetlinkMessage request(RTM_GETQDISC, NLM_F_DUMP);
    put_tcmsg(request, device, 0);
    std::optional<std::string> kind;
    const auto done = socket.talk(request, [&](const nlmsghdr& message) {
        const auto* header = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&message));
        if (header->tcm_ifindex != static_cast<int>(device) || header->tcm_parent != TC_H_CLSACT)
            return;
        for_each_attribute(message, sizeof *header, [&](unsigned type, const nlattr* attribute) {
            if (type == TCA_KIND)
                kind = mnl_attr_get_str(attribute);
        });
    });
    if (!done)
        return done.error().fail("cannot list queueing disciplines");
    return kind;
}

Result<std::vector<ClsactFilter>> filters(NetlinkSocket& socket, IfIndex device, Hook hook) {
    NetlinkMessage request(RTM_GETTFILTER, NLM_F_DUMP);
    put_tcmsg(request, device, parent_of(hook));
    std::vector<ClsactFilter> found;
    const auto done = socket.talk(request, [&](const nlmsghdr& message) {
        // The kernel announces each priority before its filters; that has no handle.
        if (ClsactFilter filter = read_filter(message); filter.handle != 0)
            found.push_back(std::move(filter));
    });
    if (!done && !is_gone(done.error()))
        return done.error().fail("cannot list TC filters");
    return found;
}

bool is_ours(const ClsactFilter& filter) {
    return filter.priority == priority && filter.handle == handle &&
           (filter.name == filter_name || filter.name == filter_name_with_qdisc);
}

std::expected<void, NetlinkRefusal> add_qdisc(NetlinkSocket& socket, IfIndex device) {
    NetlinkMessage request(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
    put_tcmsg(request, device, TC_H_CLSACT).tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    mnl_attr_put_strz(request.get(), TCA_KIND, "clsact");
    return socket.talk(request);
}

// The kernel cannot make the deletion depend on the qdisc's being empty: a filter added by somebody else between the
// look and the deletion goes with the qdisc.
Status remove_qdisc_if_empty(NetlinkSocket& socket, IfIndex device) {
    for (const Hook hook : {Hook::Ingress, Hook::Egress}) {
        const Result<std::vector<ClsactFilter>> left = filters(socket, device, hook);
        if (!left)
            return std::unexpected(left.error());
        if (!left->empty())
            return {};
    }
    NetlinkMessage request(RTM_DELQDISC, 0);
    put_tcmsg(request, device, TC_H_CLSACT).tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    const auto done = socket.talk(request);
    if (!done && !is_gone(done.error()))
        return done.error().fail("cannot remove the clsact qdisc");
    return {};
}

// Whether the qdisc that is there was made by attaching.
Result<bool> qdisc_is_ours(NetlinkSocket& socket, IfIndex device) {
    for (const Hook hook : {Hook::Ingress, Hook::Egress}) {
        const Result<std::vector<ClsactFilter>> all = filters(socket, device, hook);
        if (!all)
            return std::unexpected(all.error());
        for (const ClsactFilter& filter : *all) {
            if (is_ours(filter) && filter.name == filter_name_with_qdisc)
                return true;
        }
    }
    return false;
}

// Makes sure there is a qdisc with the hook; true when it is ours to remove.
Result<bool> ensure_qdisc(NetlinkSocket& socket, const Interface& interface, Hook hook) {
    const Result<std::optional<std::string>> kind = qdisc_kind(socket, interface.index);
    if (!kind)
        return std::unexpected(kind.error());
    if (!*kind) {
        if (const auto added = add_qdisc(socket, interface.index); !added)
            return added.error().fail(fmt::format("cannot add a clsact qdisc to {}", interface.name));
        return true;
    }
    if (**kind != "clsact" && hook == Hook::Egress)
        return fail(ErrorKind::Busy, fmt::format("cannot attach to {} egress", interface.name),
                    fmt::format("it has the qdisc \"{}\", which has no egress hook", **kind),
                    fmt::format("if nobody needs it: tc qdisc del dev {} {}", interface.name, **kind));
    return qdisc_is_ours(socket, interface.index);
}

std::expected<void, NetlinkRefusal> add_filter(NetlinkSocket& socket, IfIndex device, Hook hook, int program,
                                               const char* name) {
    NetlinkMessage request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
    tcmsg& header = put_tcmsg(request, device, parent_of(hook));
    header.tcm_handle = handle;
    header.tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
    mnl_attr_put_strz(request.get(), TCA_KIND, "bpf");
    nlattr* options = mnl_attr_nest_start(request.get(), TCA_OPTIONS);
    mnl_attr_put_u32(request.get(), TCA_BPF_FD, static_cast<std::uint32_t>(program));
    mnl_attr_put_strz(request.get(), TCA_BPF_NAME, name);
    mnl_attr_put_u32(request.get(), TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    mnl_attr_nest_end(request.get(), options);
    return socket.talk(request);
}

Status remove_filter(NetlinkSocket& socket, IfIndex device, Hook hook) {
    NetlinkMessage request(RTM_DELTFILTER, 0);
    tcmsg& header = put_tcmsg(request, device, parent_of(hook));
    header.tcm_handle = handle;
    header.tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
    mnl_attr_put_strz(request.get(), TCA_KIND, "bpf");
    const auto done = socket.talk(request);
    if (!done && !is_gone(done.error()))
        return done.error().fail("cannot remove the TC filter");
    return {};
}

std::unexpected<Error> place_taken(NetlinkSocket& socket, const Interface& interface, Hook hook) {
    std::string who = "another filter";
    for (const ClsactFilter& filter : filters(socket, interface.index, hook).value_or(std::vector<ClsactFilter>())) {
        if (filter.priority == priority)
            who =
                filter.program_id != 0 ? describe_program(filter.program_id) : fmt::format("a {} filter", filter.kind);
    }
    const char* direction = hook == Hook::Ingress ? "ingress" : "egress";
    return fail(ErrorKind::Busy, fmt::format("cannot attach to {} {}", interface.name, direction),
                fmt::format("priority {} of its TC filters, which is xdpctl's, is taken by {}", priority, who),
                fmt::format("look at it: tc filter show dev {} {}", interface.name, direction));
}

Status prove_active(NetlinkSocket& socket, const Interface& interface, Hook hook, int program) {
    const Result<std::uint32_t> id = program_id(program);
    if (!id)
        return std::unexpected(id.error());
    const Result<std::vector<ClsactFilter>> all = filters(socket, interface.index, hook);
    if (!all)
        return std::unexpected(all.error());
    if (std::ranges::find(*all, *id, &ClsactFilter::program_id) == all->end())
        return fail(ErrorKind::Failed,
                    fmt::format("{} does not run the program after it was attached", interface.name));
    return {};
}

Status add_our_filter(NetlinkSocket& socket, const Interface& interface, Hook hook, int program, const char* name) {
    if (const auto added = add_filter(socket, interface.index, hook, program, name); !added) {
        // EINVAL: the priority belongs to a filter of another kind.
        if (added.error().error == EEXIST || added.error().error == EINVAL)
            return place_taken(socket, interface, hook);
        return added.error().fail(fmt::format("cannot attach to {} by a TC filter", interface.name));
    }
    Status proven = prove_active(socket, interface, hook, program);
    if (!proven)
        (void)remove_filter(socket, interface.index, hook);
    return proven;
}

}  // namespace

Result<std::vector<ClsactFilter>> clsact_filters(IfIndex device, Hook hook) {
    Result<NetlinkSocket> socket = NetlinkSocket::open();
    if (!socket)
        return std::unexpected(std::move(socket).error());
    return filters(*socket, device, hook);
}

Status attach_clsact(const Interface& interface, Hook hook, int program) {
    Result<NetlinkSocket> socket = NetlinkSocket::open();
    if (!socket)
        return std::unexpected(std::move(socket).error());
    const Result<bool> our_qdisc = ensure_qdisc(*socket, interface, hook);
    if (!our_qdisc)
        return std::unexpected(our_qdisc.error());
    Status done = add_our_filter(*socket, interface, hook, program, *our_qdisc ? filter_name_with_qdisc : filter_name);
    if (!done && *our_qdisc)
        (void)remove_qdisc_if_empty(*socket, interface.index);
    return done;
}

Status detach_clsact(IfIndex device, Hook hook, std::uint32_t program_id) {
    Result<NetlinkSocket> socket = NetlinkSocket::open();
    if (!socket)
        return std::unexpected(std::move(socket).error());
    const Result<std::vector<ClsactFilter>> all = filters(*socket, device, hook);
    if (!all)
        return std::unexpected(all.error());
    const auto ours = std::ranges::find_if(
        *all, [&](const ClsactFilter& filter) { return is_ours(filter) && filter.program_id == program_id; });
    if (ours == all->end())
        return {};

    XDPCTL_TRY(remove_filter(*socket, device, hook));
    if (ours->name == filter_name_with_qdisc)
        return remove_qdisc_if_empty(*socket, device);
    return {};
}

}  // namespace xdpctl::kernel
