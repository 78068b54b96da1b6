// SPDX-License-Identifier: BSD-2-Clause
#include "exporter/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <limits>

#include "lang/parse.h"
#include "stats/names.h"

namespace xdpctl::exporter {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Interfaces, verdicts and reasons that once counted and are not there any more. Names of interfaces can be new ones
// for ever, as those of containers are.
constexpr std::size_t device_totals_max = 16384;

using Labels = std::initializer_list<std::pair<const char*, std::string_view>>;

ClientMetric metric(Labels labels) {
    ClientMetric out;
    for (const auto& [name, value] : labels)
        out.label.push_back({name, label_value(value)});
    return out;
}

ClientMetric counter(Labels labels, std::uint64_t value) {
    ClientMetric out = metric(labels);
    out.counter.value = static_cast<double>(value);
    return out;
}

ClientMetric gauge(Labels labels, double value) {
    ClientMetric out = metric(labels);
    out.gauge.value = value;
    return out;
}

// `unit` is what 1 of its numbers is.
ClientMetric histogram(Labels labels, const stats::Histogram& numbers, double unit) {
    ClientMetric out = metric(labels);
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < numbers.buckets.size(); ++bucket) {
        count += numbers.buckets[bucket];
        const bool is_last = bucket + 1 == numbers.buckets.size();
        const auto highest = static_cast<double>((std::uint64_t{2} << bucket) - 1);
        out.histogram.bucket.push_back({count, is_last ? std::numeric_limits<double>::infinity() : highest * unit});
    }
    out.histogram.sample_count = count;
    out.histogram.sample_sum = static_cast<double>(numbers.sum) * unit;
    return out;
}

// Packets and bytes of the same things.
struct CountFamilies {
    MetricFamily packets;
    MetricFamily bytes;

    CountFamilies(const std::string& name, const std::string& what)
        : packets{name + "_packets_total", "Packets " + what, MetricType::Counter, {}},
          bytes{name + "_bytes_total", "Bytes of packets " + what, MetricType::Counter, {}} {}

    void add(Labels labels, const Count& count) {
        packets.metric.push_back(counter(labels, count.packets));
        bytes.metric.push_back(counter(labels, count.bytes));
    }
};

// Calls `action` with every rule that counts, and its count.
void for_each_count(const Sample& sample, const auto& action) {
    for (const ruleset::Table& table : sample.outline->ruleset.tables)
        for (const ruleset::Chain& chain : table.chains) {
            const auto counts = sample.rule_counts.find(chain.handle);
            if (counts == sample.rule_counts.end())
                continue;
            auto count = counts->second.begin();
            for (const lang::RuleLine& rule : sample.outline->rules_of(chain))
                if (const std::optional<Count>& counted = *count++)
                    action(table, chain, rule, *counted);
        }
}

std::string comment_of(const lang::RuleLine& rule) {
    const auto parsed = lang::parse_rule(rule.text, "<stored rule>");
    return parsed ? parsed->comment : std::string();
}

MetricFamily attached_interfaces(const Sample& sample) {
    MetricFamily family{
        "xdpctl_interface_attached", "Whether the filter runs on an interface of the ruleset", MetricType::Gauge, {}};
    for (const kernel::DeviceStatus& device : sample.devices) {
        const bool active = device.presence == kernel::Presence::Active;
        family.metric.push_back(gauge({{"table", device.chain_table},
                                       {"chain", device.chain},
                                       {"hook", stats::name(device.hook)},
                                       {"interface", device.name},
                                       {"mode", active ? stats::name(device.attachment.mode) : "none"}},
                                      active ? 1 : 0));
    }
    return family;
}

MetricFamily rules_of_chains(const lang::Outline& outline) {
    MetricFamily family{"xdpctl_chain_rules", "Rules of a chain, counting or not", MetricType::Gauge, {}};
    for (const ruleset::Table& table : outline.ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            family.metric.push_back(gauge({{"table", table.name}, {"chain", chain.name}},
                                          static_cast<double>(outline.rules_of(chain).size())));
    return family;
}

// Length of the UTF-8 character that the text begins with; 0 when it begins with none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto continues = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i)
            if ((byte(i) & 0xc0) != 0x80)
                return false;
        return true;
    };
    const unsigned first = byte(0);
    const unsigned second = byte(1);
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return continues(1, 2) ? 2 : 0;
    if (first >= 0xe0 && first < 0xf0) {
        const bool overlong = first == 0xe0 && second < 0xa0;
        const bool surrogate = first == 0xed && second >= 0xa0;
        return !overlong && !surrogate && continues(1, 3) ? 3 : 0;
    }
    if (first >= 0xf0 && first < 0xf5) {
        const bool overlong = first == 0xf0 && second < 0x90;
        const bool too_large = first == 0xf4 && second >= 0x90;
        return !overlong && !too_large && continues(1, 4) ? 4 : 0;
    }
    return 0;
}

}  // namespace

MetricFamily packet_sizes(const std::vector<stats::PacketSizes>& sizes) {
    MetricFamily family{"xdpctl_packet_size_bytes", "Lengths of judged frames", MetricType::Histogram, {}};
    for (const stats::PacketSizes& one : sizes)
        family.metric.push_back(histogram({{"table", one.table},
                                           {"chain", one.chain},
                                           {"hook", stats::name(one.hook)},
                                           {"interface", one.device},
                                           {"verdict", stats::name(one.verdict)}},
                                          one.bytes, 1));
    return family;
}

MetricFamily stage_times(const std::vector<stats::StageTimes>& times) {
    constexpr double seconds = 1e-9;
    MetricFamily family{
        "xdpctl_stage_duration_seconds", "Time that a stage takes for a packet", MetricType::Histogram, {}};
    for (const stats::StageTimes& one : times)
        family.metric.push_back(histogram({{"table", one.table},
                                           {"chain", one.chain},
                                           {"hook", stats::name(one.hook)},
                                           {"interface", one.device},
                                           {"stage", stats::name(one.stage)}},
                                          one.nanoseconds, seconds));
    return family;
}

std::string label_value(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

void Metrics::add_devices(const Sample& sample) {
    for (const kernel::DeviceCount& counted : sample.device_counts)
        devices_.add(
            {counted.chain_table, counted.chain, counted.hook, counted.device, counted.verdict, counted.reason},
            counted.count);
    devices_.end_round(device_totals_max);
}

// Rules that have series keep them; the others follow in the order of the ruleset's handles.
void Metrics::admit(const std::set<Handle>& counting) {
    std::erase_if(admitted_, [&](Handle handle) { return !counting.contains(handle); });
    for (const Handle handle : counting) {
        if (admitted_.size() >= rules_max_)
            break;
        admitted_.insert(handle);
    }
    left_out_ = counting.size() - admitted_.size();
}

void Metrics::add_rules(const Sample& sample) {
    std::set<Handle> counting;
    for_each_count(sample, [&](const ruleset::Table& table, const ruleset::Chain& chain, const lang::RuleLine& rule,
                               const Count& count) {
        counting.insert(rule.handle);
        chains_[{table.name, chain.name}] += rules_.add(rule.handle, count);
    });
    rules_.end_round(0);
    admit(counting);
}

std::vector<MetricFamily> Metrics::update(const Sample& sample) {
    add_devices(sample);
    add_rules(sample);

    CountFamilies judged("xdpctl", "judged on an interface");
    devices_.for_each([&](const DeviceKey& key, const Count& count) {
        const auto& [table, chain, hook, interface, verdict, reason] = key;
        judged.add({{"table", table},
                    {"chain", chain},
                    {"hook", stats::name(hook)},
                    {"interface", interface},
                    {"verdict", stats::name(verdict)},
                    {"reason", stats::name(reason)}},
                   count);
    });

    std::map<Handle, Count> totals;
    rules_.for_each([&](Handle handle, const Count& count) { totals.emplace(handle, count); });
    CountFamilies rules("xdpctl_rule", "that a rule has counted");
    for_each_count(sample, [&](const ruleset::Table& table, const ruleset::Chain& chain, const lang::RuleLine& rule,
                               const Count&) {
        if (admitted_.contains(rule.handle))
            rules.add({{"table", table.name},
                       {"chain", chain.name},
                       {"handle", fmt::to_string(std::to_underlying(rule.handle))},
                       {"comment", comment_of(rule)}},
                      totals[rule.handle]);
    });

    CountFamilies chains("xdpctl_chain_rules", "that all rules of a chain have counted, deleted ones too");
    for (const auto& [key, count] : chains_)
        chains.add({{"table", key.first}, {"chain", key.second}}, count);

    std::vector<MetricFamily> families;
    for (CountFamilies* both : {&judged, &rules, &chains}) {
        families.push_back(std::move(both->packets));
        families.push_back(std::move(both->bytes));
    }
    families.push_back(attached_interfaces(sample));
    families.push_back(rules_of_chains(*sample.outline));
    families.push_back({"xdpctl_rules_without_series",
                        "Counting rules beyond the limit of rules with series of their own",
                        MetricType::Gauge,
                        {gauge({}, static_cast<double>(left_out_))}});
    families.push_back({"xdpctl_ruleset_generation",
                        "Number of the running ruleset, which every change increases",
                        MetricType::Gauge,
                        {gauge({}, static_cast<double>(sample.generation))}});
    return families;
}

}  // namespace xdpctl::exporter
