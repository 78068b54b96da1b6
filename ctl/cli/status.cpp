// SPDX-License-Identifier: BSD-2-Clause
#include <CLI/CLI.hpp>

#include "cli/change.h"
#include "cli/command.h"
#include "stats/render.h"

namespace xdpctl::cli {

namespace {

Status status(Session& session) {
    const auto reader = open_for_counting();
    if (!reader)
        return std::unexpected(reader.error());
    auto devices = reader->devices();
    if (!devices)
        return std::unexpected(std::move(devices).error());
    session.output.show(stats::Overview{reader->generation(), std::move(*devices), &reader->outline()});
    return {};
}

}  // namespace

Action declare_status(CLI::App&) {
    return status;
}

}  // namespace xdpctl::cli
