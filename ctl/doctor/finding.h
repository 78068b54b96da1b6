// SPDX-License-Identifier: BSD-2-Clause
// What an examination finds, before it is text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace xdpctl::doctor {

enum class Severity {
    Ok,       // as it should be
    Note,     // worth knowing; nothing is lost
    Warning,  // packets are judged slower than they could be, or not all that was meant
    Problem,  // filtering does not work here, or not as the ruleset says
};

struct Finding {
    Severity severity = Severity::Ok;
    std::string check;    // stable name: "mtu"
    std::string what;     // one line
    std::string meaning;  // what follows from it; empty when everything is fine
    std::string fix;      // a command where one helps; empty when nothing is to do
};

// Findings about one subject: "host", "state", or an interface.
struct Section {
    std::string subject;
    std::vector<Finding> findings;

    void ok(std::string check, std::string what);
    void add(Severity severity, std::string check, std::string what, std::string meaning, std::string fix = {});
};

struct Report {
    std::vector<Section> sections;

    [[nodiscard]] std::size_t count(Severity severity) const;
};

}  // namespace xdpctl::doctor
