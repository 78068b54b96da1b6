// SPDX-License-Identifier: BSD-2-Clause
#include "doctor/finding.h"

#include <algorithm>
#include <utility>

namespace xdpctl::doctor {

void Section::ok(std::string check, std::string what) {
    findings.push_back({Severity::Ok, std::move(check), std::move(what), {}, {}});
}

void Section::add(Severity severity, std::string check, std::string what, std::string meaning, std::string fix) {
    findings.push_back({severity, std::move(check), std::move(what), std::move(meaning), std::move(fix)});
}

std::size_t Report::count(Severity severity) const {
    std::size_t number = 0;
    for (const Section& section : sections)
        number += static_cast<std::size_t>(std::ranges::count(section.findings, severity, &Finding::severity));
    return number;
}

}  // namespace xdpctl::doctor
