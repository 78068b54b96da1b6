// SPDX-License-Identifier: BSD-2-Clause
// The programs and maps that judge the packets of one base chain: created unpinned, pinned below a directory, or opened
// from there. Used by the live state (state.h) and by test runs (testrun/), which never pin anything.
#pragma once

#include <bpf/libbpf.h>

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/types.h"
#include "compile/compile.h"
#include "kernel/joint_maps.h"
#include "kernel/load.h"
#include "kernel/rule_maps.h"
#include "maps/chain.h"
#include "maps/counter.h"
#include "maps/packet.h"
#include "ruleset/model.h"

namespace xdpctl::kernel {

class LimitMap;
struct SetMaps;

// Which kind of BPF program runs: a PROG_ARRAY holds one kind only, and each chain has one for every layer in use.
// What the kernel compares, and so what entry and classifier of a layer must have in common (docs/kernels.md):
//   Xdp           entry on a bpf_link: expected attach type 0, xdp.frags where the kernel has it
//   XdpExtension  entry under libxdp's dispatcher, where it is an extension program: expected attach type 0. The entry
//                 is opened with xdp.frags (libxdp asks for it and takes it off again), the classifier loaded without.
//   TcIngress, TcEgress
enum class Layer : std::uint8_t { Xdp, XdpExtension, TcIngress, TcEgress };

// Whether rules, and those they jump to, ask only for what the layer knows of a packet. Errors: Input, naming the rule
// and what to do.
[[nodiscard]] Status check_fields(const ruleset::Chain& chain, const ruleset::Table* table, Layer layer);

// The maps a base chain has whatever its layers and rules: counters of devices, devices, configuration. See maps/.
struct ChainMaps {
    Fd chain;            // struct xdpctl_chain
    Fd devices;          // struct xdpctl_device
    Fd device_counters;  // struct xdpctl_counter, per CPU

    [[nodiscard]] static Result<ChainMaps> create();
    [[nodiscard]] static Result<ChainMaps> open(const std::filesystem::path& directory);
    [[nodiscard]] Status pin(const std::filesystem::path& directory) const;
};

// An entry program's object, opened with its maps and read-only data set but not loaded: the attacher loads it itself,
// or hands it to libxdp, which loads it as an extension.
class EntryObject {
public:
    struct Deleter {
        void operator()(bpf_object* object) const { bpf_object__close(object); }
    };
    EntryObject(std::unique_ptr<bpf_object, Deleter> object, bpf_program* program)
        : object_(std::move(object)), program_(program) {}
    [[nodiscard]] bpf_object* object() const { return object_.get(); }
    [[nodiscard]] bpf_program* program() const { return program_; }
    // For libxdp, which closes the object itself.
    [[nodiscard]] bpf_object* release() { return object_.release(); }
    // Loads the program, without xdp.frags on kernels that lack it. The verifier's log is kept in the error's cause.
    [[nodiscard]] Result<int> load();

private:
    std::unique_ptr<bpf_object, Deleter> object_;
    bpf_program* program_;
};

// A map under the name it has in the objects, and in its pin.
struct NamedMap {
    const char* name;
    int fd;
};

// What the programs of a layer that are called by its stages must be.
[[nodiscard]] ProgramType classifier_type(Layer layer);

// Stages, scratch and exit program of one layer of a chain.
class Datapath {
public:
    // `maps` must outlive the datapath. A directory holds one layer only.
    [[nodiscard]] static Result<Datapath> create(Layer layer, const ChainMaps& maps);
    [[nodiscard]] static Result<Datapath> open(Layer layer, const ChainMaps& maps,
                                               const std::filesystem::path& directory);
    [[nodiscard]] Status pin(const std::filesystem::path& directory) const;

    [[nodiscard]] Layer layer() const { return layer_; }
    // Those that programs use, but for the rules' counters.
    [[nodiscard]] std::array<NamedMap, 4> named_maps() const;
    [[nodiscard]] Result<EntryObject> open_entry(DeviceSlot slot) const;
    // One that takes times into a map `entry_times` (maps/tally.h).
    [[nodiscard]] Result<EntryObject> open_timed_entry(DeviceSlot slot, int entry_times) const;
    // Loads what the compiler made: rules joined with the exit program, or tables copied into a map and the program
    // that walks them. Rules count in `rules` and look keys up in `lookups`; rules with a limit, if there are any, take
    // from the buckets of `limits`. Not yet published.
    [[nodiscard]] Result<Fd> load_classifier(const compile::Classifier& classifier, const RuleMaps& rules,
                                             const LookupMaps& lookups = {}, const LimitMap* limits = nullptr) const;
    // Makes a loaded classifier judge every following packet: one map update.
    [[nodiscard]] Status publish(const Fd& classifier) const;
    // Observers look on in the places behind the exit (observer_places.h).
    [[nodiscard]] Status put_observer(std::uint32_t place, const Fd& observer) const;
    [[nodiscard]] Status clear_observer(std::uint32_t place) const;
    [[nodiscard]] Result<bool> has_observer(std::uint32_t place) const;
    // Id of the published classifier's program, 0 when none.
    [[nodiscard]] Result<std::uint32_t> published() const;
    // Gives a part of a classifier its stage (maps/stage.h), unless it has one already, and returns that. When all are
    // taken, those of programs whose ids `kept` does not name become free.
    [[nodiscard]] Result<std::uint32_t> place_part(const Fd& part, std::span<const std::uint32_t> kept) const;
    // Clears the stages of parts with other ids, once no program runs that could call them.
    [[nodiscard]] Status clear_other_parts(std::span<const std::uint32_t> kept) const;
    // The packet last parsed on a CPU: after a test run there, what was found and decided.
    [[nodiscard]] Result<xdpctl_packet> last_packet(unsigned cpu) const;

private:
    enum class EntryKind : std::uint8_t { Usual, Timed };
    [[nodiscard]] Result<EntryObject> open_entry(EntryKind kind, DeviceSlot slot, std::span<const NamedMap> maps) const;
    [[nodiscard]] Result<Fd> load_rules(const compile::Program& program, const RuleMaps& rules,
                                        const LookupMaps& lookups, const LimitMap* limits) const;
    [[nodiscard]] int descriptor_of(compile::MapName map, const RuleMaps& rules) const;
    [[nodiscard]] Status put(std::uint32_t stage, const Fd& program) const;
    [[nodiscard]] Status clear(std::uint32_t stage) const;
    // Its id, 0 when there is none.
    [[nodiscard]] Result<std::uint32_t> program_at(std::uint32_t stage) const;
    // Fills exit_ on first use.
    [[nodiscard]] Status prepare_exit() const;

    Layer layer_{};
    const ChainMaps* maps_ = nullptr;
    Fd stages_;
    Fd packet_;
    // Instructions of the exit program with its maps filled in; loaded once a datapath.
    mutable std::vector<bpf_insn> exit_;
};

// Waits until no program that was running when the call was made is still running: after it, an unpublished classifier
// counts no more and its slots may be used again.
[[nodiscard]] Status wait_for_running_programs();

// Sums of per-CPU counters. One syscall for a whole map where the kernel has batches.
[[nodiscard]] Result<std::vector<Count>> read_counters(const Fd& map, std::uint32_t size);

}  // namespace xdpctl::kernel
