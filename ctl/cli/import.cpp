// SPDX-License-Identifier: BSD-2-Clause
// import iptables, import ip6tables, import nft, import ipset: rulesets of other tools in xdpctl's dialect.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/text_file.h"
#include "import/ipset.h"
#include "import/iptables.h"
#include "import/nft.h"
#include "import/output.h"

namespace xdpctl::cli {

namespace {

using importing::Conversion;
using importing::LeftOut;

struct Options {
    std::string path;
    std::optional<std::string> chain;
    std::string sets;
    importing::Place place;
    bool check = false;
    bool partial = false;
};

std::string text(const LeftOut& left_out) {
    std::string out = fmt::format("line {}: {}\n  {}", left_out.line, left_out.text, left_out.reason.why);
    if (!left_out.reason.next.empty())
        out += fmt::format("; {}", left_out.reason.next);
    return out;
}

nlohmann::json json(const LeftOut& left_out) {
    return {{"line", left_out.line},
            {"text", left_out.text},
            {"reason", left_out.reason.why},
            {"next", left_out.reason.next}};
}

double coverage(const Conversion& conversion) {
    return conversion.total == 0 ? 1.0
                                 : static_cast<double>(conversion.converted) / static_cast<double>(conversion.total);
}

std::string summary(const Conversion& conversion) {
    return fmt::format("{} of {} converted ({:.1f} %)", conversion.converted, conversion.total,
                       100 * coverage(conversion));
}

// The ruleset, and beside it what is missing in it.
struct Imported {
    const Conversion& conversion;
};

std::string text(const Imported& imported) {
    return imported.conversion.ruleset;
}

nlohmann::json report(const Conversion& conversion) {
    nlohmann::json left_out = nlohmann::json::array();
    for (const LeftOut& entry : conversion.left_out)
        left_out.push_back(json(entry));
    return {{"total", conversion.total},
            {"converted", conversion.converted},
            {"coverage", coverage(conversion)},
            {"left_out", std::move(left_out)}};
}

nlohmann::json json(const Imported& imported) {
    nlohmann::json out = report(imported.conversion);
    out["ruleset"] = imported.conversion.ruleset;
    return {{"imported", std::move(out)}};
}

// The report alone.
struct Checked {
    const Conversion& conversion;
};

std::string text(const Checked& checked) {
    std::string out;
    for (const LeftOut& entry : checked.conversion.left_out)
        out += text(entry) + '\n';
    return out + summary(checked.conversion) + '\n';
}

nlohmann::json json(const Checked& checked) {
    return {{"imported", report(checked.conversion)}};
}

void show(Output& output, const Conversion& conversion, bool check) {
    if (check)
        return output.show(Checked{conversion});
    output.show(Imported{conversion});
    if (output.format() == Output::Format::Json || conversion.left_out.empty())
        return;
    for (const LeftOut& entry : conversion.left_out)
        output.warn(text(entry));
    output.warn(summary(conversion));
}

using Convert = std::function<Result<Conversion>(const std::string& source, const Options&)>;

Status import(Session& session, const Options& options, const Convert& convert) {
    const auto source = read_text_file(options.path, options.path == "-" ? "standard input" : options.path);
    if (!source)
        return std::unexpected(source.error());
    const auto conversion = convert(*source, options);
    if (!conversion)
        return std::unexpected(conversion.error());
    if (!options.check)
        XDPCTL_TRY(importing::check(*conversion));
    show(session.output, *conversion, options.check);
    if (options.partial || conversion->converted == conversion->total)
        return {};
    return fail(ErrorKind::Input,
                fmt::format("{} of {} are left out", conversion->total - conversion->converted, conversion->total),
                "they have no equal meaning here", "read why above; --partial accepts it");
}

Result<std::string> read_sets(const std::string& path) {
    return path.empty() ? Result<std::string>() : read_text_file(path, path);
}

Result<Conversion> import_iptables(const std::string& source, const Options& options, importing::Family family) {
    auto sets = read_sets(options.sets);
    if (!sets)
        return std::unexpected(std::move(sets).error());
    return importing::convert_iptables(
        source, {.family = family, .chain = options.chain, .sets = *std::move(sets), .place = options.place});
}

void add_source(CLI::App& parser, Options& options) {
    parser.add_option("FILE", options.path, "What to convert; - is standard input")->required()->type_name("");
    parser.add_flag("--check", options.check, "Only report what would be left out");
    parser.add_flag("--partial", options.partial, "End with exit code 0 though something is left out");
    parser.add_option("--table", options.place.table, "Table to make")->type_name("NAME")->capture_default_str();
}

void add_chain(CLI::App& parser, Options& options, const std::string& device_help) {
    parser.add_option("--chain", options.chain, "Chain to convert")->type_name("TABLE:CHAIN");
    parser.add_option("--to-chain", options.place.chain, "Chain to make")->type_name("NAME")->capture_default_str();
    parser.add_option("--device", options.place.devices, device_help)->type_name("IFACE");
}

Action act(std::shared_ptr<Options> options, Convert convert, bool needs_device) {
    return [options = std::move(options), convert = std::move(convert), needs_device](Session& session) -> Status {
        if (needs_device && options->place.devices.empty() && !options->check)
            return fail(ErrorKind::Usage, "no device is named for the chain", {},
                        "name it: --device eth0, or ask only for the report: --check");
        return import(session, *options, convert);
    };
}

Action declare_iptables(CLI::App& parser, importing::Family family) {
    auto options = std::make_shared<Options>();
    add_source(parser, *options);
    add_chain(parser, *options, "Interface the chain is on (repeatable)");
    parser.add_option("--sets", options->sets, "What 'ipset save' printed, for rules that match sets")
        ->type_name("FILE");
    return act(
        std::move(options),
        [family](const std::string& source, const Options& given) { return import_iptables(source, given, family); },
        true);
}

}  // namespace

Action declare_import_iptables(CLI::App& parser) {
    return declare_iptables(parser, importing::Family::Ipv4);
}

Action declare_import_ip6tables(CLI::App& parser) {
    return declare_iptables(parser, importing::Family::Ipv6);
}

Action declare_import_nft(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    add_source(parser, *options);
    add_chain(parser, *options, "Interface the chain is on (repeatable); as the chain has it when not given");
    return act(
        std::move(options),
        [](const std::string& source, const Options& given) {
            return importing::convert_nft(source, {.chain = given.chain, .place = given.place});
        },
        false);
}

Action declare_import_ipset(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    add_source(parser, *options);
    return act(
        std::move(options),
        [](const std::string& source, const Options& given) { return importing::convert_ipset(source, given.place); },
        false);
}

}  // namespace xdpctl::cli
