// SPDX-License-Identifier: BSD-2-Clause
// The embedded objects are opened, given the maps of their chain, and loaded. The exit program is loaded only to have
// libbpf fill in its instructions: a classifier is the generated rules with those instructions behind them.
#include "kernel/datapath.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "chain_maps.skel.h"
#include "kernel/limit_maps.h"
#include "kernel/load.h"
#include "kernel/object.h"
#include "kernel/pin.h"
#include "kernel/set_lookup.h"
#include "kernel/tuple_tree.h"
#include "layer_maps.skel.h"
#include "maps/stage.h"
#include "tc_entry.skel.h"
#include "tc_exit.skel.h"
#include "tc_timed_entry.skel.h"
#include "xdp_entry.skel.h"
#include "xdp_exit.skel.h"
#include "xdp_timed_entry.skel.h"

namespace xdpctl::kernel {

namespace {

constexpr std::pair<const char*, Fd ChainMaps::*> chain_map_names[] = {
    {"chain", &ChainMaps::chain},
    {"devices", &ChainMaps::devices},
    {"device_counters", &ChainMaps::device_counters},
};

constexpr bool is_xdp(Layer layer) {
    return layer == Layer::Xdp || layer == Layer::XdpExtension;
}

// A descriptor that stays when the object closes.
Status take_map(const bpf_object* object, const char* name, Fd& into) {
    into = Fd(fcntl(bpf_object__find_map_fd_by_name(object, name), F_DUPFD_CLOEXEC, 3));
    if (!into.valid())
        return fail_errno(errno, std::string("cannot keep map ") + name);
    return {};
}

Status open_map(const std::filesystem::path& path, Fd& into) {
    auto map = open_pin(path);
    if (!map)
        return std::unexpected(std::move(map).error());
    into = *std::move(map);
    return {};
}

Result<Object> open_exit(Layer layer) {
    return is_xdp(layer) ? open_object<xdp_exit>("xdp_exit") : open_object<tc_exit>("tc_exit");
}

template <typename Skeleton>
Result<Object> open_entry_object(DeviceSlot slot) {
    const LibbpfLog log;
    Skeleton* skeleton = Skeleton::open();
    if (skeleton == nullptr)
        return fail(ErrorKind::Failed, "cannot open the BPF object of the entry", log.text());
    skeleton->rodata->device_slot = std::to_underlying(slot);
    return take_object(skeleton);
}

constexpr bool is_map_load(const bpf_insn& instruction) {
    return instruction.code == (BPF_LD | BPF_IMM | BPF_DW) && instruction.src_reg == BPF_PSEUDO_MAP_FD;
}

// Loaded instructions name the maps by descriptors of `object`, which close with it: ours take their place.
void rename_maps(std::span<bpf_insn> instructions, const bpf_object* object, std::span<const NamedMap> maps) {
    for (bpf_insn& instruction : instructions) {
        if (!is_map_load(instruction))
            continue;
        const auto found = std::ranges::find_if(maps, [&](const NamedMap& map) {
            return bpf_object__find_map_fd_by_name(object, map.name) == instruction.imm;
        });
        if (found != maps.end())
            instruction.imm = found->fd;
    }
}

// Expected attach type 0 everywhere, as extension programs have it, and xdp.frags: see Layer.
ProgramType entry_type(Layer layer) {
    if (is_xdp(layer))
        return {BPF_PROG_TYPE_XDP, xdp_frags_supported() ? BPF_F_XDP_HAS_FRAGS : 0};
    return {BPF_PROG_TYPE_SCHED_CLS, 0};
}

const char* entry_name(Layer layer, bool is_timed) {
    switch (layer) {
    case Layer::Xdp:
    case Layer::XdpExtension:
        return is_timed ? "xdp_timed_entry" : "xdp_entry";
    case Layer::TcIngress:
        return is_timed ? "tc_timed_ingress_entry" : "tc_ingress_entry";
    case Layer::TcEgress:
        return is_timed ? "tc_timed_egress_entry" : "tc_egress_entry";
    }
    std::unreachable();
}

constexpr std::uint32_t observer_stage(std::uint32_t place) {
    return XDPCTL_STAGE_OBSERVE + place;
}

}  // namespace

ProgramType classifier_type(Layer layer) {
    return layer == Layer::XdpExtension ? ProgramType{BPF_PROG_TYPE_XDP, 0} : entry_type(layer);
}

Result<ChainMaps> ChainMaps::create() {
    auto object = open_object<chain_maps>("chain_maps");
    if (!object)
        return std::unexpected(std::move(object).error());
    XDPCTL_TRY(load_object(object->get(), "cannot create the maps of a chain"));
    ChainMaps maps;
    for (const auto& [name, map] : chain_map_names)
        XDPCTL_TRY(take_map(object->get(), name, maps.*map));
    return maps;
}

Result<ChainMaps> ChainMaps::open(const std::filesystem::path& directory) {
    ChainMaps maps;
    for (const auto& [name, map] : chain_map_names)
        XDPCTL_TRY(open_map(directory / name, maps.*map));
    return maps;
}

Status ChainMaps::pin(const std::filesystem::path& directory) const {
    for (const auto& [name, map] : chain_map_names)
        XDPCTL_TRY(pin_object(this->*map, directory / name));
    return {};
}

Result<int> EntryObject::load() {
    XDPCTL_TRY(load_object(object(), std::string("cannot load program ") + bpf_program__name(program())));
    return bpf_program__fd(program());
}

Result<Datapath> Datapath::create(Layer layer, const ChainMaps& maps) {
    auto object = open_object<layer_maps>("layer_maps");
    if (!object)
        return std::unexpected(std::move(object).error());
    XDPCTL_TRY(load_object(object->get(), "cannot create the maps of a datapath"));
    Datapath datapath;
    datapath.layer_ = layer;
    datapath.maps_ = &maps;
    XDPCTL_TRY(take_map(object->get(), "packet", datapath.packet_));
    XDPCTL_TRY(take_map(object->get(), "stages", datapath.stages_));
    return datapath;
}

Result<Datapath> Datapath::open(Layer layer, const ChainMaps& maps, const std::filesystem::path& directory) {
    Datapath datapath;
    datapath.layer_ = layer;
    datapath.maps_ = &maps;
    XDPCTL_TRY(open_map(directory / "packet", datapath.packet_));
    XDPCTL_TRY(open_map(directory / "stages", datapath.stages_));
    return datapath;
}

Status Datapath::pin(const std::filesystem::path& directory) const {
    XDPCTL_TRY(pin_object(packet_, directory / "packet"));
    return pin_object(stages_, directory / "stages");
}

Result<EntryObject> Datapath::open_entry(DeviceSlot slot) const {
    return open_entry(EntryKind::Usual, slot, {});
}

Result<EntryObject> Datapath::open_timed_entry(DeviceSlot slot, int entry_times) const {
    const NamedMap times{"entry_times", entry_times};
    return open_entry(EntryKind::Timed, slot, {&times, 1});
}

Result<EntryObject> Datapath::open_entry(EntryKind kind, DeviceSlot slot, std::span<const NamedMap> maps) const {
    const bool is_timed = kind == EntryKind::Timed;
    auto object = is_xdp(layer_)
                      ? (is_timed ? open_entry_object<xdp_timed_entry>(slot) : open_entry_object<xdp_entry>(slot))
                      : (is_timed ? open_entry_object<tc_timed_entry>(slot) : open_entry_object<tc_entry>(slot));
    if (!object)
        return std::unexpected(std::move(object).error());
    XDPCTL_TRY(use_maps(object->get(), named_maps()));
    XDPCTL_TRY(use_maps(object->get(), maps));
    const std::string_view name = entry_name(layer_, is_timed);
    bpf_program* entry = nullptr;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object->get()) {
        const bool chosen = bpf_program__name(program) == name;
        bpf_program__set_autoload(program, chosen);
        if (chosen)
            entry = program;
    }
    if (entry == nullptr)
        return fail(ErrorKind::Failed, "cannot find program " + std::string(name) + " in its object");
    set_type(entry, entry_type(layer_));
    return EntryObject(*std::move(object), entry);
}

namespace {

// Where the hook's context has a field; none where it has no such field.
std::optional<std::size_t> context_offset(compile::ContextField field, Layer layer) {
    const bool at_xdp = is_xdp(layer);
    switch (field) {
    case compile::ContextField::Data:
        return at_xdp ? offsetof(xdp_md, data) : offsetof(__sk_buff, data);
    case compile::ContextField::DataEnd:
        return at_xdp ? offsetof(xdp_md, data_end) : offsetof(__sk_buff, data_end);
    case compile::ContextField::HasOffloadedTag:
        return at_xdp ? std::nullopt : std::optional(offsetof(__sk_buff, vlan_present));
    case compile::ContextField::Mark:
        return at_xdp ? std::nullopt : std::optional(offsetof(__sk_buff, mark));
    case compile::ContextField::Priority:
        return at_xdp ? std::nullopt : std::optional(offsetof(__sk_buff, priority));
    case compile::ContextField::PacketType:
        return at_xdp ? std::nullopt : std::optional(offsetof(__sk_buff, pkt_type));
    case compile::ContextField::LoadBytes:
        break;
    }
    return std::nullopt;
}

// Instead of an instruction that this hook or kernel does not have.
bpf_insn set(std::uint8_t target, std::int32_t value) {
    return {.code = BPF_ALU64 | BPF_MOV | BPF_K,
            .dst_reg = static_cast<std::uint8_t>(target & 0xfU),
            .src_reg = 0,
            .off = 0,
            .imm = value};
}

void fill_in(bpf_insn& instruction, compile::ContextField field, Layer layer) {
    if (field == compile::ContextField::LoadBytes) {
        // Kernels without the helper at XDP have no frames whose bytes lie elsewhere there.
        if (is_xdp(layer) && !xdp_frags_supported())
            instruction = set(BPF_REG_0, -1);
        else
            instruction.imm = is_xdp(layer) ? BPF_FUNC_xdp_load_bytes : BPF_FUNC_skb_load_bytes;
    } else if (const auto offset = context_offset(field, layer)) {
        instruction.off = static_cast<std::int16_t>(*offset);
    } else {
        instruction = set(instruction.dst_reg, 0);
    }
}

}  // namespace

Status Datapath::prepare_exit() const {
    if (!exit_.empty())
        return {};
    auto object = open_exit(layer_);
    if (!object)
        return std::unexpected(std::move(object).error());
    const auto maps = named_maps();
    XDPCTL_TRY(use_maps(object->get(), maps));
    bpf_program* program = bpf_object__next_program(object->get(), nullptr);
    set_type(program, classifier_type(layer_));
    XDPCTL_TRY(load_object(object->get(), "cannot load the exit program"));
    const bpf_insn* first = bpf_program__insns(program);
    exit_.assign(first, first + bpf_program__insn_cnt(program));
    rename_maps(exit_, object->get(), maps);
    return {};
}

Status check_fields(const ruleset::Chain& chain, const ruleset::Table* table, Layer layer) {
    const auto found = is_xdp(layer) ? compile::first_tc_only(chain, table) : std::nullopt;
    if (!found)
        return {};
    const ruleset::FieldInfo& field = ruleset::info(found->field);
    return fail(ErrorKind::Input,
                fmt::format("rule {} of chain {} cannot run at XDP", found->rule + 1, found->chain->name),
                fmt::format("{} {} is known at TC, after XDP", field.protocol, field.name),
                "detach the device and attach it again with: xdpctl attach DEVICE --mode tc");
}

Result<Fd> Datapath::load_classifier(const compile::Classifier& classifier, const RuleMaps& rules,
                                     const LookupMaps& lookups, const LimitMap* limits) const {
    if (const auto* program = std::get_if<compile::Program>(&classifier))
        return load_rules(*program, rules, lookups, limits);
    const auto& tables = *std::get<std::shared_ptr<const compile::tuple_tree::Tables>>(classifier);
    const auto others = named_maps();
    std::vector<NamedMap> maps(others.begin(), others.end());
    maps.push_back({"rule_counters", rules.counters()});
    if (limits != nullptr)
        maps.push_back({"limits", limits->fd()});
    return load_tuple_tree(tables, classifier_type(layer_), maps, lookups);
}

Result<Fd> Datapath::load_rules(const compile::Program& program, const RuleMaps& rules, const LookupMaps& lookups,
                                const LimitMap* limits) const {
    XDPCTL_TRY(prepare_exit());
    std::vector<bpf_insn> instructions = program.instructions;
    for (const auto& [position, map] : program.maps) {
        bpf_insn& load = instructions[position];
        load.src_reg = BPF_PSEUDO_MAP_FD;
        load.imm = descriptor_of(map, rules);
    }
    for (const compile::ContextReference& reference : program.contexts)
        fill_in(instructions[reference.instruction], reference.field, layer_);
    instructions.insert(instructions.end(), exit_.begin(), exit_.end());
    XDPCTL_TRY(link_lookups(program, lookups, instructions));
    XDPCTL_TRY(link_limits(program, limits, instructions));
    return load_program("xdpctl_rules", classifier_type(layer_), instructions);
}

int Datapath::descriptor_of(compile::MapName map, const RuleMaps& rules) const {
    switch (map) {
    case compile::MapName::Packet:
        return packet_.get();
    case compile::MapName::RuleCounters:
        return rules.counters();
    case compile::MapName::Stages:
        return stages_.get();
    }
    std::unreachable();
}

Status Datapath::put(std::uint32_t stage, const Fd& program) const {
    const int descriptor = program.get();
    if (bpf_map_update_elem(stages_.get(), &stage, &descriptor, BPF_ANY) != 0)
        return fail_errno(errno, fmt::format("cannot put a program into stage {}", stage));
    return {};
}

Status Datapath::clear(std::uint32_t stage) const {
    if (bpf_map_delete_elem(stages_.get(), &stage) != 0 && errno != ENOENT)
        return fail_errno(errno, fmt::format("cannot clear stage {}", stage));
    return {};
}

Result<std::uint32_t> Datapath::program_at(std::uint32_t stage) const {
    std::uint32_t id = 0;
    if (bpf_map_lookup_elem(stages_.get(), &stage, &id) == 0)
        return id;
    if (errno == ENOENT)
        return 0;
    return fail_errno(errno, fmt::format("cannot read stage {}", stage));
}

Status Datapath::publish(const Fd& classifier) const {
    return put(XDPCTL_STAGE_CLASSIFY, classifier);
}

std::array<NamedMap, 4> Datapath::named_maps() const {
    return {{{"packet", packet_.get()},
             {"stages", stages_.get()},
             {"chain", maps_->chain.get()},
             {"device_counters", maps_->device_counters.get()}}};
}

Status Datapath::put_observer(std::uint32_t place, const Fd& observer) const {
    return put(observer_stage(place), observer);
}

Status Datapath::clear_observer(std::uint32_t place) const {
    return clear(observer_stage(place));
}

Result<bool> Datapath::has_observer(std::uint32_t place) const {
    const auto id = program_at(observer_stage(place));
    if (!id)
        return std::unexpected(id.error());
    return *id != 0;
}

Result<std::uint32_t> Datapath::published() const {
    return program_at(XDPCTL_STAGE_CLASSIFY);
}

Result<xdpctl_packet> Datapath::last_packet(unsigned cpu) const {
    // Values of a per-CPU map stand at multiples of eight bytes.
    struct alignas(8) Slot {
        xdpctl_packet packet;
    };
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0)
        return fail_errno(cpus, "cannot count the CPUs");
    if (std::cmp_greater_equal(cpu, cpus))
        return fail(ErrorKind::NotFound, "there is no CPU " + std::to_string(cpu));
    const std::uint32_t key = 0;
    std::vector<Slot> slots(static_cast<std::size_t>(cpus));
    if (bpf_map_lookup_elem(packet_.get(), &key, slots.data()) != 0)
        return fail_errno(errno, "cannot read the last packet");
    return slots[cpu].packet;
}

}  // namespace xdpctl::kernel
