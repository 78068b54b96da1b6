// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/observer_program.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "kernel/load.h"
#include "kernel/object.h"
#include "tc_observe.skel.h"
#include "xdp_observe.skel.h"

namespace xdpctl::kernel {

namespace {

template <typename Skeleton>
Result<Object> open_configured(const xdpctl_observer_config& config) {
    const LibbpfLog log;
    Skeleton* skeleton = Skeleton::open();
    if (skeleton == nullptr)
        return fail(ErrorKind::Failed, "cannot open the BPF object of the observer", log.text());
    std::memcpy(&skeleton->rodata->config, &config, sizeof(config));
    return take_object(skeleton);
}

constexpr bool is_function_call(const bpf_insn& instruction) {
    return instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == BPF_PSEUDO_CALL;
}

// Puts the filter in the place of filter_frame(), the only function that the observer calls and the last one.
Result<std::vector<bpf_insn>> with_filter(std::span<const bpf_insn> observer, std::span<const bpf_insn> filter) {
    const auto call = std::ranges::find_if(observer, is_function_call);
    if (call == observer.end())
        return fail(ErrorKind::Failed, "cannot put the filter into the observer", "it does not call one");
    const auto replaced = static_cast<std::size_t>(call - observer.begin() + 1 + call->imm);
    std::vector<bpf_insn> out(observer.begin(), observer.begin() + static_cast<std::ptrdiff_t>(replaced));
    out.insert(out.end(), filter.begin(), filter.end());
    return out;
}

// The newest things that observers use: copies of frames at XDP came with Linux 5.18.
Status check_kernel() {
    static const bool able = libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes, nullptr) == 1;
    if (!able)
        return fail(ErrorKind::Unsupported, "cannot look on", "this kernel has no helper to copy frames at XDP",
                    "Linux 5.18 has; counters say what happens: xdpctl stats");
    return {};
}

Result<Fd> keep(int program) {
    Fd kept(fcntl(program, F_DUPFD_CLOEXEC, 3));  // the object closes its own
    if (!kept.valid())
        return fail_errno(errno, "cannot keep the observer");
    return kept;
}

}  // namespace

Result<Fd> load_observer(const Datapath& datapath, const xdpctl_observer_config& config, const ObserverMaps& maps,
                         std::span<const bpf_insn> filter) {
    XDPCTL_TRY(check_kernel());
    const ProgramType type = classifier_type(datapath.layer());
    auto object =
        type.type == BPF_PROG_TYPE_XDP ? open_configured<xdp_observe>(config) : open_configured<tc_observe>(config);
    if (!object)
        return std::unexpected(std::move(object).error());
    std::vector<NamedMap> named{{"events", maps.events},
                                {"observed", maps.observed},
                                {"frame_head", maps.frame_head},
                                {"watched_rules", maps.watched_rules},
                                {"packet_sizes", maps.packet_sizes},
                                {"talkers", maps.talkers},
                                {"entry_times", maps.entry_times},
                                {"stage_times", maps.stage_times}};
    std::erase_if(named, [](const NamedMap& map) { return map.fd < 0; });
    const auto shared = datapath.named_maps();
    named.insert(named.end(), shared.begin(), shared.end());
    XDPCTL_TRY(use_maps(object->get(), named));
    bpf_program* program = bpf_object__next_program(object->get(), nullptr);
    set_type(program, type);
    XDPCTL_TRY(load_object(object->get(), "cannot load the observer"));
    if (filter.empty())
        return keep(bpf_program__fd(program));
    const auto instructions = with_filter({bpf_program__insns(program), bpf_program__insn_cnt(program)}, filter);
    if (!instructions)
        return std::unexpected(instructions.error());
    return load_program("xdpctl_observe", type, *instructions);
}

Status put_idle_observer(const Datapath& datapath) {
    xdpctl_observer_config config{};
    config.idle = 1;
    const auto program = load_observer(datapath, config, {}, {});
    if (!program)
        return std::unexpected(program.error());
    return datapath.put_observer(0, *program);
}

}  // namespace xdpctl::kernel
