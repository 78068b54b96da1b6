// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/tuple_tree.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "compile/tuple_tree/constants.h"
#include "kernel/constants.h"
#include "kernel/mapping.h"
#include "kernel/set_lookup.h"
#include "tc_classify.skel.h"
#include "tc_classify_bounded.skel.h"
#include "xdp_classify.skel.h"
#include "xdp_classify_bounded.skel.h"

namespace xdpctl::kernel {

namespace {

using compile::tuple_tree::Tables;

template <typename Skeleton>
Result<Object> open_configured(const Tables& tables) {
    const LibbpfLog log;
    Skeleton* skeleton = Skeleton::open();
    if (skeleton == nullptr)
        return fail(ErrorKind::Failed, "cannot open the BPF object of the classifier", log.text());
    std::memcpy(&skeleton->rodata->config, &tables.config, sizeof(tables.config));
    return take_object(skeleton);
}

Result<Object> open_for(bpf_prog_type type, const Tables& tables) {
    if (type == BPF_PROG_TYPE_XDP)
        return tables.loops_bounded ? open_configured<xdp_classify_bounded>(tables)
                                    : open_configured<xdp_classify>(tables);
    return tables.loops_bounded ? open_configured<tc_classify_bounded>(tables) : open_configured<tc_classify>(tables);
}

// libbpf gives its instructions away read-only, for programs that are loaded; until then they are a plain array.
void put_constants(const bpf_program* program, const Tables& tables) {
    const std::span instructions(const_cast<bpf_insn*>(bpf_program__insns(program)), bpf_program__insn_cnt(program));
    fill_constants(instructions, XDPCTL_TUPLE_CONSTANTS, [&](const WideImmediate& immediate, std::uint32_t number) {
        immediate.put(constant(tables, number));
    });
}

// By a memory mapping: the element can be larger than what the kernel copies in a call.
Status write_tables(int map, const Tables& tables, std::size_t size) {
    const auto memory = Mapping::open(map, size);
    if (!memory)
        return std::unexpected(memory.error());
    for (const auto& [offset, bytes] : placed_arrays(tables))
        std::ranges::copy(bytes, memory->bytes().begin() + offset);
    return {};
}

}  // namespace

Result<Fd> load_tuple_tree(const Tables& tables, const ProgramType& type, std::span<const NamedMap> maps,
                           const LookupMaps& lookups) {
    auto object = open_for(type.type, tables);
    if (!object)
        return std::unexpected(std::move(object).error());
    bpf_map* map = bpf_object__find_map_by_name(object->get(), "tables");
    // An element cannot be empty.
    const std::size_t size = std::max<std::size_t>(tables.report.bytes, XDPCTL_TUPLE_ALIGNMENT);
    if (const int error = bpf_map__set_value_size(map, static_cast<std::uint32_t>(size)); error != 0)
        return fail_errno(error, "cannot size the classifier's tables");
    if (tables.limits.empty())
        bpf_map__set_autocreate(bpf_object__find_map_by_name(object->get(), "limits"), false);
    XDPCTL_TRY(use_maps(object->get(), maps));
    XDPCTL_TRY(use_lookups(object->get(), lookups));
    bpf_program* program = bpf_object__next_program(object->get(), nullptr);
    put_constants(program, tables);
    set_type(program, type);
    XDPCTL_TRY(load_object(object->get(), "cannot load the classifier"));
    XDPCTL_TRY(write_tables(bpf_map__fd(map), tables, size));
    Fd kept(fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3));  // the object closes its own
    if (!kept.valid())
        return fail_errno(errno, "cannot keep the classifier");
    return kept;
}

}  // namespace xdpctl::kernel
