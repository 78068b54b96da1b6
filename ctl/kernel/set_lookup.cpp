// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/set_lookup.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "kernel/load.h"
#include "set_lookup.skel.h"

namespace xdpctl::kernel {

namespace {

bpf_map* find_map(const bpf_object* object, std::string_view prefix, std::size_t number) {
    return bpf_object__find_map_by_name(object, fmt::format("{}_{}", prefix, number).c_str());
}

// The object's read-only data begin with the forms when they are the only ones; a symbol's place is in its type.
Status write_forms(const bpf_object* object, std::span<const std::uint64_t> forms) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        const std::string_view name = bpf_map__name(map);
        if (!name.ends_with(".rodata"))
            continue;
        const btf* types = bpf_object__btf(object);
        const auto* section = btf__type_by_id(types, bpf_map__btf_value_type_id(map));
        std::size_t size = 0;
        auto* data = static_cast<std::byte*>(const_cast<void*>(bpf_map__initial_value(map, &size)));
        const auto* variables = btf_var_secinfos(section);
        for (std::uint16_t i = 0; i < btf_vlen(section); ++i) {
            const auto* variable = btf__type_by_id(types, variables[i].type);
            if (std::string_view(btf__name_by_offset(types, variable->name_off)) != "set_forms")
                continue;
            std::ranges::copy(std::as_bytes(forms), data + variables[i].offset);
            return {};
        }
    }
    return fail(ErrorKind::Failed, "cannot find set_forms in its object");
}

Status use_map(bpf_map* map, const Fd& fd) {
    if (const int error = bpf_map__reuse_fd(map, fd.get()); error != 0)
        return fail_errno(error, fmt::format("cannot use map {}", bpf_map__name(map)));
    return {};
}

}  // namespace

Status use_sets(bpf_object* object, std::span<const SetMaps* const> sets) {
    std::vector<std::uint64_t> forms;
    for (std::size_t number = 0; number < XDPCTL_SETS_MAX; ++number) {
        bpf_map* image = find_map(object, "set_image", number);
        bpf_map* live = find_map(object, "set_live", number);
        if (image == nullptr || live == nullptr)
            return fail(ErrorKind::Failed, fmt::format("cannot find the maps of set {} in their object", number));
        if (number >= sets.size()) {
            bpf_map__set_autocreate(image, false);
            bpf_map__set_autocreate(live, false);
            continue;
        }
        XDPCTL_TRY(use_map(image, sets[number]->image));
        XDPCTL_TRY(use_map(live, sets[number]->live));
        const auto form = sets[number]->form();
        if (!form)
            return std::unexpected(form.error());
        forms.push_back(*form);
    }
    return write_forms(object, forms);
}

Result<SetLookup> load_set_lookup(std::span<const SetMaps* const> sets) {
    auto object = open_object<set_lookup>("set_lookup");
    if (!object)
        return std::unexpected(object.error());
    XDPCTL_TRY(use_sets(object->get(), sets));
    XDPCTL_TRY(load_object(object->get(), "cannot load the lookup in sets"));
    const bpf_program* program = bpf_object__next_program(object->get(), nullptr);
    const std::span<const bpf_insn> all(bpf_program__insns(program), bpf_program__insn_cnt(program));
    // libbpf put the functions behind the program, in the order in which they are first called.
    const auto call = std::ranges::find_if(all, [](const bpf_insn& instruction) {
        return instruction.code == (BPF_JMP | BPF_CALL) && instruction.src_reg == BPF_PSEUDO_CALL;
    });
    if (call == all.end())
        return fail(ErrorKind::Failed, "cannot find set_holds in its object");
    const auto first = call - all.begin() + call->imm + 1;
    return SetLookup{*std::move(object), {all.begin() + first, all.end()}};
}

}  // namespace xdpctl::kernel
