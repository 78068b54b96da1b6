// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace xdpctl::doctor {

namespace {

constexpr std::size_t check_column = 10;  // two spaces, then the longest name of a severity
constexpr std::size_t text_column = check_column + 15;
constexpr std::size_t line_end = 100;

// Breaks lines between words, the first one beginning at the column, the others under it.
std::string wrapped(std::string_view text, std::size_t column) {
    std::string out;
    std::size_t at = column;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
        const bool line_is_full = at > column && at + 1 + end > line_end;
        if (line_is_full) {
            out += '\n' + std::string(column, ' ');
            at = column;
        } else if (at > column) {
            out += ' ';
            ++at;
        }
        out += text.substr(0, end);
        at += end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

void append(std::string& out, const Finding& finding) {
    out += fmt::format("  {:<{}}{:<{}}{}\n", name(finding.severity), check_column - 2, finding.check,
                       text_column - check_column, wrapped(finding.what, text_column));
    if (!finding.meaning.empty())
        out += fmt::format("{:{}}{}\n", "", text_column, wrapped(finding.meaning, text_column));
    if (!finding.fix.empty())
        out += fmt::format("{:{}}fix: {}\n", "", text_column, wrapped(finding.fix, text_column + 5));
}

std::string counted(std::size_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace

std::string_view name(Severity severity) {
    switch (severity) {
    case Severity::Ok:
        return "ok";
    case Severity::Note:
        return "note";
    case Severity::Warning:
        return "warning";
    case Severity::Problem:
        return "problem";
    }
    return "unknown";
}

std::string text(const Report& report, bool everything) {
    std::string out;
    for (const Section& section : report.sections) {
        std::string lines;
        for (const Finding& finding : section.findings)
            if (everything || finding.severity != Severity::Ok)
                append(lines, finding);
        if (!lines.empty())
            out += section.subject + '\n' + lines + '\n';
    }
    return out + fmt::format("{}, {}\n", counted(report.count(Severity::Problem), "problem"),
                             counted(report.count(Severity::Warning), "warning"));
}

nlohmann::json json(const Report& report) {
    nlohmann::json findings = nlohmann::json::array();
    for (const Section& section : report.sections) {
        for (const Finding& finding : section.findings) {
            nlohmann::json object{{"subject", section.subject},
                                  {"severity", name(finding.severity)},
                                  {"check", finding.check},
                                  {"what", finding.what}};
            if (!finding.meaning.empty())
                object["meaning"] = finding.meaning;
            if (!finding.fix.empty())
                object["fix"] = finding.fix;
            findings.push_back(std::move(object));
        }
    }
    return {{"findings", std::move(findings)},
            {"summary",
             {{"problems", report.count(Severity::Problem)},
              {"warnings", report.count(Severity::Warning)},
              {"notes", report.count(Severity::Note)},
              {"ok", report.count(Severity::Ok)}}}};
}

}  // namespace xdpctl::doctor
