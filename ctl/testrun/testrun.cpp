// SPDX-License-Identifier: BSD-2-Clause
#include "testrun/testrun.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "compile/compile.h"
#include "compile/lookups.h"
#include "kernel/limit_maps.h"
#include "kernel/load.h"
#include "kernel/set_store.h"
#include "ruleset/reach.h"
#include "testrun/cpu.h"

namespace xdpctl::testrun {

namespace {

using kernel::Layer;

constexpr std::size_t shortest_frame = 14;  // an Ethernet header

// What BPF_PROG_TEST_RUN has to say about one frame.
struct TestRun {
    std::uint32_t return_value = 0;
    std::uint32_t nanoseconds_each = 0;
};

Result<TestRun> test_run(int program, std::span<const std::byte> in, std::span<std::byte> out, std::uint32_t repeat) {
    const std::string what = fmt::format("cannot test-run a frame of {} bytes", in.size());
    if (in.size() < shortest_frame)
        return fail(ErrorKind::Input, what, "it is shorter than an Ethernet header");
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = in.data();
    options.data_size_in = static_cast<std::uint32_t>(in.size());
    options.data_out = out.empty() ? nullptr : out.data();
    options.data_size_out = static_cast<std::uint32_t>(out.size());
    options.repeat = static_cast<int>(repeat);
    if (bpf_prog_test_run_opts(program, &options) == 0)
        return TestRun{options.retval, options.duration};
    const int error = errno;
    if (error == EINVAL || error == E2BIG || error == EMSGSIZE || error == ENOMEM)
        return fail(ErrorKind::Input, what,
                    "the test run of this kernel takes no frame so long, or none that ends in its IP header");
    return fail_errno(error, what);
}

Status check_layer(ruleset::Hook hook, Layer layer) {
    if ((hook == ruleset::Hook::Egress) == (layer == Layer::TcEgress))
        return {};
    return fail(ErrorKind::Usage, "cannot test-run the chain",
                hook == ruleset::Hook::Egress ? "it judges outgoing packets, which is done at TC egress only"
                                              : "it judges incoming packets, which is not done at TC egress");
}

// A chain without devices has its packets come in on a slot without a name.
Result<DeviceSlot> find_slot(const ruleset::Chain& chain, std::string_view device) {
    if (device.empty())
        return DeviceSlot{0};
    const auto found = std::ranges::find(chain.devices, device);
    if (found == chain.devices.end())
        return fail(ErrorKind::NotFound, fmt::format("chain {} has no device {}", chain.name, device), {},
                    fmt::format("its devices: {}", fmt::join(chain.devices, ", ")));
    return static_cast<DeviceSlot>(found - chain.devices.begin());
}

Status write_chain(const Fd& map, const ruleset::Chain& chain) {
    const std::uint32_t key = 0;
    const xdpctl_chain value{
        .policy = chain.policy == ruleset::Verdict::Drop ? XDPCTL_DROP : XDPCTL_ACCEPT,
        .hook = chain.hook == ruleset::Hook::Egress ? XDPCTL_HOOK_EGRESS : XDPCTL_HOOK_INGRESS,
    };
    if (bpf_map_update_elem(map.get(), &key, &value, BPF_ANY) != 0)
        return fail_errno(errno, "cannot configure the chain");
    return {};
}

std::uint32_t count_slots(const ruleset::Chain& chain, const ruleset::Table* table) {
    const std::size_t rules = table == nullptr ? chain.rules.size() : ruleset::rules_with_slots(*table, chain).size();
    return static_cast<std::uint32_t>(rules);
}

// A rule's slot is its place among those that have slots.
Result<compile::Classifier> compile_chain(const ruleset::Chain& chain, const ruleset::Table* table,
                                          std::span<const ruleset::Set* const> sets,
                                          std::optional<compile::Engine> engine) {
    std::vector<RuleSlot> slots(count_slots(chain, table));
    for (std::uint32_t i = 0; i < slots.size(); ++i)
        slots[i] = RuleSlot{i};
    return compile::compile(chain, {.table = table,
                                    .sets = sets,
                                    .rule_slots = slots,
                                    .device_names = chain.devices,
                                    .loops = kernel::loops_supported(),
                                    .engine = engine});
}

Result<std::vector<const ruleset::Set*>> find_sets(const ruleset::Chain& chain, const ruleset::Table* table) {
    if (table == nullptr)
        return {};
    return compile::looked_up_sets(chain, *table);
}

// Those that have slots, in their order.
std::vector<ruleset::Rule> rules_of(const ruleset::Chain& chain, const ruleset::Table* table) {
    if (table == nullptr)
        return chain.rules;
    std::vector<ruleset::Rule> rules;
    for (const ruleset::Rule* rule : ruleset::rules_with_slots(*table, chain))
        rules.push_back(*rule);
    return rules;
}

// Numbered as the compiler does by itself; none when no rule has a limit.
Result<std::optional<kernel::LimitMap>> make_limits(std::span<const ruleset::Rule> rules, Buckets buckets) {
    const auto count = std::ranges::count_if(rules, [](const ruleset::Rule& rule) { return rule.limit() != nullptr; });
    if (count == 0)
        return std::nullopt;
    auto limits = kernel::LimitMap::create(static_cast<std::uint32_t>(count));
    if (!limits)
        return std::unexpected(std::move(limits).error());
    std::uint32_t next = 0;
    for (const ruleset::Rule& rule : rules)
        if (const ruleset::Limit* limit = rule.limit())
            XDPCTL_TRY(limits->write(LimitSlot{next++}, buckets == Buckets::Lasting
                                                            ? kernel::lasting_bucket_of(*limit)
                                                            : kernel::bucket_of(*limit, rule.handle)));
    return *std::move(limits);
}

}  // namespace

struct Runner::Impl {
    kernel::ChainMaps maps;
    kernel::RuleMaps rule_maps;
    kernel::Datapath datapath;  // refers to maps
    std::vector<kernel::SetMaps> sets;
    std::optional<kernel::LimitMap> limits;
    std::optional<kernel::EntryObject> entry;
    int program = -1;
    std::vector<ruleset::Rule> rules;
};

Runner::Runner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Runner::Runner(Runner&&) noexcept = default;
Runner& Runner::operator=(Runner&&) noexcept = default;
Runner::~Runner() = default;

Result<Runner> Runner::create(const ruleset::Chain& chain, Layer layer, std::string_view device,
                              std::optional<compile::Engine> engine, const ruleset::Table* table, Buckets buckets) {
    XDPCTL_TRY(check_layer(chain.hook, layer));
    XDPCTL_TRY(kernel::check_fields(chain, table, layer));
    const auto slot = find_slot(chain, device);
    if (!slot)
        return std::unexpected(slot.error());
    const auto sets = find_sets(chain, table);
    if (!sets)
        return std::unexpected(sets.error());
    const auto compiled = compile_chain(chain, table, *sets, engine);
    if (!compiled)
        return std::unexpected(compiled.error());

    auto impl = std::make_unique<Impl>();
    auto maps = kernel::ChainMaps::create();
    if (!maps)
        return std::unexpected(std::move(maps).error());
    impl->maps = *std::move(maps);
    XDPCTL_TRY(write_chain(impl->maps.chain, chain));
    auto datapath = kernel::Datapath::create(layer, impl->maps);
    if (!datapath)
        return std::unexpected(std::move(datapath).error());
    impl->datapath = *std::move(datapath);
    auto rule_maps = kernel::RuleMaps::create(std::max<std::uint32_t>(1, count_slots(chain, table)));
    if (!rule_maps)
        return std::unexpected(std::move(rule_maps).error());
    impl->rule_maps = *std::move(rule_maps);
    for (const ruleset::Set* set : *sets) {
        auto set_maps = kernel::make_set(*set);
        if (!set_maps)
            return std::unexpected(std::move(set_maps).error());
        impl->sets.push_back(*std::move(set_maps));
    }
    std::vector<const kernel::SetMaps*> by_number;
    for (const kernel::SetMaps& set : impl->sets)
        by_number.push_back(&set);
    kernel::JointMaps joints;
    kernel::JointMaps none;
    const auto lookups = joints.maps_for(*compiled, std::move(by_number), none);
    if (!lookups)
        return std::unexpected(lookups.error());
    impl->rules = rules_of(chain, table);
    auto limits = make_limits(impl->rules, buckets);
    if (!limits)
        return std::unexpected(std::move(limits).error());
    impl->limits = *std::move(limits);
    const auto classifier =
        impl->datapath.load_classifier(*compiled, impl->rule_maps, *lookups, impl->limits ? &*impl->limits : nullptr);
    if (!classifier)
        return std::unexpected(classifier.error());
    XDPCTL_TRY(impl->datapath.publish(*classifier));
    auto entry = impl->datapath.open_entry(*slot);
    if (!entry)
        return std::unexpected(std::move(entry).error());
    const auto loaded = entry->load();
    if (!loaded)
        return std::unexpected(loaded.error());
    impl->entry = *std::move(entry);
    impl->program = *loaded;
    return Runner(std::move(impl));
}

Result<Outcome> Runner::run(std::span<const std::byte> frame) {
    const auto cpu = PinnedCpu::current();
    if (!cpu)
        return std::unexpected(cpu.error());
    Outcome outcome;
    outcome.frame.resize(frame.size());
    if (const auto run = test_run(impl_->program, frame, outcome.frame, 1); !run)
        return std::unexpected(run.error());
    const auto packet = impl_->datapath.last_packet(cpu->number());
    if (!packet)
        return std::unexpected(packet.error());
    outcome.packet = *packet;
    outcome.verdict = packet->verdict == XDPCTL_DROP ? ruleset::Verdict::Drop : ruleset::Verdict::Accept;
    outcome.reason = static_cast<xdpctl_reason>(packet->reason);
    if (packet->rule < impl_->rules.size())
        outcome.rule = impl_->rules[packet->rule].handle;
    return outcome;
}

Result<Runner::Timing> Runner::time(std::span<const std::byte> frame, std::uint32_t repeat) {
    const auto cpu = PinnedCpu::current();
    if (!cpu)
        return std::unexpected(cpu.error());
    const auto run = test_run(impl_->program, frame, {}, repeat);
    if (!run)
        return std::unexpected(run.error());
    return Timing{run->return_value, run->nanoseconds_each};
}

Result<std::vector<std::pair<Handle, Count>>> Runner::rule_counts() const {
    std::vector<std::pair<Handle, Count>> of_rules;
    for (std::uint32_t i = 0; i < impl_->rules.size(); ++i)
        if (impl_->rules[i].counter() != nullptr)
            of_rules.emplace_back(impl_->rules[i].handle, impl_->rule_maps.counted(RuleSlot{i}));
    return of_rules;
}

int Runner::entry_fd() const {
    return impl_->program;
}

}  // namespace xdpctl::testrun
