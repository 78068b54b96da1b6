// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/hook.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "kernel/clsact.h"
#include "kernel/libxdp.h"
#include "kernel/program.h"
#include "kernel/tcx.h"
#include "stats/names.h"

namespace xdpctl::doctor {

namespace {

void check_xdp_program(Section& section, const Device& device, std::string_view mode, std::uint32_t program) {
    if (program == 0)
        return;
    if (device.runs(program))
        return section.ok("xdp-hook", fmt::format("xdpctl's program {}, {}", program, mode));
    const std::string what = fmt::format("{}: {}", mode, kernel::describe_program(program));
    if (kernel::has_dispatcher(device.interface.index))
        return section.ok("xdp-hook", what + ", libxdp's dispatcher, which shares the hook");
    const bool judged = device.is_attached(ruleset::Hook::Ingress);
    section.add(judged ? Severity::Note : Severity::Warning, "xdp-hook", what,
                judged ? "it runs before the filter, which is attached by TC: what it drops is not counted by rules"
                       : "it is not xdpctl's, and keeps others off the XDP hook",
                judged ? ""
                       : fmt::format("detach it with the tool that attached it, or filter behind it: "
                                     "xdpctl attach {} --mode tc",
                                     device.interface.name));
}

void check_tc_program(Section& section, const Device& device, ruleset::Hook hook, std::uint32_t program) {
    const std::string check = fmt::format("tc-{}", stats::name(hook));
    if (device.runs(program))
        section.ok(check, fmt::format("xdpctl's program {}", program));
    else
        section.add(Severity::Note, check, kernel::describe_program(program),
                    "it is not xdpctl's; programs run in their order, and the first that accepts or drops decides");
}

}  // namespace

void check_xdp_hook(Section& section, const Device& device) {
    const kernel::Interface& interface = device.interface;
    if (interface.xdp_program_native + interface.xdp_program_generic + interface.xdp_program_offload == 0)
        return section.ok("xdp-hook", "free");
    check_xdp_program(section, device, "native", interface.xdp_program_native);
    check_xdp_program(section, device, "generic", interface.xdp_program_generic);
    check_xdp_program(section, device, "offload", interface.xdp_program_offload);
}

void check_tc_hooks(Section& section, const Device& device) {
    for (const ruleset::Hook hook : {ruleset::Hook::Ingress, ruleset::Hook::Egress}) {
        for (const std::uint32_t program :
             kernel::tcx_programs(device.interface.index, hook).value_or(std::vector<std::uint32_t>()))
            check_tc_program(section, device, hook, program);
        for (const kernel::ClsactFilter& filter :
             kernel::clsact_filters(device.interface.index, hook).value_or(std::vector<kernel::ClsactFilter>()))
            if (filter.program_id != 0)
                check_tc_program(section, device, hook, filter.program_id);
    }
}

}  // namespace xdpctl::doctor
