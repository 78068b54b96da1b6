// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/tcx.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "kernel/link.h"
#include "kernel/pin.h"
#include "kernel/program.h"

namespace xdpctl::kernel {

namespace {

// Linux 6.6 names them; the headers this is built with may be older.
constexpr auto tcx_ingress = static_cast<bpf_attach_type>(46);
constexpr auto tcx_egress = static_cast<bpf_attach_type>(47);

constexpr std::uint32_t programs_max = 64;  // the kernel allows no more on one hook

bpf_attach_type attach_type(ruleset::Hook hook) {
    return hook == ruleset::Hook::Ingress ? tcx_ingress : tcx_egress;
}

Status prove_active(const Interface& interface, ruleset::Hook hook, int program) {
    const Result<std::uint32_t> id = program_id(program);
    if (!id)
        return std::unexpected(id.error());
    const Result<std::vector<std::uint32_t>> programs = tcx_programs(interface.index, hook);
    if (!programs)
        return std::unexpected(programs.error());
    if (std::ranges::find(*programs, *id) == programs->end())
        return fail(ErrorKind::Failed,
                    fmt::format("{} does not run the program after it was attached", interface.name));
    return {};
}

}  // namespace

Result<std::vector<std::uint32_t>> tcx_programs(IfIndex device, ruleset::Hook hook) {
    std::vector<std::uint32_t> ids(programs_max);
    struct bpf_prog_query_opts query{};
    query.sz = sizeof query;
    query.prog_ids = ids.data();
    query.prog_cnt = programs_max;
    const int error = bpf_prog_query_opts(static_cast<int>(device), attach_type(hook), &query);
    if (error == -EINVAL)
        return fail(ErrorKind::Unsupported, "this kernel has no TCX");
    if (error == -ENOENT)  // no program was ever on the hook
        return std::vector<std::uint32_t>();
    if (error != 0)
        return fail_errno(error, "cannot list the device's TCX programs");
    ids.resize(query.prog_cnt);
    return ids;
}

Status attach_tcx(const Interface& interface, ruleset::Hook hook, int program, const std::filesystem::path& pin) {
    const std::expected<Fd, int> link = create_link(program, interface.index, attach_type(hook), 0);
    if (!link)
        return fail_errno(link.error(), fmt::format("cannot attach to {} by TCX", interface.name));
    Status done = prove_active(interface, hook, program);
    if (done)
        done = pin_object(*link, pin);
    if (!done)
        break_link(*link);
    return done;
}

}  // namespace xdpctl::kernel
