// SPDX-License-Identifier: BSD-2-Clause
#include "compile/tuple_tree/tables.h"

#include <algorithm>
#include <bit>
#include <span>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "compile/tuple_tree/partition.h"
#include "compile/tuple_tree/prune.h"

namespace xdpctl::compile::tuple_tree {

namespace {

template <std::size_t Words>
using Record = std::conditional_t<Words == 1, xdpctl_tuple_record4, xdpctl_tuple_record6>;

std::uint64_t make_condition(unsigned source_shift, unsigned destination_shift, std::uint32_t value,
                             std::uint32_t mask) {
    return source_shift | destination_shift << 8 | std::uint64_t{value} << 16 |
           std::uint64_t{mask} << (16 + XDPCTL_TUPLE_BITS);
}

// Whether evaluation may go on behind the step.
bool can_resume(std::uint32_t action) {
    return (action & (XDPCTL_TUPLE_FINAL | XDPCTL_TUPLE_LIMIT)) != XDPCTL_TUPLE_FINAL;
}

template <std::size_t Words>
std::uint64_t make_ports(const Candidate<Words>& box) {
    return std::uint64_t{box.sport_first} | std::uint64_t{box.sport_last} << 16 | std::uint64_t{box.dport_first} << 32 |
           std::uint64_t{box.dport_last} << 48;
}

xdpctl_tuple_record4 make_record(const Candidate<1>& box) {
    const unsigned source_shift = box.source.length == 0 ? 63U : 63U - box.source.length;
    return {.addresses = std::uint64_t{box.source.words[0]} << 32 | box.destination.words[0],
            .ports = make_ports(box),
            .condition = make_condition(source_shift, 32U - box.destination.length, box.value, box.mask),
            .order = box.order,
            .action = box.action};
}

xdpctl_tuple_record6 make_record(const Candidate<4>& box) {
    return {.source = {address_half(box.source, 0), address_half(box.source, 1)},
            .destination = {address_half(box.destination, 0), address_half(box.destination, 1)},
            .ports = make_ports(box),
            .condition = make_condition(box.source.length, box.destination.length, box.value, box.mask),
            .order = box.order,
            .action = box.action,
            .reserved = 0};
}

// Space that packets of a bucket lie in: what the mask fixes of any of its candidates.
template <std::size_t Words>
Region<Words> region_of(const Mask& mask, const Candidate<Words>& box) {
    Region<Words> region = whole_space<Words>();
    const Prefix<Words> source = truncated(box.source, mask.source);
    const Prefix<Words> destination = truncated(box.destination, mask.destination);
    for (std::size_t word = 0; word < Words; ++word) {
        region[word] = source.word(word);
        region[Words + word] = destination.word(word);
    }
    if (mask.sport)
        region[2 * Words + XDPCTL_TUPLE_SPORT] = {box.sport_first, box.sport_first};
    if (mask.dport)
        region[2 * Words + XDPCTL_TUPLE_DPORT] = {box.dport_first, box.dport_first};
    if (mask.proto)
        region[2 * Words + XDPCTL_TUPLE_PROTO] = {box.value & 0xff, box.value & 0xff};
    return region;
}

template <std::size_t Words>
class FamilyBuilder {
public:
    FamilyBuilder(std::span<const Candidate<Words>> boxes, std::span<const Hints> hints, Tables& tables,
                  std::vector<Record<Words>>& records, const SplitLimits& limits)
        : boxes_(boxes), hints_(hints), tables_(tables), records_(records), limits_(limits) {}

    void add_table(const Group& group, Table<Words>& table) {
        worst_visits_ = 0;
        most_resumes_ = 0;
        table = make_table<Words>(group.mask);
        table.lowest = boxes_[group.members.front()].order;
        const std::vector<Entry> entries = hash(group, table);
        std::size_t keys = 0;
        for (std::size_t entry = 0; entry < entries.size(); ++entry)
            keys += static_cast<std::size_t>(entry == 0 || entries[entry].hash != entries[entry - 1].hash);
        const std::size_t slots = std::bit_ceil(2 * keys);
        table.shift = static_cast<std::uint32_t>(64 - std::countr_zero(slots));
        table.base = static_cast<std::uint32_t>(tables_.directory.size());
        tables_.directory.resize(table.base + slots, XDPCTL_TUPLE_EMPTY);

        std::span<const Entry> rest = entries;
        while (!rest.empty()) {
            const std::uint64_t slot = rest.front().hash >> table.shift;
            const auto end =
                std::ranges::find_if(rest, [&](const Entry& entry) { return entry.hash >> table.shift != slot; });
            const auto size = static_cast<std::size_t>(end - rest.begin());
            tables_.directory[table.base + slot] = add_bucket(group.mask, rest.first(size));
            rest = rest.subspan(size);
        }
        worst_steps_ += 1 + worst_visits_;
        resumes_ += most_resumes_;
    }

    // Behind the last table. A rule's records know it of all of them.
    void mark_hiding() {
        for (Record<Words>& record : records_)
            if (hiding_.contains(record.action & XDPCTL_TUPLE_SLOT))
                record.action |= XDPCTL_TUPLE_HIDES;
    }

    // Steps of a packet that visits the worst bucket of every table, and how often it can resume.
    [[nodiscard]] std::uint64_t worst_steps() const { return worst_steps_ * (resumes_ + 1); }

private:
    struct Entry {
        std::uint64_t hash;
        std::uint32_t box;
        auto operator<=>(const Entry&) const = default;
    };

    // What HyperSplit tells.
    struct Emit {
        FamilyBuilder& builder;
        std::uint32_t node(std::size_t dimension, std::uint32_t threshold) {
            builder.tables_.nodes.push_back({threshold, static_cast<std::uint32_t>(dimension), 0, 0});
            return static_cast<std::uint32_t>(builder.tables_.nodes.size() - 1);
        }
        void children(std::uint32_t node, std::uint32_t left, std::uint32_t right) {
            builder.tables_.nodes[node].left = left;
            builder.tables_.nodes[node].right = right;
        }
        std::uint32_t leaf(std::span<const std::uint32_t> boxes) { return builder.add_list(boxes) | XDPCTL_TUPLE_LIST; }
    };

    [[nodiscard]] std::vector<Entry> hash(const Group& group, const Table<Words>& table) const {
        std::vector<Entry> entries;
        entries.reserve(group.members.size());
        for (const std::uint32_t box : group.members)
            entries.push_back({masked_hash(boxes_[box], table), box});
        std::ranges::sort(entries);
        return entries;
    }

    std::uint32_t add_bucket(const Mask& mask, std::span<const Entry> entries) {
        const bool one_key = !mask.none() && entries.front().hash == entries.back().hash;
        const std::uint32_t fingerprint = one_key ? xdpctl_tuple_fingerprint(entries.front().hash) : 0;
        std::vector<std::uint32_t> boxes;
        boxes.reserve(entries.size());
        for (const Entry& entry : entries)
            boxes.push_back(entry.box);
        std::ranges::sort(boxes);
        if (boxes.size() <= limits_.leaf)
            return add_list(boxes) << XDPCTL_TUPLE_INDEX_SHIFT | fingerprint;

        auto region = region_of(mask, boxes_[boxes.front()]);
        if (!std::ranges::all_of(boxes, [&](std::uint32_t box) { return region_of(mask, boxes_[box]) == region; }))
            region = whole_space<Words>();  // several keys share the slot
        Emit emit{*this};
        HyperSplit<Words, Emit> tree(boxes_, hints_, limits_, emit);
        const std::uint32_t root = tree.build(std::move(boxes), region);
        for (const std::uint32_t box : tree.hiding())
            hiding_.insert(boxes_[box].action & XDPCTL_TUPLE_SLOT);
        tables_.report.depth = std::max(tables_.report.depth, tree.depth());
        worst_visits_ = std::max<std::uint64_t>(worst_visits_, tree.depth() + tree.longest_leaf());
        if ((root & XDPCTL_TUPLE_LIST) != 0)
            return (root & ~XDPCTL_TUPLE_LIST) << XDPCTL_TUPLE_INDEX_SHIFT | fingerprint;
        return root << XDPCTL_TUPLE_INDEX_SHIFT | XDPCTL_TUPLE_TREE | fingerprint;
    }

    // Index of the list's first record; 0 for an empty list.
    std::uint32_t add_list(std::span<const std::uint32_t> boxes) {
        if (boxes.empty())
            return 0;
        const auto first = static_cast<std::uint32_t>(records_.size());
        std::uint64_t resumes = 0;
        for (const std::uint32_t box : boxes) {
            records_.push_back(make_record(boxes_[box]));
            resumes += static_cast<std::uint64_t>(can_resume(boxes_[box].action));
        }
        records_.back().action |= XDPCTL_TUPLE_LAST;
        tables_.report.longest_list = std::max(tables_.report.longest_list, boxes.size());
        worst_visits_ = std::max<std::uint64_t>(worst_visits_, boxes.size());
        most_resumes_ = std::max(most_resumes_, resumes);
        return first;
    }

    std::span<const Candidate<Words>> boxes_;
    std::span<const Hints> hints_;
    Tables& tables_;
    std::vector<Record<Words>>& records_;
    SplitLimits limits_;
    std::unordered_set<std::uint32_t> hiding_;           // slots of rules
    std::uint64_t worst_visits_ = 0, most_resumes_ = 0;  // in a bucket of the current table
    std::uint64_t worst_steps_ = 0, resumes_ = 0;
};

class ProgressCount {
public:
    ProgressCount(const Progress& progress, std::size_t total) : progress_(progress), total_(total) {}
    void add(std::size_t done) {
        done_ += done;
        if (progress_)
            progress_(done_, total_);
    }

private:
    const Progress& progress_;
    std::size_t done_ = 0, total_;
};

// Tables of one address family; returns the steps that a packet of it may need.
template <std::size_t Words, typename Index>
std::uint64_t build_family(const Candidates& candidates, const std::vector<Candidate<Words>>& boxes, Index& index,
                           std::vector<Record<Words>>& records, Tables& tables, Windows& windows, unsigned& table_count,
                           const SplitLimits& limits, ProgressCount& progress) {
    records.push_back({});  // index 0 means none
    if (boxes.empty())
        return 0;
    const std::vector<Group> groups = partition<Words>(boxes);
    windows = fill_prune<Words>(boxes, groups, index.prune);
    FamilyBuilder<Words> builder(boxes, candidates.hints, tables, records, limits);
    for (std::size_t table = 0; table < groups.size(); ++table) {
        builder.add_table(groups[table], index.tables[table]);
        progress.add(groups[table].members.size());
    }
    builder.mark_hiding();
    records.push_back({});  // programs read them in pairs
    table_count = static_cast<unsigned>(groups.size());
    return builder.worst_steps();
}

void fill_prefix_masks(xdpctl_tuple_index6& index) {
    for (unsigned length = 0; length <= 128; ++length) {
        index.prefix_masks[length][0] = prefix_mask(length, 0);
        index.prefix_masks[length][1] = prefix_mask(length, 64);
    }
}

// Gives an array its place behind those before it.
template <typename T>
xdpctl_tuple_array place(std::span<const T> array, std::size_t& end) {
    const std::size_t offset = end;
    end += (array.size_bytes() + XDPCTL_TUPLE_ALIGNMENT - 1) / XDPCTL_TUPLE_ALIGNMENT * XDPCTL_TUPLE_ALIGNMENT;
    return {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(array.size())};
}

// Returns the size of all. Of a family that no rule can match nothing is placed.
std::size_t place_arrays(Tables& tables) {
    xdpctl_tuple_config& config = tables.config;
    const auto present = [](const auto& index, const auto& records) {
        return std::span(&index, records.size() > 1 ? std::size_t{1} : std::size_t{0});
    };
    const auto used = [](const auto& records) {
        return std::span(records).first(records.size() > 1 ? records.size() : 0);
    };
    std::size_t end = 0;
    config.index4 = place(present(tables.index4, tables.records4), end);
    config.index6 = place(present(tables.index6, tables.records6), end);
    config.directory = place(std::span(std::as_const(tables.directory)), end);
    config.nodes = place(std::span(std::as_const(tables.nodes)), end);
    config.records4 = place(used(std::as_const(tables.records4)), end);
    config.records6 = place(used(std::as_const(tables.records6)), end);
    config.residual_of = place(std::span(std::as_const(tables.residual_of)), end);
    config.residuals = place(std::span(std::as_const(tables.residuals)), end);
    config.intervals = place(std::span(std::as_const(tables.intervals)), end);
    config.resume_at = place(std::span(std::as_const(tables.resume_at)), end);
    config.limits = place(std::span(std::as_const(tables.limits)), end);
    return end;
}

// Of loops with bounds: when there is no other way, and when they are the faster one but the verifier takes longer.
constexpr std::uint64_t rounds_most = 1'500;
constexpr std::uint64_t rounds_few = 300;

xdpctl_tuple_rounds rounds(const Tables& tables) {
    std::uint32_t conditions = 0, lookups = 0, pieces = 0;  // of the step, and of the key
    std::uint32_t most_conditions = 0, most_lookups = 0, most_pieces = 0, most_intervals = 0;
    for (const xdpctl_residual& test : tables.residuals) {
        if (test.kind == XDPCTL_RESIDUAL_KEY) {
            ++lookups;
            pieces = 0;
        } else if (lookups != 0) {
            most_pieces = std::max(most_pieces, ++pieces);
        } else {
            ++conditions;
        }
        most_conditions = std::max(most_conditions, conditions);
        most_lookups = std::max(most_lookups, lookups);
        most_intervals = std::max(most_intervals, test.intervals);
        if (test.last != 0)
            conditions = lookups = 0;
    }
    return {.nodes = tables.report.depth,
            .record_pairs = static_cast<std::uint32_t>((tables.report.longest_list + 1) / 2),
            .residuals = most_conditions + (most_lookups != 0 ? 1 : 0),
            .intervals = static_cast<std::uint32_t>(std::bit_width(most_intervals)) + 1,
            .lookups = most_lookups,
            .pieces = most_pieces};
}

// What a verifier that follows loops has to look at: about a hundred instructions a round, of a million that it takes.
std::uint64_t rounds_to_follow(const Tables& tables) {
    const xdpctl_tuple_rounds& rounds = tables.config.rounds;
    return std::uint64_t{tables.report.tables4 + tables.report.tables6} * (rounds.nodes + 2 * rounds.record_pairs) +
           std::uint64_t{rounds.residuals} * (rounds.intervals + 1) + rounds.lookups + rounds.pieces;
}

bool can_be_bounded(const Tables& tables, Loops loops) {
    return tables.config.resumes == 0 &&
           rounds_to_follow(tables) <= (loops == Loops::Bounded ? rounds_most : rounds_few);
}

Status check_size(const ruleset::Chain& chain, const Tables& tables, std::uint64_t steps_max, Loops loops) {
    const auto refuse = [&](std::string cause) {
        return fail(ErrorKind::Limit,
                    fmt::format("cannot compile the {} rules of chain {}", chain.rules.size(), chain.name),
                    std::move(cause));
    };
    const std::size_t records = std::max(tables.records4.size(), tables.records6.size());
    if (records > XDPCTL_TUPLE_INDEX_MAX || tables.nodes.size() > XDPCTL_TUPLE_INDEX_MAX)
        return refuse(fmt::format("they need {} records and {} tree nodes in {} bytes, the limit is {} of each",
                                  records, tables.nodes.size(), tables.report.bytes, XDPCTL_TUPLE_INDEX_MAX));
    if (tables.report.worst_steps > steps_max)
        return refuse(
            fmt::format("one packet could need {} steps, the limit is {}: too many rules that cannot be told "
                        "apart or have no verdict",
                        tables.report.worst_steps, steps_max));
    if (loops != Loops::Bounded || tables.loops_bounded)
        return {};
    if (tables.config.resumes != 0)
        return refuse("some have no verdict or jump, which this kernel's loops do not allow for; Linux 6.9 does");
    return refuse(
        fmt::format("loops would have {} rounds together, which is more than this kernel's verifier follows "
                    "({}); Linux 6.9 need not follow them",
                    rounds_to_follow(tables), rounds_most));
}

}  // namespace

std::array<PlacedArray, 11> placed_arrays(const Tables& tables) {
    const auto placed = [](const xdpctl_tuple_array& place, const auto* first) {
        return PlacedArray{place.offset, std::as_bytes(std::span(first, place.size))};
    };
    const xdpctl_tuple_config& config = tables.config;
    return {placed(config.index4, &tables.index4),
            placed(config.index6, &tables.index6),
            placed(config.directory, tables.directory.data()),
            placed(config.nodes, tables.nodes.data()),
            placed(config.records4, tables.records4.data()),
            placed(config.records6, tables.records6.data()),
            placed(config.residual_of, tables.residual_of.data()),
            placed(config.residuals, tables.residuals.data()),
            placed(config.intervals, tables.intervals.data()),
            placed(config.resume_at, tables.resume_at.data()),
            placed(config.limits, tables.limits.data())};
}

Result<std::unique_ptr<Tables>> build(const ruleset::Chain& chain, const Placement& placement,
                                      const BuildOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    auto candidates = flatten(chain, placement, options.flatten);
    XDPCTL_TRY(candidates);
    auto tables = std::make_unique<Tables>();
    Report& report = tables->report;
    report.orders = candidates->orders;
    report.candidates = candidates->ipv4.size() + candidates->ipv6.size();
    ProgressCount progress(options.progress, report.candidates);

    SplitLimits split = options.split;
    split.drops_hidden = split.drops_hidden && candidates->resume_at.empty() && candidates->limits.empty();
    tables->nodes.push_back({});  // index 0 means none
    const std::uint64_t steps4 = build_family<1>(*candidates, candidates->ipv4, tables->index4, tables->records4,
                                                 *tables, tables->windows4, report.tables4, split, progress);
    const std::uint64_t steps6 = build_family<4>(*candidates, candidates->ipv6, tables->index6, tables->records6,
                                                 *tables, tables->windows6, report.tables6, split, progress);
    fill_prefix_masks(tables->index6);
    tables->residual_of = std::move(candidates->residual_of);
    tables->residuals = std::move(candidates->residuals);
    tables->intervals = std::move(candidates->intervals);
    tables->resume_at = std::move(candidates->resume_at);
    tables->limits = std::move(candidates->limits);
    tables->joints = std::move(candidates->joints);
    tables->config = {.policy = chain.policy == ruleset::Verdict::Drop ? 1U * XDPCTL_DROP : 1U * XDPCTL_ACCEPT,
                      .resumes = candidates->resumes,
                      .logs = candidates->logs,
                      .rule_slots = slots_used(placement.rule_slots),
                      .looks_up = candidates->looks_up,
                      .tables4 = report.tables4,
                      .tables6 = report.tables6,
                      .rounds = rounds(*tables),
                      .joints = static_cast<std::uint32_t>(tables->joints.size()),
                      .index4 = {},
                      .index6 = {},
                      .directory = {},
                      .nodes = {},
                      .records4 = {},
                      .records6 = {},
                      .residual_of = {},
                      .residuals = {},
                      .intervals = {},
                      .resume_at = {},
                      .limits = {}};

    report.records = tables->records4.size() + tables->records6.size() - 2;
    report.worst_steps = std::max(steps4, steps6);
    report.bytes = place_arrays(*tables);
    tables->loops_bounded = can_be_bounded(*tables, placement.loops);
    report.build_time = std::chrono::steady_clock::now() - start;
    XDPCTL_TRY(check_size(chain, *tables, options.steps_max, placement.loops));
    return tables;
}

}  // namespace xdpctl::compile::tuple_tree
