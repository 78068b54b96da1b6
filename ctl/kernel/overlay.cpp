// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/overlay.h"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compile/compile.h"
#include "kernel/bpffs.h"
#include "kernel/generation.h"
#include "kernel/handle_slots.h"
#include "kernel/live.h"
#include "kernel/lock.h"
#include "kernel/mapping.h"
#include "kernel/pin.h"
#include "kernel/program.h"
#include "kernel/rule_slots.h"
#include "kernel/settle.h"
#include "kernel/table_records.h"
#include "kernel/typed_array.h"
#include "lang/outline.h"
#include "lang/parse.h"
#include "lang/print.h"

namespace xdpctl::kernel {

namespace fs = std::filesystem;

namespace {

// More on either side are worth new tables: a rule in front of them costs every packet a fifth of a nanosecond.
constexpr std::size_t rules_max = 64;

// Stands for the rules in the tables.
constexpr Handle tables_handle{std::numeric_limits<std::uint64_t>::max()};

using Rules = std::vector<ruleset::Rule>;

ruleset::Rule rule_of_tables() {
    return {
        .statements = {ruleset::Statement(ruleset::Branch{})}, .comment = {}, .handle = tables_handle, .position = {}};
}

fs::path overlay_map(const fs::path& generation, const ChainKey& chain) {
    return Layout::overlay(generation, chain) / "overlay";
}

Result<xdpctl_overlay> read_overlay(const fs::path& generation, const ChainKey& chain) {
    const auto map = open_pin(overlay_map(generation, chain));
    if (!map)
        return std::unexpected(map.error());
    const std::uint32_t key = 0;
    xdpctl_overlay value{};
    if (bpf_map_lookup_elem(map->get(), &key, &value) != 0)
        return fail_errno(errno, "cannot read which rules are not in tables");
    return value;
}

// Nothing of these asks for more of a packet or of the chain's place than the packet itself.
bool is_plain(const ruleset::Statement& statement) {
    if (const auto* match = std::get_if<ruleset::Match>(&statement))
        return !ruleset::is_interface(ruleset::field_of(*match).type);
    if (const auto* branch = std::get_if<ruleset::Branch>(&statement))
        return branch->kind == ruleset::Branch::Kind::Continue;
    return std::holds_alternative<ruleset::Verdict>(statement) || std::holds_alternative<ruleset::Counter>(statement) ||
           std::holds_alternative<ruleset::Log>(statement);
}

// Packets that the statement holds for go elsewhere than on.
bool leads_on(const ruleset::Statement& statement) {
    const auto* branch = std::get_if<ruleset::Branch>(&statement);
    return std::holds_alternative<ruleset::VerdictMap>(statement) ||
           (branch != nullptr && branch->kind != ruleset::Branch::Kind::Continue);
}

bool is_plain_rule(const ruleset::Rule& rule) {
    return std::ranges::all_of(rule.statements, is_plain);
}

// Whether the rule's text can be read back.
bool is_storable(const ruleset::Rule& rule) {
    auto read = lang::parse_rule(lang::print_rule(rule), "<stored rule>");
    if (read)
        read->handle = rule.handle;
    return read && *read == rule;
}

ruleset::Ruleset without_rules(ruleset::Ruleset ruleset) {
    ruleset.last_handle = {};
    for (ruleset::Table& table : ruleset.tables)
        for (ruleset::Chain& chain : table.chains)
            chain.rules.clear();
    return ruleset;
}

const ruleset::Rule* find_rule(const Rules& rules, Handle handle) {
    const auto found = std::ranges::find(rules, handle, &ruleset::Rule::handle);
    return found == rules.end() ? nullptr : &*found;
}

// Those that `others` has not.
Rules missing_from(const Rules& others, const Rules& rules) {
    Rules out;
    std::ranges::copy_if(rules, std::back_inserter(out),
                         [&](const ruleset::Rule& rule) { return find_rule(others, rule.handle) == nullptr; });
    return out;
}

// What an overlay does to its chain.
struct Change {
    const ruleset::Chain* chain;
    Rules front, behind;
    Rules added, removed;
    const lang::RuleLine* erased = nullptr;  // taken out of the tables
};

// The same objects under another directory.
template <typename IsLeftOut>
Status copy_pins(const fs::path& from, const fs::path& to, const IsLeftOut& is_left_out) {
    std::error_code error;
    for (fs::directory_iterator i(from, error), end; !error && i != end; i.increment(error)) {
        const fs::path target = to / i->path().filename();
        if (is_left_out(i->path()))
            continue;
        if (i->is_directory()) {
            XDPCTL_TRY(make_directory(target));
            XDPCTL_TRY(copy_pins(i->path(), target, is_left_out));
            continue;
        }
        const auto object = open_pin(i->path());
        if (!object)
            return std::unexpected(object.error());
        XDPCTL_TRY(pin_object(*object, target));
    }
    if (error)
        return fail_errno(error.value(), fmt::format("cannot list {}", from.string()));
    return {};
}

// Whether an overlay's commit makes that pin of the chain anew.
bool is_replaced(const fs::path& generation, const ChainKey& chain, const fs::path& pin) {
    return pin == Layout::ruleset(generation) || pin == overlay_map(generation, chain) ||
           std::ranges::any_of(all_layers, [&](Layer layer) {
               const LayerKey key{chain, layer};
               return pin == Layout::classifier(generation, key) || pin == Layout::behind(generation, key);
           });
}

// The ids of a layer's parts.
std::vector<std::uint32_t> part_ids(const fs::path& generation, const LayerKey& layer) {
    std::vector<std::uint32_t> ids;
    for (const fs::path& pin : {Layout::tables(generation, layer), Layout::behind(generation, layer)})
        if (const auto id = pinned_program_id(pin))
            ids.push_back(*id);
    return ids;
}

}  // namespace

Status store_overlay(const fs::path& generation, const ChainKey& chain, const xdpctl_overlay& overlay) {
    constexpr Member members[] = {
        {"front", offsetof(xdpctl_overlay, front), sizeof(xdpctl_overlay::front)},
        {"behind", offsetof(xdpctl_overlay, behind), sizeof(xdpctl_overlay::behind)},
        {"records4_offset", offsetof(xdpctl_overlay, records4.offset), sizeof(xdpctl_records::offset)},
        {"records4_count", offsetof(xdpctl_overlay, records4.count), sizeof(xdpctl_records::count)},
        {"records6_offset", offsetof(xdpctl_overlay, records6.offset), sizeof(xdpctl_records::offset)},
        {"records6_count", offsetof(xdpctl_overlay, records6.count), sizeof(xdpctl_records::count)},
        {"erases", offsetof(xdpctl_overlay, erases), sizeof(xdpctl_overlay::erases)},
        {"erased", offsetof(xdpctl_overlay, erased), sizeof(xdpctl_overlay::erased)},
    };
    const auto map = create_array({"overlay", 1, sizeof(overlay)}, [&](btf* types) {
        return add_struct(types, "xdpctl_overlay", sizeof(overlay), members);
    });
    if (!map)
        return std::unexpected(map.error());
    const std::uint32_t key = 0;
    if (bpf_map_update_elem(map->get(), &key, &overlay, BPF_ANY) != 0)
        return fail_errno(errno, "cannot store which rules are not in tables");
    if (const int error = bpf_map_freeze(map->get()); error != 0)
        return fail_errno(error, "cannot store which rules are not in tables");
    XDPCTL_TRY(make_directory(Layout::overlay(generation, chain)));
    return pin_object(*map, overlay_map(generation, chain));
}

Status finish_erasing(const fs::path& generation) {
    const auto chains = Layout::overlays(generation);
    const auto layers = Layout::classifiers(generation);
    if (!chains || !layers)
        return std::unexpected(chains ? layers.error() : chains.error());
    for (const ChainKey& chain : *chains) {
        const auto overlay = read_overlay(generation, chain);
        if (!overlay)
            return std::unexpected(overlay.error());
        for (const LayerKey& layer : *layers) {
            if (layer.chain != chain || overlay->erases == 0)
                continue;
            const auto program = open_pin(Layout::tables(generation, layer));
            if (!program)
                return std::unexpected(program.error());
            const auto records = TableRecords::open(*program, *overlay);
            if (!records)
                return std::unexpected(records.error());
            records->erase(RuleSlot{overlay->erased});
        }
    }
    return {};
}

Status clear_other_parts(const fs::path& generation, const ChainKey& chain, const Datapath& datapath) {
    return datapath.clear_other_parts(part_ids(generation, {chain, datapath.layer()}));
}

struct RuleOverlay::Running {
    WriterLock lock;
    Layout layout;
    fs::path directory;
    StoredText stored;
    lang::Outline outline;  // of its text
    std::map<ChainKey, xdpctl_overlay> overlays;
    ruleset::Ruleset ruleset;

    Status read_rules(ruleset::Chain& chain, const xdpctl_overlay& overlay) const;
    // Null when its tables do not have it.
    [[nodiscard]] const lang::RuleLine* find_in_tables(const ruleset::Chain& chain, Handle rule) const;
    // Makes the change run. False: it takes a commit.
    [[nodiscard]] Result<bool> put(const Change& change, Handle last_handle) const;
};

namespace {

// The chain's rules on both sides of those in the tables; nothing when these are gone.
std::optional<Change> split(const ruleset::Chain& before, const ruleset::Chain& after) {
    const auto tables = std::ranges::find(after.rules, tables_handle, &ruleset::Rule::handle);
    if (tables == after.rules.end())
        return std::nullopt;
    return Change{.chain = &after,
                  .front = {after.rules.begin(), tables},
                  .behind = {std::next(tables), after.rules.end()},
                  .added = missing_from(before.rules, after.rules),
                  .removed = missing_from(after.rules, before.rules),
                  .erased = nullptr};
}

// The only chain that differs, if an overlay has room for the difference.
std::optional<Change> find_change(const ruleset::Ruleset& before, const ruleset::Ruleset& after) {
    if (without_rules(before) != without_rules(after))
        return std::nullopt;
    std::optional<Change> change;
    for (std::size_t table = 0; table < before.tables.size(); ++table) {
        const auto& chains = before.tables[table].chains;
        for (std::size_t i = 0; i < chains.size(); ++i) {
            const ruleset::Chain& next = after.tables[table].chains[i];
            if (chains[i].rules == next.rules)
                continue;
            if (change)
                return std::nullopt;
            change = split(chains[i], next);
            if (!change)
                return std::nullopt;
        }
    }
    if (!change || std::max(change->front.size(), change->behind.size()) > rules_max ||
        !std::ranges::all_of(change->added, is_plain_rule) || !std::ranges::all_of(change->added, is_storable))
        return std::nullopt;
    return change;
}

// Slots by handle: those that rules have, and those that rules get.
class Slots {
public:
    explicit Slots(const RuleMaps& maps) : maps_(maps), known_(maps.slots()) {}

    // False: no slot is free that was not used before.
    bool take(const Rules& added) {
        std::uint32_t next = 0;
        for (const ruleset::Rule& rule : added) {
            while (next < maps_.size() && maps_.slots()[next].handle != 0)
                ++next;
            if (next == maps_.size())
                return false;
            taken_.emplace(rule.handle, RuleSlot{next++});
        }
        return true;
    }

    void write() const {
        for (const auto& [handle, slot] : taken_) {
            maps_.zero(slot);
            write_owner(maps_, slot, std::to_underlying(handle));
        }
    }

    std::optional<RuleSlot> find(Handle rule) { return known_.find(rule); }
    void retire(Handle rule) {
        if (const auto slot = known_.find(rule))
            write_owner(maps_, *slot, XDPCTL_RULE_SLOT_RETIRED);
    }

    // Of each rule, in order.
    std::vector<RuleSlot> of(const Rules& rules) {
        std::vector<RuleSlot> slots;
        for (const ruleset::Rule& rule : rules) {
            const auto taken = taken_.find(rule.handle);
            slots.push_back(taken != taken_.end() ? taken->second : known_.find(rule.handle).value_or(RuleSlot{}));
        }
        return slots;
    }

private:
    const RuleMaps& maps_;
    HandleSlots known_;
    std::map<Handle, RuleSlot> taken_;
};

// The text with other rules around those of the tables.
class NewText {
public:
    NewText(std::string_view text, const std::vector<lang::RuleLine>& lines, const xdpctl_overlay& overlay)
        : text_(text), lines_(lines), overlay_(overlay) {}

    [[nodiscard]] std::string with(const Change& change) const {
        const std::size_t tables_begin = begin_of(lines_[overlay_.front]);
        const std::size_t tables_end = end_of(lines_[lines_.size() - overlay_.behind - 1]);
        std::string out;
        out.reserve(text_.size() + 4096);
        out.append(text_.substr(0, begin_of(lines_.front())));
        append(out, change.front);
        if (change.erased != nullptr) {
            out.append(text_.substr(tables_begin, begin_of(*change.erased) - tables_begin));
            out.append(text_.substr(end_of(*change.erased), tables_end - end_of(*change.erased)));
        } else {
            out.append(text_.substr(tables_begin, tables_end - tables_begin));
        }
        append(out, change.behind);
        out.append(text_.substr(end_of(lines_.back())));
        return out;
    }

private:
    static constexpr std::string_view indent = "\t\t";

    [[nodiscard]] std::size_t begin_of(const lang::RuleLine& line) const {
        return static_cast<std::size_t>(line.text.data() - text_.data()) - indent.size();
    }
    [[nodiscard]] std::size_t end_of(const lang::RuleLine& line) const { return text_.find('\n', begin_of(line)) + 1; }
    static void append(std::string& out, const Rules& rules) {
        for (const ruleset::Rule& rule : rules)
            out.append(indent)
                .append(lang::print_rule(rule, {.handles = true, .stateless = false, .count = {}}))
                .append("\n");
    }

    std::string_view text_;
    const std::vector<lang::RuleLine>& lines_;
    const xdpctl_overlay& overlay_;
};

// Loads the parts of the chain's new classifiers and pins them.
class Parts {
public:
    Parts(const Change& change, const ChainKey& key, fs::path running, fs::path next, const RuleMaps& rules,
          Slots& slots)
        : change_(change),
          key_(key),
          running_(std::move(running)),
          next_(std::move(next)),
          rules_(rules),
          front_slots_(slots.of(change.front)),
          behind_slots_(slots.of(change.behind)) {}

    Status load(const Datapath& datapath) const {
        const LayerKey layer{key_, datapath.layer()};
        std::vector<std::uint32_t> kept = part_ids(running_, layer);
        const auto tables = open_pin(Layout::tables(running_, layer));
        if (!tables)
            return std::unexpected(tables.error());
        const auto behind = load_behind(datapath, layer, kept);
        if (!behind)
            return std::unexpected(behind.error());
        const auto stage = datapath.place_part(*tables, kept);
        if (!stage)
            return std::unexpected(stage.error());
        const auto front = load_rules(datapath, change_.front, front_slots_,
                                      compile::Continuation{.stage = *stage, .behind = *behind});
        if (!front)
            return std::unexpected(front.error());
        return pin_object(*front, Layout::classifier(next_, layer));
    }

private:
    // The stage of the rules behind the tables; 0 when there are none.
    Result<std::uint32_t> load_behind(const Datapath& datapath, const LayerKey& layer,
                                      std::vector<std::uint32_t>& kept) const {
        if (change_.behind.empty())
            return 0;
        const auto program = load_rules(datapath, change_.behind, behind_slots_, std::nullopt);
        if (!program)
            return std::unexpected(program.error());
        XDPCTL_TRY(pin_object(*program, Layout::behind(next_, layer)));
        const auto id = program_id(program->get());
        if (!id)
            return std::unexpected(id.error());
        kept.push_back(*id);
        return datapath.place_part(*program, kept);
    }

    Result<Fd> load_rules(const Datapath& datapath, const Rules& rules, const std::vector<RuleSlot>& slots,
                          const std::optional<compile::Continuation>& continuation) const {
        ruleset::Chain chain;
        chain.name = change_.chain->name;
        chain.policy = change_.chain->policy;
        chain.rules = rules;
        auto program =
            compile::straight_line(chain, {.rule_slots = slots, .device_names = {}, .continuation = continuation});
        if (!program)
            return std::unexpected(std::move(program).error());
        return datapath.load_classifier(*std::move(program), rules_);
    }

    const Change& change_;
    ChainKey key_;
    fs::path running_, next_;
    const RuleMaps& rules_;
    std::vector<RuleSlot> front_slots_, behind_slots_;
};

// The records of a rule that is taken out of the tables, on all layers of its chain.
struct Erasure {
    std::optional<RuleSlot> slot;
    std::vector<TableRecords> layers;

    // Of nothing when there is no rule. None when the tables need the rule.
    static Result<std::optional<Erasure>> open(const fs::path& generation, const LiveChain& chain,
                                               const xdpctl_overlay& overlay, const lang::RuleLine* rule, Slots& slots,
                                               const std::vector<lang::RuleLine>& rules) {
        Erasure out;
        if (rule == nullptr)
            return out;
        out.slot = slots.find(rule->handle);
        if (!out.slot || rules.size() == std::size_t{overlay.front} + overlay.behind + 1)
            return std::nullopt;
        for (const Layer layer : chain.layers() | std::views::keys) {
            const auto program = open_pin(Layout::tables(generation, {chain.key(), layer}));
            if (!program)
                return std::unexpected(program.error());
            auto records = TableRecords::open(*program, overlay);
            if (!records)
                return std::unexpected(std::move(records).error());
            if (!records->can_lack(*out.slot))
                return std::nullopt;
            out.layers.push_back(*std::move(records));
        }
        return out;
    }

    void run() const {
        for (const TableRecords& records : layers)
            records.erase(*slot);
    }
};

Result<std::unique_ptr<LiveChain>> open_chain(const Layout& layout, const fs::path& generation, const ChainKey& key) {
    auto chain = LiveChain::open(layout, key);
    if (!chain)
        return chain;
    XDPCTL_TRY((*chain)->open_rules(generation));
    const auto layers = Layout::classifiers(generation);
    if (!layers)
        return std::unexpected(layers.error());
    for (const LayerKey& layer : *layers)
        if (layer.chain == key)
            XDPCTL_TRY((*chain)->open_layer(layout, layer.layer));
    return chain;
}

}  // namespace

RuleOverlay::RuleOverlay(std::unique_ptr<Running> running) : running_(std::move(running)) {}
RuleOverlay::RuleOverlay(RuleOverlay&&) noexcept = default;
RuleOverlay& RuleOverlay::operator=(RuleOverlay&&) noexcept = default;
RuleOverlay::~RuleOverlay() = default;

const ruleset::Ruleset& RuleOverlay::ruleset() const {
    return running_->ruleset;
}

Status RuleOverlay::Running::read_rules(ruleset::Chain& chain, const xdpctl_overlay& overlay) const {
    const std::vector<lang::RuleLine>& lines = outline.rules_of(chain);
    if (lines.size() <= std::size_t{overlay.front} + overlay.behind)
        return stored.unreadable(ErrorKind::Failed, "it has fewer rules than its classifier");
    const auto read = [&](std::span<const lang::RuleLine> some) -> Status {
        for (const lang::RuleLine& line : some) {
            auto rule = lang::parse_rule(line.text, StoredText::source);
            if (!rule)
                return stored.unreadable(ErrorKind::Failed, rule.error().text());
            rule->handle = line.handle;
            chain.rules.push_back(*std::move(rule));
        }
        return {};
    };
    XDPCTL_TRY(read(std::span(lines).first(overlay.front)));
    chain.rules.push_back(rule_of_tables());
    return read(std::span(lines).last(overlay.behind));
}

Result<std::optional<RuleOverlay>> RuleOverlay::open_for_writing(std::chrono::milliseconds timeout) {
    Warnings none;
    const auto state = state_directory(false, none);
    if (!state)
        return std::unexpected(state.error());
    if (!fs::exists(*state))
        return std::nullopt;
    auto lock = WriterLock::acquire(*state, timeout);
    if (!lock)
        return std::unexpected(std::move(lock).error());
    const Layout layout(*state);
    const auto numbers = layout.generations();
    if (!numbers || numbers->size() != 1 || fs::exists(layout.next()))
        return std::nullopt;
    const fs::path directory = layout.generation(numbers->front());
    const auto keys = Layout::overlays(directory);
    if (!keys)
        return std::unexpected(keys.error());
    if (keys->empty())
        return std::nullopt;
    auto stored = StoredText::open(directory);
    if (!stored)
        return std::unexpected(std::move(stored).error());
    auto outline = lang::read_outline(stored->text(), StoredText::source);
    if (!outline)
        return stored->unreadable(ErrorKind::Failed, outline.error().text());
    auto running =
        std::make_unique<Running>(*std::move(lock), layout, directory, *std::move(stored), *std::move(outline),
                                  std::map<ChainKey, xdpctl_overlay>{}, ruleset::Ruleset{});
    running->ruleset = running->outline.ruleset;
    running->ruleset.last_handle = Handle{running->stored.head().last_handle};
    for (const ChainKey& key : *keys) {
        const auto overlay = read_overlay(directory, key);
        if (!overlay)
            return std::unexpected(overlay.error());
        running->overlays.emplace(key, *overlay);
        for (ruleset::Table& table : running->ruleset.tables)
            for (ruleset::Chain& chain : table.chains)
                if (chain.handle == key.handle)
                    XDPCTL_TRY(running->read_rules(chain, *overlay));
    }
    return RuleOverlay(std::move(running));
}

Result<bool> RuleOverlay::commit(const ruleset::Ruleset& next) {
    const auto change = find_change(running_->ruleset, next);
    return change ? running_->put(*change, next.last_handle) : false;
}

std::optional<ruleset::ChainName> RuleOverlay::chain_with(Handle rule) const {
    for (const ruleset::Table& table : running_->ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            if (running_->find_in_tables(chain, rule) != nullptr)
                return ruleset::ChainName{table.name, chain.name};
    return std::nullopt;
}

Result<bool> RuleOverlay::erase(Handle rule) {
    const ruleset::Ruleset& ruleset = running_->ruleset;
    const ruleset::ChainName name = *chain_with(rule);
    const ruleset::Chain& chain = *ruleset.find_chain(name.table, name.chain);
    auto change = split(chain, chain);
    change->erased = running_->find_in_tables(chain, rule);
    const auto read = lang::parse_rule(change->erased->text, StoredText::source);
    if (!read)
        return running_->stored.unreadable(ErrorKind::Failed, read.error().text());
    if (std::ranges::any_of(read->statements, leads_on))
        return false;
    return running_->put(*change, ruleset.last_handle);
}

const lang::RuleLine* RuleOverlay::Running::find_in_tables(const ruleset::Chain& chain, Handle rule) const {
    const auto overlay = overlays.find({chain.handle, chain.hook});
    if (overlay == overlays.end())
        return nullptr;
    const std::vector<lang::RuleLine>& lines = outline.rules_of(chain);
    const auto tables =
        std::span(lines).subspan(overlay->second.front, lines.size() - overlay->second.front - overlay->second.behind);
    const auto found = std::ranges::find(tables, rule, &lang::RuleLine::handle);
    return found == tables.end() ? nullptr : &*found;
}

Result<bool> RuleOverlay::Running::put(const Change& change, Handle last_handle) const {
    const ChainKey key{change.chain->handle, change.chain->hook};
    const auto chain = open_chain(layout, directory, key);
    if (!chain)
        return std::unexpected(chain.error());
    for (const Layer layer : (*chain)->layers() | std::views::keys)
        if (!check_fields(*change.chain, nullptr, layer))
            return false;
    Slots slots((*chain)->rules());
    if ((*chain)->former_rules() != nullptr || !slots.take(change.added))
        return false;
    xdpctl_overlay overlay = overlays.at(key);
    auto erasure = Erasure::open(directory, **chain, overlay, change.erased, slots, outline.rules_of(*change.chain));
    if (!erasure)
        return std::unexpected(std::move(erasure).error());
    if (!*erasure)
        return false;
    xdpctl_generation head = stored.head();
    ++head.number;
    head.last_handle = std::to_underlying(last_handle);

    const fs::path next = layout.next();
    const auto make = [&]() -> Status {
        XDPCTL_TRY(make_directory(next));
        const NewText text(stored.text(), outline.rules_of(*change.chain), overlay);
        XDPCTL_TRY(store_text(next, head, text.with(change)));
        XDPCTL_TRY(copy_pins(directory, next, [&](const fs::path& pin) { return is_replaced(directory, key, pin); }));
        overlay.front = static_cast<std::uint32_t>(change.front.size());
        overlay.behind = static_cast<std::uint32_t>(change.behind.size());
        overlay.erases = (*erasure)->slot ? 1 : 0;
        overlay.erased = std::to_underlying((*erasure)->slot.value_or(RuleSlot{}));
        XDPCTL_TRY(store_overlay(next, key, overlay));
        slots.write();
        const Parts parts(change, key, directory, next, (*chain)->rules(), slots);
        for (const Datapath& datapath : (*chain)->layers() | std::views::values)
            XDPCTL_TRY(parts.load(datapath));
        return publish(**chain, next);
    };
    if (Status made = make(); !made) {
        // Nothing of the outcome is worth a second error: the next writer settles again.
        (void)publish(**chain, directory);
        (void)remove_pins(next);
        return std::unexpected(std::move(made).error());
    }
    (*erasure)->run();
    XDPCTL_TRY(name_generation(layout, head.number));
    (void)remove_pins(directory);  // or the next writer does
    for (const ruleset::Rule& rule : change.removed)
        slots.retire(rule.handle);
    if (change.erased != nullptr)
        slots.retire(change.erased->handle);
    return true;
}

}  // namespace xdpctl::kernel
