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
#include "set_lookup.skel.h"
#include "sets/joint.h"

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

// An image of several sets and where its parts are.
struct JointMap {
    Fd map;
    std::uint32_t size;
    xdpctl_joint_parts parts;
};

template <typename Range>
Result<sets::JointImage> join(std::span<const MappedImage> images) {
    std::vector<std::span<const Range>> elements;
    for (const MappedImage& image : images)
        elements.push_back(image.elements<Range>());
    return sets::make_joint(elements);
}

Result<JointMap> make_joint_map(std::span<const SetMaps* const> sets, std::uint32_t words) {
    std::vector<MappedImage> images;
    for (const SetMaps* set : sets) {
        auto image = MappedImage::open(set->image);
        if (!image)
            return std::unexpected(std::move(image).error());
        images.push_back(*std::move(image));
    }
    const auto joint = words == 1 ? join<sets::Range32>(images) : join<sets::Range128>(images);
    if (!joint)
        return std::unexpected(joint.error());
    auto map = create_image_map("set_joint", joint->bytes);
    if (!map)
        return std::unexpected(std::move(map).error());
    return JointMap{*std::move(map), static_cast<std::uint32_t>(joint->bytes.size()), joint->parts};
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
    static Result<LookupLinker> create(std::span<const SetMaps* const> sets, std::vector<bpf_insn>& instructions) {
        auto object = open_object<set_lookup>("set_lookup");
        if (!object)
            return std::unexpected(std::move(object).error());
        return LookupLinker(*std::move(object), sets, instructions);
    }

    Status link(const compile::SetReference& reference, std::span<const std::vector<std::uint32_t>> joints) {
        const std::uint32_t place = reference.instruction;
        if (reference.use == compile::SetUse::Live) {
            WideImmediate{instructions_[place], instructions_[place + 1]}.put_map_value(
                sets_[reference.number]->image.get(), offsetof(xdpctl_set_head, live));
            return {};
        }
        auto found = functions_.find({reference.use, reference.number});
        if (found == functions_.end()) {
            const auto function = static_cast<std::int32_t>(instructions_.size());
            XDPCTL_TRY(reference.use == compile::SetUse::Joint ? add_joint(joints[reference.number])
                                                               : add_lookup(*sets_[reference.number]));
            found = functions_.emplace(std::pair{reference.use, reference.number}, function).first;
        }
        instructions_[place].imm = found->second - static_cast<std::int32_t>(place) - 1;
        return {};
    }

    [[nodiscard]] std::vector<Fd> maps() && { return std::move(maps_); }

private:
    LookupLinker(Object object, std::span<const SetMaps* const> sets, std::vector<bpf_insn>& instructions)
        : object_(std::move(object)), sets_(sets), instructions_(instructions) {}

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

    Status add_joint(std::span<const std::uint32_t> numbers) {
        std::vector<const SetMaps*> sets;
        for (const std::uint32_t number : numbers)
            sets.push_back(sets_[number]);
        const auto shape = sets.front()->live_shape();
        if (!shape)
            return std::unexpected(shape.error());
        auto joint = make_joint_map(sets, shape->words);
        if (!joint)
            return std::unexpected(std::move(joint).error());
        XDPCTL_TRY(add_copy(fmt::format("joint_mask_{}", shape->words),
                            [&](const WideImmediate& constant, std::uint32_t number) {
                                if (number == XDPCTL_SET_IMAGE)
                                    constant.put_map_value(joint->map.get(), 0);
                                else if (number == XDPCTL_SET_END)
                                    constant.put(joint->size - XDPCTL_SET_TAIL);
                                else
                                    put_part(constant, joint->parts, number);
                            }));
        maps_.push_back(std::move(joint->map));
        return {};
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
    std::span<const SetMaps* const> sets_;
    std::vector<bpf_insn>& instructions_;
    std::map<std::pair<compile::SetUse, std::uint32_t>, std::int32_t> functions_;  // where they begin
    std::vector<Fd> maps_;
};

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

Result<std::vector<Fd>> link_lookups(const compile::Program& program, std::span<const SetMaps* const> sets,
                                     std::vector<bpf_insn>& instructions) {
    if (program.sets.empty())
        return {};
    auto linker = LookupLinker::create(sets, instructions);
    if (!linker)
        return std::unexpected(std::move(linker).error());
    for (const compile::SetReference& reference : program.sets)
        XDPCTL_TRY(linker->link(reference, program.joints));
    return std::move(*linker).maps();
}

}  // namespace xdpctl::kernel
