// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/set_lookup.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "kernel/constants.h"
#include "kernel/load.h"
#include "maps/packet.h"
#include "set_lookup.skel.h"

namespace xdpctl::kernel {

namespace {

// Null: the object gets no such map.
Status use_map(const bpf_object* object, std::string_view prefix, std::size_t number, const Fd* fd) {
    const std::string name = fmt::format("{}_{}", prefix, number);
    bpf_map* map = bpf_object__find_map_by_name(object, name.c_str());
    if (map == nullptr)
        return fail(ErrorKind::Failed, fmt::format("cannot find map {} in its object", name));
    const int error = fd == nullptr ? bpf_map__set_autocreate(map, false) : bpf_map__reuse_fd(map, fd->get());
    return error == 0 ? Status{} : fail_errno(error, fmt::format("cannot use map {}", name));
}

// Into the object's read-only data: a symbol's place is in their type.
Status write_forms(const bpf_object* object, std::string_view symbol, std::span<const std::uint64_t> forms) {
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
            if (btf__name_by_offset(types, variable->name_off) != symbol)
                continue;
            std::ranges::copy(std::as_bytes(forms), data + variables[i].offset);
            return {};
        }
    }
    return fail(ErrorKind::Failed, fmt::format("cannot find {} in its object", symbol));
}

// A constant that is a member of a struct of parts.
template <typename Parts>
void put_part(const WideImmediate& immediate, const Parts& parts, std::uint32_t number) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&parts);
    std::uint64_t value = 0;
    if (number >= XDPCTL_SET_PART64)
        std::memcpy(&value, bytes + (number - XDPCTL_SET_PART64), sizeof(std::uint64_t));
    else
        std::memcpy(&value, bytes + (number - XDPCTL_SET_PART32), sizeof(std::uint32_t));
    immediate.put(value);
}

class LookupLinker {
public:
    static Result<LookupLinker> create(const LookupMaps& lookups, std::vector<bpf_insn>& instructions) {
        auto object = open_object<set_lookup>("set_lookup");
        if (!object)
            return std::unexpected(std::move(object).error());
        return LookupLinker(*std::move(object), lookups, instructions);
    }

    Status link(const compile::SetReference& reference) {
        const std::uint32_t place = reference.instruction;
        auto found = functions_.find({reference.use, reference.number});
        if (found == functions_.end()) {
            const auto function = static_cast<std::int32_t>(instructions_.size());
            XDPCTL_TRY(reference.use == compile::SetUse::Joint ? add_joint(*lookups_.joints[reference.number])
                                                               : add_lookup(*lookups_.sets[reference.number]));
            found = functions_.emplace(std::pair{reference.use, reference.number}, function).first;
        }
        instructions_[place].imm = found->second - static_cast<std::int32_t>(place) - 1;
        return {};
    }

private:
    LookupLinker(Object object, const LookupMaps& lookups, std::vector<bpf_insn>& instructions)
        : object_(std::move(object)), lookups_(lookups), instructions_(instructions) {}

    Status add_lookup(const SetMaps& set) {
        const auto form = set.form();
        if (!form)
            return std::unexpected(form.error());
        const auto parts = set.parts();
        if (!parts)
            return std::unexpected(parts.error());
        const std::uint64_t words = *form >> XDPCTL_SET_FORM_WORDS_SHIFT & XDPCTL_SET_FORM_WORDS_MASK;
        return add_copy(fmt::format("set_holds_{}", words), [&](const WideImmediate& constant, std::uint32_t number) {
            if (number == XDPCTL_SET_IMAGE)
                constant.put_map_value(set.image.get(), 0);
            else if (number == XDPCTL_SET_LIVE)
                constant.put_map(set.live.get());
            else if (number == XDPCTL_SET_END)
                constant.put(*form & XDPCTL_SET_FORM_END);
            else if (number == XDPCTL_SET_RANGED)
                constant.put((*form & XDPCTL_SET_FORM_RANGED) != 0 ? 1 : 0);
            else
                put_part(constant, *parts, number);
        });
    }

    Status add_joint(const JointMap& joint) {
        const auto form = joint.form();
        if (!form)
            return std::unexpected(form.error());
        const auto head = joint.head();
        if (!head)
            return std::unexpected(head.error());
        return add_copy(fmt::format("joint_answer_{}", head->words),
                        [&](const WideImmediate& constant, std::uint32_t number) {
                            if (number == XDPCTL_SET_IMAGE)
                                constant.put_map_value(joint.image.get(), 0);
                            else if (number == XDPCTL_SET_END)
                                constant.put(*form & XDPCTL_SET_FORM_END);
                            else
                                put_part(constant, head->parts, number);
                        });
    }

    Status add_copy(const std::string& name, auto&& fill) {
        const bpf_program* program = bpf_object__find_program_by_name(object_.get(), name.c_str());
        if (program == nullptr)
            return fail(ErrorKind::Failed, fmt::format("cannot find {} in its object", name));
        const std::size_t first = instructions_.size();
        instructions_.insert(instructions_.end(), bpf_program__insns(program),
                             bpf_program__insns(program) + bpf_program__insn_cnt(program));
        fill_constants(std::span(instructions_).subspan(first), XDPCTL_SET_CONSTANTS, fill);
        return {};
    }

    Object object_;
    const LookupMaps& lookups_;
    std::vector<bpf_insn>& instructions_;
    std::map<std::pair<compile::SetUse, std::uint32_t>, std::int32_t> functions_;  // where they begin
};

// Of the maps, by number.
Result<std::vector<std::uint64_t>> forms_of(const auto& all) {
    std::vector<std::uint64_t> forms;
    for (const auto* maps : all) {
        const auto form = maps->form();
        if (!form)
            return std::unexpected(form.error());
        forms.push_back(*form);
    }
    return forms;
}

}  // namespace

Status use_lookups(bpf_object* object, const LookupMaps& lookups) {
    for (std::size_t number = 0; number < XDPCTL_SETS_MAX; ++number) {
        const SetMaps* set = number < lookups.sets.size() ? lookups.sets[number] : nullptr;
        XDPCTL_TRY(use_map(object, "set_image", number, set == nullptr ? nullptr : &set->image));
        XDPCTL_TRY(use_map(object, "set_live", number, set == nullptr ? nullptr : &set->live));
    }
    for (std::size_t number = 0; number < XDPCTL_JOINT_KEYS_MAX; ++number)
        XDPCTL_TRY(use_map(object, "set_joint", number,
                           number < lookups.joints.size() ? &lookups.joints[number]->image : nullptr));
    const auto sets = forms_of(lookups.sets);
    if (!sets)
        return std::unexpected(sets.error());
    const auto joints = forms_of(lookups.joints);
    if (!joints)
        return std::unexpected(joints.error());
    XDPCTL_TRY(write_forms(object, "set_forms", *sets));
    return write_forms(object, "joint_forms", *joints);
}

Status link_lookups(const compile::Program& program, const LookupMaps& lookups, std::vector<bpf_insn>& instructions) {
    if (program.sets.empty())
        return {};
    auto linker = LookupLinker::create(lookups, instructions);
    if (!linker)
        return std::unexpected(std::move(linker).error());
    for (const compile::SetReference& reference : program.sets)
        XDPCTL_TRY(linker->link(reference));
    return {};
}

}  // namespace xdpctl::kernel
