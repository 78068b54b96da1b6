// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/observer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "kernel/bpffs.h"
#include "kernel/handle_slots.h"
#include "kernel/lock.h"
#include "kernel/observer_program.h"
#include "kernel/timed_entries.h"
#include "maps/counter.h"
#include "ruleset/reach.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t nanoseconds_each_second = 1'000'000'000;

struct CloseRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

Status create_map(Fd& into, bpf_map_type type, const char* name, std::uint32_t value_size, std::uint32_t elements) {
    const std::uint32_t key_size = type == BPF_MAP_TYPE_RINGBUF ? 0 : sizeof(std::uint32_t);
    into = Fd(bpf_map_create(type, name, key_size, value_size, elements, nullptr));
    if (!into.valid())
        return fail_errno(errno, fmt::format("cannot make map {} of {} elements", name, elements));
    return {};
}

// The ruleset and the slots at one moment.
struct View {
    Live live;
    std::map<ChainKey, ObservedChain> chains;
};

Result<View> look(const Layout& layout) {
    auto live = open_live(layout);
    if (!live)
        return std::unexpected(std::move(live).error());
    View view{std::move(*live), {}};
    for (const NamedChain& named : chains_of(view.live.generation.ruleset)) {
        LiveChain& chain = *view.live.chains.at(named.key());
        ObservedChain& observed = view.chains[named.key()];
        observed.table = named.table;
        observed.chain = named.chain;
        const auto devices = chain.devices();
        if (!devices)
            return std::unexpected(devices.error());
        for (const xdpctl_device& device : *devices) {
            observed.devices.emplace_back(name_of(device));
            if (is_attached(device))
                observed.attached.insert(observed.devices.back());
        }
        const std::span<const xdpctl_rule_slot> slots = chain.rules().slots();
        HandleSlots known(slots);
        observed.rules.resize(slots.size());
        for (const ruleset::Rule* rule : ruleset::rules_with_slots(*named.table, *named.chain))
            if (const auto slot = known.find(rule->handle))
                observed.rules[std::to_underlying(*slot)] = rule;
    }
    return view;
}

// The layers of a running ruleset, which open_live() leaves closed.
Status open_layers(Live& live) {
    const auto running = live.directory();
    if (!running)
        return {};
    const auto keys = Layout::classifiers(fs::exists(*running) ? *running : live.layout.next());
    if (!keys)
        return std::unexpected(keys.error());
    for (const LayerKey& key : *keys)
        if (const auto chain = live.chains.find(key.chain); chain != live.chains.end())
            XDPCTL_TRY(chain->second->open_layer(live.layout, key.layer));
    return {};
}

// The latest generation's directory. Numbers begin anew after a flush.
struct Pinned {
    std::uint64_t number = 0;
    ino_t inode = 0;
    bool operator==(const Pinned&) const = default;
};

Result<Pinned> pinned_generation(const Layout& layout) {
    const auto numbers = layout.generations();
    if (!numbers)
        return std::unexpected(numbers.error());
    Pinned out;
    if (numbers->empty())
        return out;
    out.number = numbers->back();
    struct stat status{};
    if (::stat(layout.generation(out.number).c_str(), &status) == 0)
        out.inode = status.st_ino;
    return out;
}

Status check_request(const ObserverRequest& request, const View& view) {
    if (view.live.generation.ruleset.tables.empty())
        return fail(ErrorKind::NotFound, "there is nothing to look at", "nothing is attached",
                    "start with 'xdpctl attach IFACE'");
    const auto& chains = view.chains;
    const auto has_device = [&](const auto& item) {
        return std::ranges::find(item.second.devices, request.device) != item.second.devices.end();
    };
    if (!request.device.empty() && std::ranges::none_of(chains, has_device))
        return fail(ErrorKind::NotFound, fmt::format("cannot look at {}", request.device), "it is not attached",
                    "'xdpctl status' lists what is attached");
    for (const Handle handle : request.rules) {
        const auto is_wanted = [&](const ruleset::Rule* rule) { return rule != nullptr && rule->handle == handle; };
        const auto has_rule = [&](const auto& item) { return std::ranges::any_of(item.second.rules, is_wanted); };
        if (std::ranges::none_of(chains, has_rule))
            return fail(ErrorKind::NotFound, fmt::format("there is no rule with handle {}", std::to_underlying(handle)),
                        {}, "'xdpctl list ruleset -a' shows handles");
    }
    return {};
}

}  // namespace

struct Observer::Impl {
    ObserverRequest request;
    Layout layout;
    std::chrono::milliseconds lock_timeout;
    std::optional<ObserverPlace> place;
    Fd events;
    Fd observed;
    Fd frame_head;
    std::map<ChainKey, Fd> watched_rules;
    Tallies tallies;
    // Observers by their numbers in events. Every change of the ruleset gives new ones, because rules may have other
    // slots then.
    struct Loaded {
        LayerKey layer;
        std::uint64_t looked_at;  // which of the views it knows
    };
    std::vector<Loaded> loaded;
    std::uint64_t views = 0;
    View now;
    View before;
    Pinned pinned;  // of `now`
    std::unique_ptr<ring_buffer, CloseRing> ring;
    const Take* take = nullptr;  // of the read at hand

    Impl(const ObserverRequest& wanted, Layout where, std::chrono::milliseconds timeout)
        : request(wanted),
          layout(std::move(where)),
          lock_timeout(timeout),
          now{Live{layout, {}, {}, {}, {}}, {}},
          before{Live{layout, {}, {}, {}, {}}, {}} {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { stop(); }

    Status create_maps() {
        const auto page = static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE));
        XDPCTL_TRY(create_map(events, BPF_MAP_TYPE_RINGBUF, "events", 0, request.tally.any() ? page : request.buffer));
        XDPCTL_TRY(create_map(observed, BPF_MAP_TYPE_PERCPU_ARRAY, "observed", sizeof(xdpctl_observed), 1));
        XDPCTL_TRY(create_map(frame_head, BPF_MAP_TYPE_PERCPU_ARRAY, "frame_head", XDPCTL_FILTER_BYTES, 1));
        auto made = Tallies::create(request.tally);
        if (!made)
            return std::unexpected(std::move(made).error());
        tallies = std::move(*made);
        ring.reset(ring_buffer__new(events.get(), &Impl::on_event, this, nullptr));
        if (!ring)
            return fail_errno(errno, "cannot read the ring buffer");
        return {};
    }

    static int on_event(void* context, void* data, std::size_t size) {
        const auto& self = *static_cast<Impl*>(context);
        const auto& event = *static_cast<const xdpctl_event*>(data);
        const std::size_t room = size - sizeof(event);
        const auto* frame = static_cast<const std::byte*>(data) + sizeof(event);
        const bool go_on = (*self.take)(event, {frame, std::min<std::size_t>(event.captured, room)});
        return go_on ? 0 : -ECANCELED;
    }

    // Puts observers into all layers of the view. REQUIRES: the writer's lock.
    Status install(View& view) {
        ++views;
        XDPCTL_TRY(open_layers(view.live));
        XDPCTL_TRY(tidy_observers(view.live));
        if (!place) {
            auto taken = ObserverPlace::take(layout);
            if (!taken)
                return std::unexpected(std::move(taken).error());
            place = std::move(*taken);
            if (request.tally.times)
                XDPCTL_TRY(place->take_times(layout));
        }
        std::set<ChainKey> chains;
        for (const auto& [key, chain] : view.chains)
            chains.insert(key);
        tallies.keep(chains);
        for (const auto& [key, chain] : view.chains) {
            const LiveChain& live_chain = *view.live.chains.at(key);
            XDPCTL_TRY(forget_former_devices(key, chain));
            const auto maps = maps_of(key, chain);
            if (!maps)
                return std::unexpected(maps.error());
            for (const auto& [layer, datapath] : live_chain.layers()) {
                if (!wants(key, chain)) {
                    // The first place leads to the others.
                    XDPCTL_TRY(place->number() == 0 ? put_idle_observer(datapath)
                                                    : datapath.clear_observer(place->number()));
                    continue;
                }
                const auto program =
                    load_observer(datapath, config(chain, number_of({key, layer})), *maps, request.filter);
                if (!program)
                    return std::unexpected(program.error());
                XDPCTL_TRY(datapath.put_observer(place->number(), *program));
                if (place->number() == 0)
                    continue;
                const auto leads = datapath.has_observer(0);
                if (!leads)
                    return std::unexpected(leads.error());
                if (!*leads)
                    XDPCTL_TRY(put_idle_observer(datapath));
            }
            // Behind the observers, which take what timed entries note.
            if (request.tally.times && wants(key, chain))
                XDPCTL_TRY(time_entries(layout, live_chain, devices_of(chain), tallies.entry_times_map()));
        }
        return {};
    }

    // Of slots that belonged to others in the view before.
    Status forget_former_devices(const ChainKey& key, const ObservedChain& chain) const {
        const auto former = now.chains.find(key);
        if (former == now.chains.end())
            return {};
        const auto& devices = former->second.devices;
        for (std::uint16_t slot = 0; slot < std::min(devices.size(), chain.devices.size()); ++slot)
            if (devices[slot] != chain.devices[slot])
                XDPCTL_TRY(tallies.forget(key, DeviceSlot{slot}));
        return {};
    }

    std::uint32_t number_of(const LayerKey& layer) {
        loaded.push_back({layer, views});
        return static_cast<std::uint32_t>(loaded.size() - 1);
    }

    // The chain as the observer's view has it, or else the other one.
    template <typename Action>
    auto in_views(std::uint32_t number, Action action) const -> decltype(action(std::declval<const ObservedChain&>())) {
        if (number >= loaded.size())
            return {};
        const bool is_current = loaded[number].looked_at == views;
        for (const View* view : {is_current ? &now : &before, is_current ? &before : &now})
            if (const auto found = view->chains.find(loaded[number].layer.chain); found != view->chains.end())
                if (auto result = action(found->second))
                    return result;
        return {};
    }

    [[nodiscard]] bool wants(const ChainKey& key, const ObservedChain& chain) const {
        if (request.hook && *request.hook != key.hook)
            return false;
        return request.device.empty() || devices_of(chain) != 0;
    }

    [[nodiscard]] std::uint64_t devices_of(const ObservedChain& chain) const {
        static_assert(XDPCTL_DEVICES_MAX <= 64);
        std::uint64_t bits = 0;
        for (std::size_t slot = 0; slot < chain.devices.size(); ++slot)
            if (request.device.empty() || chain.devices[slot] == request.device)
                bits |= std::uint64_t{1} << slot;
        return bits;
    }

    [[nodiscard]] xdpctl_observer_config config(const ObservedChain& chain, std::uint32_t number) const {
        xdpctl_observer_config out{};
        out.devices = devices_of(chain);
        if (request.rate != 0) {
            // A second's worth may come at once.
            out.interval = nanoseconds_each_second / request.rate;
            out.burst = out.interval * (request.rate - 1);
        }
        out.place = place->number();
        out.chain = number;
        out.verdicts = request.verdicts;
        out.reasons = request.reasons;
        out.logs = request.logs ? 1 : 0;
        out.chosen_rules = request.rules.empty() ? 0 : 1;
        out.rules = static_cast<std::uint32_t>(chain.rules.size());
        out.sample = request.sample;
        out.snaplen = request.snaplen;
        out.filtered = request.filter.empty() ? 0 : 1;
        out.tallies_sizes = request.tally.sizes ? 1 : 0;
        out.tallies_talkers = request.tally.talkers;
        out.tallies_times = request.tally.times ? 1 : 0;
        return out;
    }

    Result<ObserverMaps> maps_of(const ChainKey& key, const ObservedChain& chain) {
        const auto rules = write_watched_rules(key, chain);
        if (!rules)
            return std::unexpected(rules.error());
        const auto sizes = tallies.sizes_map(key);
        if (!sizes)
            return std::unexpected(sizes.error());
        const auto times = tallies.times_map(key);
        if (!times)
            return std::unexpected(times.error());
        return ObserverMaps{.events = events.get(),
                            .observed = observed.get(),
                            .frame_head = frame_head.get(),
                            .watched_rules = *rules,
                            .packet_sizes = *sizes,
                            .talkers = tallies.talkers_map(),
                            .entry_times = tallies.entry_times_map(),
                            .stage_times = *times};
    }

    // A new map, for the slots of this ruleset: rates begin anew.
    Result<int> write_watched_rules(const ChainKey& key, const ObservedChain& chain) {
        Fd& map = watched_rules[key];
        XDPCTL_TRY(create_map(map, BPF_MAP_TYPE_ARRAY, "watched_rules", sizeof(xdpctl_watched_rule),
                              static_cast<std::uint32_t>(chain.rules.size()) + XDPCTL_REASONS));
        for (std::uint32_t slot = 0; slot < chain.rules.size(); ++slot) {
            const ruleset::Rule* rule = chain.rules[slot];
            if (rule == nullptr)
                continue;
            const ruleset::Log* log = rule->log();
            xdpctl_watched_rule value{};
            value.snaplen = log != nullptr ? log->snaplen.value_or(0) : 0;
            value.chosen = std::ranges::find(request.rules, rule->handle) != request.rules.end() ? 1 : 0;
            if (value.snaplen == 0 && value.chosen == 0)
                continue;
            if (bpf_map_update_elem(map.get(), &slot, &value, BPF_ANY) != 0)
                return fail_errno(errno, "cannot write a watched rule");
        }
        return map.get();
    }

    void stop() {
        if (!place)
            return;
        // Whatever cannot be done now, the next writer does.
        place.reset();
        const auto lock = WriterLock::acquire(layout.directory(), lock_timeout);
        if (!lock)
            return;
        if (auto live = open_live(layout); live && open_layers(*live))
            (void)tidy_observers(*live);
        ::rmdir(layout.directory().c_str());  // when nothing else is left
    }
};

Observer::Observer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Observer::Observer(Observer&&) noexcept = default;
Observer& Observer::operator=(Observer&&) noexcept = default;
Observer::~Observer() = default;

void Observer::stop() {
    impl_->stop();
}

Result<Observer> Observer::start(const ObserverRequest& request, std::chrono::milliseconds lock_timeout) {
    Warnings none;
    const auto directory = state_directory(false, none);
    if (!directory)
        return std::unexpected(directory.error());
    auto impl = std::make_unique<Impl>(request, Layout(*directory), lock_timeout);
    // Said before the lock, which makes the directory.
    auto view = look(impl->layout);
    if (!view)
        return std::unexpected(std::move(view).error());
    XDPCTL_TRY(check_request(request, *view));
    XDPCTL_TRY(impl->create_maps());
    const auto lock = WriterLock::acquire(*directory, lock_timeout);
    if (!lock)
        return std::unexpected(lock.error());
    view = look(impl->layout);
    if (!view)
        return std::unexpected(std::move(view).error());
    XDPCTL_TRY(impl->install(*view));
    impl->now = std::move(*view);
    const auto pinned = pinned_generation(impl->layout);
    if (!pinned)
        return std::unexpected(pinned.error());
    impl->pinned = *pinned;
    return Observer(std::move(impl));
}

Result<bool> Observer::refresh() {
    auto pinned = pinned_generation(impl_->layout);
    if (!pinned)
        return std::unexpected(std::move(pinned).error());
    if (*pinned == impl_->pinned)
        return false;
    const auto lock = WriterLock::acquire(impl_->layout.directory(), std::chrono::milliseconds(0));
    if (!lock) {
        if (lock.error().kind == ErrorKind::Locked)
            return false;
        return std::unexpected(lock.error());
    }
    auto view = look(impl_->layout);
    if (!view)
        return std::unexpected(std::move(view).error());
    XDPCTL_TRY(impl_->install(*view));
    impl_->pinned = *pinned;
    impl_->before = std::exchange(impl_->now, std::move(*view));
    return true;
}

const Generation& Observer::generation() const {
    return impl_->now.live.generation;
}

const std::map<ChainKey, ObservedChain>& Observer::chains() const {
    return impl_->now.chains;
}

const std::map<ChainKey, ObservedChain>& Observer::chains_before() const {
    return impl_->before.chains;
}

const ObservedChain* Observer::chain(std::uint32_t number) const {
    return impl_->in_views(number, [](const ObservedChain& chain) { return &chain; });
}

const ruleset::Rule* Observer::rule(std::uint32_t number, std::uint32_t slot) const {
    return impl_->in_views(
        number, [&](const ObservedChain& chain) { return slot < chain.rules.size() ? chain.rules[slot] : nullptr; });
}

Layer Observer::layer(std::uint32_t number) const {
    return number < impl_->loaded.size() ? impl_->loaded[number].layer.layer : Layer{};
}

std::string_view Observer::device(std::uint32_t number, std::uint32_t slot) const {
    const ObservedChain* found = chain(number);
    return found != nullptr && slot < found->devices.size() ? std::string_view(found->devices[slot]) : "?";
}

int Observer::descriptor() const {
    return ring_buffer__epoll_fd(impl_->ring.get());
}

void Observer::read(const Take& take) {
    impl_->take = &take;
    (void)ring_buffer__consume(impl_->ring.get());  // fails only where `take` ends it
    impl_->take = nullptr;
}

const Tallies& Observer::tallies() const {
    return impl_->tallies;
}

Result<xdpctl_observed> Observer::counts() const {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0)
        return fail_errno(cpus, "cannot count the CPUs");
    std::vector<xdpctl_observed> values(static_cast<std::size_t>(cpus));
    const std::uint32_t key = 0;
    if (bpf_map_lookup_elem(impl_->observed.get(), &key, values.data()) != 0)
        return fail_errno(errno, "cannot read what was observed");
    xdpctl_observed sum{};
    for (const xdpctl_observed& value : values) {
        sum.reported += value.reported;
        sum.unsampled += value.unsampled;
        sum.limited += value.limited;
        sum.lost += value.lost;
    }
    return sum;
}

}  // namespace xdpctl::kernel
