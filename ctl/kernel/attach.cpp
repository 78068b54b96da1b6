// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/attach.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "kernel/clsact.h"
#include "kernel/libxdp.h"
#include "kernel/link.h"
#include "kernel/program.h"
#include "kernel/tcx.h"
#include "kernel/vlan_tags.h"
#include "kernel/xdp_link.h"

namespace xdpctl::kernel {

namespace {

using ruleset::Hook;

// The program that keeps others off the device's XDP hook. Native and generic exclude each other; hardware is apart.
std::uint32_t occupant(const Interface& interface, xdpctl_mode mode) {
    if (mode == XDPCTL_MODE_OFFLOAD)
        return interface.xdp_program_offload;
    return interface.xdp_program_native != 0 ? interface.xdp_program_native : interface.xdp_program_generic;
}

std::unexpected<Error> hook_is_taken(const Interface& interface, std::uint32_t program,
                                     std::string_view dispatcher_error) {
    std::string cause = fmt::format("its XDP hook is held by {}", describe_program(program));
    if (!dispatcher_error.empty())
        cause += fmt::format("\n{}", dispatcher_error);
    return fail(
        ErrorKind::Busy, fmt::format("cannot attach to {}", interface.name), std::move(cause),
        "detach that program with the tool that attached it, or filter behind it: --mode tc (another XDP mode cannot "
        "help: a device runs one XDP program)");
}

Result<Attachment> attach_xdp(const Interface& interface, xdpctl_mode mode, const OpenEntry& open_entry,
                              const std::filesystem::path& pin) {
    const std::uint32_t other = occupant(interface, mode);
    const bool try_dispatcher = mode != XDPCTL_MODE_OFFLOAD && dispatcher_usable();
    std::string dispatcher_error;
    if (try_dispatcher && (other == 0 || has_dispatcher(interface.index))) {
        const Result<EntryObject> entry = open_entry(Layer::XdpExtension);
        if (!entry)
            return std::unexpected(entry.error());
        const Result<std::uint32_t> id = attach_to_dispatcher(interface, mode, *entry);
        if (id)
            return Attachment{.kind = XDPCTL_ATTACHMENT_XDP_DISPATCHER, .mode = mode, .program_id = *id};
        dispatcher_error = id.error().text();
    }
    if (other != 0)
        return hook_is_taken(interface, other, dispatcher_error);
    Result<EntryObject> entry = open_entry(Layer::Xdp);
    if (!entry)
        return std::unexpected(std::move(entry).error());
    return attach_xdp_link(interface, mode, std::move(*entry), pin);
}

Result<Attachment> attach_native_or_generic(const Interface& interface, const OpenEntry& open_entry,
                                            const std::filesystem::path& pin, Warnings& warnings) {
    // What is there may be a dispatcher to join, in the mode it has.
    if (interface.xdp_program_generic != 0)
        return attach_xdp(interface, XDPCTL_MODE_GENERIC, open_entry, pin);
    Result<Attachment> native = attach_xdp(interface, XDPCTL_MODE_NATIVE, open_entry, pin);
    if (native || native.error().kind != ErrorKind::Unsupported)
        return native;
    Result<Attachment> generic = attach_xdp(interface, XDPCTL_MODE_GENERIC, open_entry, pin);
    if (generic)
        warnings.push_back(
            fmt::format("{} is attached in generic mode, because {}: the kernel builds a socket buffer for "
                        "every packet before it is judged, which costs much of XDP's speed",
                        interface.name, native.error().cause));
    return generic;
}

// Programs of others that see packets before an entry attached now, and whose verdicts may keep packets from it.
void warn_of_programs_in_front(const Interface& interface, const std::vector<std::uint32_t>& programs,
                               Warnings& warnings) {
    for (const std::uint32_t program : programs)
        warnings.push_back(
            fmt::format("{}: {} runs before the filter; what it accepts or drops does not reach the rules",
                        interface.name, describe_program(program)));
}

std::vector<std::uint32_t> clsact_programs(const Interface& interface, Hook hook) {
    std::vector<std::uint32_t> programs;
    for (const ClsactFilter& filter : clsact_filters(interface.index, hook).value_or(std::vector<ClsactFilter>())) {
        if (filter.program_id != 0)
            programs.push_back(filter.program_id);
    }
    return programs;
}

Result<Attachment> attach_tc(const Interface& interface, Hook hook, const OpenEntry& open_entry,
                             const std::filesystem::path& pin, Warnings& warnings) {
    Result<EntryObject> entry = open_entry(hook == Hook::Ingress ? Layer::TcIngress : Layer::TcEgress);
    if (!entry)
        return std::unexpected(std::move(entry).error());
    const Result<int> program = entry->load();
    if (!program)
        return std::unexpected(program.error());
    const Result<std::uint32_t> id = program_id(*program);
    if (!id)
        return std::unexpected(id.error());

    Attachment attachment{.kind = XDPCTL_ATTACHMENT_TCX_LINK, .mode = XDPCTL_MODE_TC, .program_id = *id};
    const Result<std::vector<std::uint32_t>> others = tcx_programs(interface.index, hook);
    if (others) {
        XDPCTL_TRY(attach_tcx(interface, hook, *program, pin));
        warn_of_programs_in_front(interface, *others, warnings);
    } else if (others.error().kind == ErrorKind::Unsupported) {
        const std::vector<std::uint32_t> in_front = clsact_programs(interface, hook);
        XDPCTL_TRY(attach_clsact(interface, hook, *program));
        warn_of_programs_in_front(interface, in_front, warnings);
        attachment.kind = XDPCTL_ATTACHMENT_CLSACT;
    } else {
        return std::unexpected(others.error());
    }
    return attachment;
}

bool on_device(const Interface& interface, Hook hook, const Attachment& attachment) {
    if (attachment.kind == XDPCTL_ATTACHMENT_XDP_LINK)
        return xdp_program(interface, attachment.mode) == attachment.program_id;
    const auto programs = tcx_programs(interface.index, hook).value_or(std::vector<std::uint32_t>());
    return std::ranges::find(programs, attachment.program_id) != programs.end();
}

Result<Presence> check_link(IfIndex ifindex, Hook hook, const Attachment& attachment,
                            const std::filesystem::path& pin) {
    const Result<std::optional<LinkInfo>> link = pinned_link(pin);
    if (!link)
        return std::unexpected(link.error());
    if (!*link || (**link).program_id != attachment.program_id)
        return Presence::ProgramGone;
    // A link knows its device wherever that went, until it is deleted or the link broken by hand.
    const bool bound = (**link).device != IfIndex{};
    const Result<std::optional<Interface>> here = query_interface(bound ? (**link).device : ifindex);
    if (!here)
        return std::unexpected(here.error());
    if (!bound)
        return *here ? Presence::ProgramGone : Presence::DeviceGone;
    return *here && on_device(**here, hook, attachment) ? Presence::Active : Presence::OtherNamespace;
}

Result<bool> runs_without_link(IfIndex ifindex, Hook hook, const Attachment& attachment) {
    if (attachment.kind == XDPCTL_ATTACHMENT_XDP_DISPATCHER)
        return in_dispatcher(ifindex, attachment.program_id);
    const Result<std::vector<ClsactFilter>> filters = clsact_filters(ifindex, hook);
    if (!filters)
        return std::unexpected(filters.error());
    return std::ranges::find(*filters, attachment.program_id, &ClsactFilter::program_id) != filters->end();
}

}  // namespace

Result<Attachment> attach(const Interface& interface, Hook hook, xdpctl_mode mode, const OpenEntry& open_entry,
                          const std::filesystem::path& pin, Warnings& warnings) {
    const Result<std::optional<Interface>> now = query_interface(interface.index);
    if (!now)
        return std::unexpected(now.error());
    if (!*now)
        return fail(ErrorKind::NotFound, fmt::format("interface {} is gone", interface.name));
    const Interface& device = **now;

    if (hook == Hook::Egress && mode != XDPCTL_MODE_AUTO && mode != XDPCTL_MODE_TC)
        return fail(ErrorKind::Usage, fmt::format("cannot attach to {} egress by XDP", device.name),
                    "XDP sees received packets only", "leave --mode out: egress is judged by TC");
    if (hook == Hook::Egress || mode == XDPCTL_MODE_TC)
        return attach_tc(device, hook, open_entry, pin, warnings);

    Result<Attachment> attached = mode == XDPCTL_MODE_AUTO ? attach_native_or_generic(device, open_entry, pin, warnings)
                                                           : attach_xdp(device, mode, open_entry, pin);
    if (attached) {
        if (std::optional<std::string> warning = hidden_tags_warning(device))
            warnings.push_back(std::move(*warning));
    }
    return attached;
}

Status detach(IfIndex ifindex, Hook hook, const Attachment& attachment, const std::filesystem::path& pin) {
    switch (attachment.kind) {
    case XDPCTL_ATTACHMENT_XDP_LINK:
    case XDPCTL_ATTACHMENT_TCX_LINK:
        return remove_pinned_link(pin);
    case XDPCTL_ATTACHMENT_XDP_DISPATCHER:
        return detach_from_dispatcher(ifindex, attachment.program_id);
    case XDPCTL_ATTACHMENT_CLSACT:
        return detach_clsact(ifindex, hook, attachment.program_id);
    case XDPCTL_ATTACHMENT_NONE:
        break;
    }
    return {};
}

Result<Presence> check(IfIndex ifindex, Hook hook, const Attachment& attachment, const std::filesystem::path& pin) {
    if (attachment.kind == XDPCTL_ATTACHMENT_XDP_LINK || attachment.kind == XDPCTL_ATTACHMENT_TCX_LINK)
        return check_link(ifindex, hook, attachment, pin);
    const Result<std::optional<Interface>> here = query_interface(ifindex);
    if (!here)
        return std::unexpected(here.error());
    if (!*here)
        return Presence::DeviceGone;
    const Result<bool> runs = runs_without_link(ifindex, hook, attachment);
    if (!runs)
        return std::unexpected(runs.error());
    return *runs ? Presence::Active : Presence::ProgramGone;
}

}  // namespace xdpctl::kernel
