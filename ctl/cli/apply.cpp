// SPDX-License-Identifier: BSD-2-Clause
// apply: a file becomes the running ruleset, whole or not at all. What it keeps of the running one keeps its counters.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/ruleset_file.h"
#include "kernel/interface.h"
#include "ruleset/edit.h"

namespace xdpctl::cli {

namespace {

struct Options {
    std::string path;
    bool dry_run = false;
};

struct Applied {
    bool dry_run = false;
    Extent extent;
    std::size_t kept = 0;  // rules
    std::size_t added = 0;
    std::size_t removed = 0;
};

std::string text(const Applied& applied) {
    return fmt::format("{}: {} ({} kept, {} added, {} removed)\n", applied.dry_run ? "would apply" : "applied",
                       text(applied.extent), applied.kept, applied.added, applied.removed);
}

nlohmann::json json(const Applied& applied) {
    nlohmann::json out = json(applied.extent);
    out["rules_kept"] = applied.kept;
    out["rules_added"] = applied.added;
    out["rules_removed"] = applied.removed;
    out["dry_run"] = applied.dry_run;
    return {{"applied", std::move(out)}};
}

std::set<Handle> rule_handles(const ruleset::Ruleset& ruleset) {
    std::set<Handle> handles;
    for (const ruleset::Table& table : ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            for (const ruleset::Rule& rule : chain.rules)
                handles.insert(rule.handle);
    return handles;
}

Applied compare(const ruleset::Ruleset& running, const ruleset::Ruleset& next, bool dry_run) {
    const std::set<Handle> before = rule_handles(running);
    const std::set<Handle> after = rule_handles(next);
    Applied applied{.dry_run = dry_run, .extent = extent(next)};
    for (const Handle handle : after)
        ++(before.contains(handle) ? applied.kept : applied.added);
    applied.removed = before.size() - applied.kept;
    return applied;
}

Status check_devices(const ruleset::Ruleset& ruleset) {
    for (const ruleset::Table& table : ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            for (const std::string& device : chain.devices)
                if (auto found = kernel::find_interface(device); !found)
                    return std::unexpected(std::move(found).error());
    return {};
}

// A file that lost its content, or a pipe from a command that failed, must not open the machine.
Status check_content(const ruleset::Ruleset& running, const ruleset::Ruleset& next, const std::string& path) {
    if (!next.tables.empty() || running.tables.empty())
        return {};
    return fail(ErrorKind::Input, fmt::format("{} has no table", path == "-" ? "<stdin>" : path),
                "applying it would remove the whole ruleset", "if that is meant: xdpctl flush ruleset");
}

Status dry_run(Session& session, const std::string& path, ruleset::Ruleset next) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    XDPCTL_TRY(check_content(state->ruleset(), next, path));
    XDPCTL_TRY(ruleset::adopt_handles(state->ruleset(), next));
    XDPCTL_TRY(compiled_size(next));
    XDPCTL_TRY(check_devices(next));
    session.output.show(compare(state->ruleset(), next, true));
    return {};
}

Status apply(Session& session, const Options& options) {
    auto next = read_ruleset_file(options.path);
    if (!next)
        return std::unexpected(std::move(next).error());
    if (options.dry_run)
        return dry_run(session, options.path, std::move(*next));
    auto state = open_for_writing(session);
    if (!state)
        return std::unexpected(std::move(state).error());
    XDPCTL_TRY(check_content(state->ruleset(), *next, options.path));
    XDPCTL_TRY(ruleset::adopt_handles(state->ruleset(), *next));
    const Applied applied = compare(state->ruleset(), *next, false);
    XDPCTL_TRY(commit(session, *state, std::move(*next), {.modes = {}, .require_devices = true}));
    session.output.confirm(applied);
    return {};
}

}  // namespace

Action declare_apply(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    add_file_option(parser, options->path);
    parser.add_flag("--dry-run", options->dry_run, "Check everything and say what would change, but change nothing");
    return [options](Session& session) { return apply(session, *options); };
}

}  // namespace xdpctl::cli
