// SPDX-License-Identifier: BSD-2-Clause
#include "import/output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lang/parse.h"
#include "ruleset/check.h"

namespace xdpctl::importing {

namespace {

std::string one_line(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    return out;
}

std::string device_clause(const std::vector<std::string>& devices) {
    if (devices.size() == 1)
        return fmt::format("device \"{}\"", devices.front());
    return fmt::format("devices = {{ \"{}\" }}", fmt::join(devices, "\", \""));
}

void print_chain(std::string& out, const ChainText& chain, std::string_view type) {
    out += fmt::format("\tchain {} {{\n{}", chain.name, type);
    for (const std::string& line : chain.lines)
        out += fmt::format("\t\t{}\n", line);
    out += "\t}\n";
}

}  // namespace

std::string leave_out(Conversion& conversion, std::size_t line, std::string_view text, Reason reason) {
    std::string out = fmt::format("# line {} is left out: {}: {}", line, one_line(text), one_line(reason.why));
    conversion.left_out.push_back({line, std::string(text), std::move(reason)});
    return out;
}

std::string print(const TableText& table, const Place& place) {
    std::string out;
    for (const std::string& line : table.preamble)
        out += line + '\n';
    out += fmt::format("table netdev {} {{\n", place.table);
    for (const std::string& set : table.sets)
        out += set;
    for (const ChainText& chain : table.chains)
        print_chain(out, chain, "");
    if (table.base)
        print_chain(out, *table.base,
                    fmt::format("\t\ttype filter hook ingress {} priority filter; policy accept;\n",
                                device_clause(place.devices)));
    return out + "}\n";
}

Reason reason_of(const Error& error) {
    const std::string_view line = std::string_view(error.what).substr(0, error.what.find('\n'));
    const std::size_t message = line.find("error: ");
    return {std::string(message == std::string_view::npos ? line : line.substr(message + 7)), error.next};
}

std::string comment_statement(std::string_view text) {
    if (text.empty() || ruleset::comment_fault(text))
        return {};
    return fmt::format(" comment \"{}\"", text);
}

Status check(const Conversion& conversion) {
    const auto ruleset = lang::parse_ruleset(conversion.ruleset, "converted");
    if (ruleset)
        return {};
    return fail(ErrorKind::Failed, "cannot convert: the result is not a valid ruleset", ruleset.error().text(),
                "take the part that is named out of the source");
}

}  // namespace xdpctl::importing
