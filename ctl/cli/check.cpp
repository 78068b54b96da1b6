// SPDX-License-Identifier: BSD-2-Clause
// check: everything about a ruleset file that can be known without the kernel.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/file_options.h"
#include "cli/ruleset_file.h"
#include "ruleset/idle.h"

namespace xdpctl::cli {

namespace {

struct Checked {
    Extent extent;
    std::size_t bytes = 0;
};

std::string text(const Checked& checked) {
    return fmt::format("ok: {}, {} bytes compiled\n", text(checked.extent), checked.bytes);
}

nlohmann::json json(const Checked& checked) {
    nlohmann::json out = json(checked.extent);
    out["bytes"] = checked.bytes;
    return {{"checked", std::move(out)}};
}

Status check(Session& session, const FileOptions& options) {
    const auto ruleset = read_ruleset_file(options.path, options.devices);
    if (!ruleset)
        return std::unexpected(ruleset.error());
    const auto bytes = compiled_size(*ruleset);
    if (!bytes)
        return std::unexpected(bytes.error());
    session.output.warn(ruleset::idle_parts(*ruleset));
    session.output.confirm(Checked{extent(*ruleset), *bytes});
    return {};
}

}  // namespace

Action declare_check(CLI::App& parser) {
    auto options = std::make_shared<FileOptions>();
    add_file_options(parser, *options);
    return [options](Session& session) { return check(session, *options); };
}

}  // namespace xdpctl::cli
