// SPDX-License-Identifier: BSD-2-Clause
#include "stats/render.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "stats/names.h"
#include "stats/table.h"

namespace xdpctl::stats {

namespace {

using Json = nlohmann::json;
using Align = Table::Align;

// The numbers of a measure as cells: rates only in a table that has columns for them.
void append_cells(std::vector<std::string>& row, const Measure& measure, bool with_rates) {
    row.push_back(fmt::to_string(measure.count.packets));
    row.push_back(fmt::to_string(measure.count.bytes));
    if (!with_rates)
        return;
    row.push_back(measure.rate ? fmt::format("{:.0f}", measure.rate->packets) : "-");
    row.push_back(measure.rate ? fmt::format("{:.0f}", measure.rate->bytes) : "-");
}

void append_columns(std::vector<Table::Column>& columns, bool with_rates) {
    columns.push_back({"PACKETS", Align::Right});
    columns.push_back({"BYTES", Align::Right});
    if (!with_rates)
        return;
    columns.push_back({"PACKETS/S", Align::Right});
    columns.push_back({"BYTES/S", Align::Right});
}

Table device_table(const Snapshot& snapshot) {
    const bool with_rates = snapshot.interval.has_value();
    std::vector<Table::Column> columns{{"INTERFACE"}, {"HOOK"}, {"VERDICT"}, {"REASON"}};
    append_columns(columns, with_rates);
    Table table(std::move(columns));
    const auto add = [&](std::string device, std::string_view hook, std::string_view verdict, std::string_view reason,
                         const Measure& measure) {
        std::vector<std::string> row{std::move(device), std::string(hook), std::string(verdict), std::string(reason)};
        append_cells(row, measure, with_rates);
        table.add(std::move(row));
    };
    for (const DeviceStats& device : snapshot.devices) {
        if (device.verdicts.empty())
            add(device.device, name(device.hook), "-", "-", {});
        for (const VerdictMeasure& m : device.verdicts)
            add(device.device, name(device.hook), name(m.verdict), name(m.reason), m.measure);
    }
    for (const xdpctl_verdict verdict : {XDPCTL_ACCEPT, XDPCTL_DROP})
        add("total", "", name(verdict), "", snapshot.total(verdict));
    return table;
}

Table rule_table(const Snapshot& snapshot) {
    const bool with_rates = snapshot.interval.has_value();
    std::vector<Table::Column> columns{{"HANDLE", Align::Right}, {"CHAIN"}};
    append_columns(columns, with_rates);
    columns.push_back({"RULE"});
    Table table(std::move(columns));
    for (const RuleStats& rule : snapshot.rules) {
        std::vector<std::string> row{fmt::to_string(std::to_underlying(rule.handle)), rule.table + ' ' + rule.chain};
        append_cells(row, rule.measure, with_rates);
        row.push_back(rule.text);
        table.add(std::move(row));
    }
    return table;
}

void append_measure(Json& object, const Measure& measure) {
    object["packets"] = measure.count.packets;
    object["bytes"] = measure.count.bytes;
    if (measure.rate) {
        object["packets_per_second"] = measure.rate->packets;
        object["bytes_per_second"] = measure.rate->bytes;
    }
}

std::string local_time(std::uint64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    if (localtime_r(&time, &parts) == nullptr)
        return "-";
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", parts);
}

std::string state_of(const kernel::DeviceStatus& device) {
    return device.presence ? std::string(name(*device.presence)) : "not-attached";
}

// The name in the ruleset, and the one it has now when it was renamed.
std::string display_name(const kernel::DeviceStatus& device) {
    if (device.current_name.empty() || device.current_name == device.name)
        return device.name;
    return fmt::format("{} (now {})", device.name, device.current_name);
}

Table status_table(const std::vector<kernel::DeviceStatus>& devices) {
    Table table({{"INTERFACE"},
                 {"HOOK"},
                 {"STATE"},
                 {"MODE"},
                 {"ATTACHMENT"},
                 {"PROGRAM", Align::Right},
                 {"SINCE"},
                 {"CHAIN"}});
    for (const kernel::DeviceStatus& device : devices) {
        const bool attached = device.presence.has_value();
        table.add({display_name(device), std::string(name(device.hook)), state_of(device),
                   attached ? std::string(name(device.attachment.mode)) : "-",
                   attached ? std::string(name(device.attachment.kind)) : "-",
                   attached ? fmt::to_string(device.attachment.program_id) : "-",
                   attached ? local_time(device.attached_at) : "-", device.chain_table + ' ' + device.chain});
    }
    return table;
}

Table chain_table(const lang::Outline& outline) {
    Table table({{"CHAIN"}, {"HOOK"}, {"POLICY"}, {"RULES", Align::Right}, {"DEVICES", Align::Right}});
    for (const ruleset::Table& owner : outline.ruleset.tables)
        for (const ruleset::Chain& chain : owner.chains)
            table.add({owner.name + ' ' + chain.name, chain.is_base ? std::string(name(chain.hook)) : "-",
                       chain.is_base ? std::string(name(chain.policy)) : "-",
                       fmt::to_string(outline.rules_of(chain).size()), fmt::to_string(chain.devices.size())});
    return table;
}

}  // namespace

std::string text(const Snapshot& snapshot) {
    std::string out = device_table(snapshot).text();
    if (const Table rules = rule_table(snapshot); !rules.empty())
        out += '\n' + rules.text();
    return out;
}

nlohmann::json json(const Snapshot& snapshot) {
    const std::chrono::duration<double> time = snapshot.time.time_since_epoch();
    Json out{{"time", time.count()}, {"devices", Json::array()}, {"rules", Json::array()}, {"total", Json::object()}};
    if (snapshot.interval)
        out["interval"] = snapshot.interval->count();
    for (const DeviceStats& device : snapshot.devices) {
        Json counts = Json::array();
        for (const VerdictMeasure& m : device.verdicts) {
            Json count{{"verdict", name(m.verdict)}, {"reason", name(m.reason)}};
            append_measure(count, m.measure);
            counts.push_back(std::move(count));
        }
        out["devices"].push_back({{"interface", device.device},
                                  {"hook", name(device.hook)},
                                  {"table", device.table},
                                  {"chain", device.chain},
                                  {"counts", std::move(counts)}});
    }
    for (const RuleStats& rule : snapshot.rules) {
        Json object{{"table", rule.table},
                    {"chain", rule.chain},
                    {"handle", std::to_underlying(rule.handle)},
                    {"rule", rule.text}};
        append_measure(object, rule.measure);
        out["rules"].push_back(std::move(object));
    }
    for (const xdpctl_verdict verdict : {XDPCTL_ACCEPT, XDPCTL_DROP})
        append_measure(out["total"][std::string(name(verdict))], snapshot.total(verdict));
    return out;
}

std::string text(const Overview& overview) {
    if (overview.outline->ruleset.tables.empty())
        return "nothing is attached: start with 'xdpctl attach IFACE'\n";
    std::string out;
    if (const Table devices = status_table(overview.devices); !devices.empty())
        out += devices.text() + '\n';
    out += chain_table(*overview.outline).text();
    return out;
}

nlohmann::json json(const Overview& overview) {
    Json out{{"generation", overview.generation}, {"devices", Json::array()}, {"chains", Json::array()}};
    for (const kernel::DeviceStatus& device : overview.devices)
        out["devices"].push_back(json(device));
    for (const ruleset::Table& table : overview.outline->ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            out["chains"].push_back({{"table", table.name},
                                     {"chain", chain.name},
                                     {"hook", chain.is_base ? Json(name(chain.hook)) : Json()},
                                     {"policy", chain.is_base ? Json(name(chain.policy)) : Json()},
                                     {"rules", overview.outline->rules_of(chain).size()},
                                     {"devices", chain.devices}});
    return out;
}

std::string text(const kernel::DeviceStatus& device) {
    const std::string place =
        fmt::format("{}: {}, chain {} {}", display_name(device), name(device.hook), device.chain_table, device.chain);
    if (!device.presence)
        return place + ", not-attached";
    return fmt::format("{}, mode {} ({}), program {}, {}", place, name(device.attachment.mode),
                       name(device.attachment.kind), device.attachment.program_id, name(*device.presence));
}

nlohmann::json json(const kernel::DeviceStatus& device) {
    Json out{{"interface", device.name},
             {"hook", name(device.hook)},
             {"table", device.chain_table},
             {"chain", device.chain},
             {"state", state_of(device)}};
    if (!device.current_name.empty())
        out["current_name"] = device.current_name;
    if (device.presence) {
        out["ifindex"] = std::to_underlying(device.ifindex);
        out["mode"] = name(device.attachment.mode);
        out["attachment"] = name(device.attachment.kind);
        out["program_id"] = device.attachment.program_id;
        out["attached_at"] = device.attached_at;
    }
    return out;
}

}  // namespace xdpctl::stats
