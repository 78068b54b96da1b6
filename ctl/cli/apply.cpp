// SPDX-License-Identifier: BSD-2-Clause
// apply: a file becomes the running ruleset, whole or not at all. What it keeps of the running one keeps its counters.
// With --confirm the old ruleset comes back unless someone says that the new one is good.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "cli/change.h"
#include "cli/command.h"
#include "cli/confirm.h"
#include "cli/file_options.h"
#include "cli/rollback.h"
#include "cli/ruleset_file.h"
#include "cli/saved.h"
#include "cli/step_progress.h"
#include "cli/terminal.h"
#include "kernel/interface.h"
#include "ruleset/edit.h"

namespace xdpctl::cli {

namespace {

struct Options : FileOptions {
    bool dry_run = false;
    bool progress = false;
    std::optional<std::chrono::seconds> confirm_within;
};

struct Applied {
    bool dry_run = false;
    std::optional<std::chrono::seconds> confirm_within = std::nullopt;
    Extent extent;
    std::size_t kept = 0;  // rules
    std::size_t added = 0;
    std::size_t removed = 0;
};

std::string text(const Applied& applied) {
    std::string out =
        fmt::format("{}: {} ({} kept, {} added, {} removed)\n", applied.dry_run ? "would apply" : "applied",
                    text(applied.extent), applied.kept, applied.added, applied.removed);
    if (applied.confirm_within)
        out +=
            fmt::format("taken back in {} s unless it is confirmed: xdpctl confirm\n", applied.confirm_within->count());
    return out;
}

nlohmann::json json(const Applied& applied) {
    nlohmann::json out = json(applied.extent);
    out["rules_kept"] = applied.kept;
    out["rules_added"] = applied.added;
    out["rules_removed"] = applied.removed;
    out["dry_run"] = applied.dry_run;
    if (applied.confirm_within)
        out["confirm_within"] = applied.confirm_within->count();
    return {{"applied", std::move(out)}};
}

// Sorted.
std::vector<Handle> rule_handles(const ruleset::Ruleset& ruleset) {
    std::vector<Handle> handles;
    for (const ruleset::Table& table : ruleset.tables)
        for (const ruleset::Chain& chain : table.chains)
            for (const ruleset::Rule& rule : chain.rules)
                handles.push_back(rule.handle);
    if (!std::ranges::is_sorted(handles))
        std::ranges::sort(handles);
    return handles;
}

Applied compare(const ruleset::Ruleset& running, const ruleset::Ruleset& next, bool dry_run) {
    const std::vector<Handle> before = rule_handles(running);
    const std::vector<Handle> after = rule_handles(next);
    Applied applied{.dry_run = dry_run, .extent = extent(next)};
    std::vector<Handle> kept;
    std::ranges::set_intersection(before, after, std::back_inserter(kept));
    applied.kept = kept.size();
    applied.added = after.size() - kept.size();
    applied.removed = before.size() - kept.size();
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

StepProgress::Form form_of_progress(const Session& session, const Options& options) {
    if (options.progress)
        return StepProgress::Form::Lines;
    const bool is_seen = session.output.format() == Output::Format::Text && is_terminal(STDERR_FILENO);
    return is_seen ? StepProgress::Form::OneLine : StepProgress::Form::None;
}

Status dry_run(Session& session, const std::string& path, ruleset::Ruleset next, StepProgress& progress) {
    progress.step("compiling");
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    XDPCTL_TRY(check_content(state->ruleset(), next, path));
    XDPCTL_TRY(ruleset::adopt_handles(state->ruleset(), next));
    XDPCTL_TRY(compiled_size(next));
    XDPCTL_TRY(check_devices(next));
    progress.stop();
    session.output.show(compare(state->ruleset(), next, true));
    return {};
}

constexpr std::string_view making_it_run = "compiling and loading";

// The process that takes the change back is there before the change is.
Status commit_for_now(Session& session, kernel::State& state, ruleset::Ruleset next,
                      const kernel::CommitOptions& options, std::chrono::seconds time, StepProgress& progress) {
    auto previous = save_state(state);
    if (!previous)
        return std::unexpected(std::move(previous).error());
    progress.stop();  // a process is made of one thread
    auto rollback = Rollback::prepare(std::move(*previous), time);
    if (!rollback)
        return std::unexpected(std::move(rollback).error());
    progress.step(std::string(making_it_run));
    Status done = commit(session, state, std::move(next), options);
    if (done)
        rollback->start();
    else
        rollback->cancel();
    return done;
}

Status change(Session& session, const Options& options, ruleset::Ruleset next, StepProgress& progress) {
    progress.step("comparing with the running ruleset");
    auto state = open_for_writing(session);
    if (!state)
        return std::unexpected(std::move(state).error());
    XDPCTL_TRY(check_content(state->ruleset(), next, options.path));
    XDPCTL_TRY(ruleset::adopt_handles(state->ruleset(), next));
    Applied applied = compare(state->ruleset(), next, false);
    applied.confirm_within = options.confirm_within;
    const kernel::CommitOptions commit_options{
        .modes = {}, .require_devices = true, .progress = [&progress](std::size_t done, std::size_t total) {
            progress.share(done, total);
        }};
    progress.step(std::string(making_it_run));
    XDPCTL_TRY(options.confirm_within
                   ? commit_for_now(session, *state, std::move(next), commit_options, *options.confirm_within, progress)
                   : commit(session, *state, std::move(next), commit_options));
    progress.stop();
    session.output.confirm(applied);
    return {};
}

Status apply(Session& session, const Options& options) {
    StepProgress progress(form_of_progress(session, options));
    progress.step(fmt::format("reading {}", options.path == "-" ? "<stdin>" : options.path));
    auto next = read_ruleset_file(options.path, options.devices);
    if (!next)
        return std::unexpected(std::move(next).error());
    if (options.dry_run)
        return dry_run(session, options.path, std::move(*next), progress);
    XDPCTL_TRY(change(session, options, std::move(*next), progress));
    if (!options.confirm_within || options.path == "-")
        return {};
    session.output.flush();
    return ask_for_confirmation(session);
}

// "30", "30s", "5m": what a person can wait for.
std::chrono::seconds read_time(const std::string& word) {
    unsigned number = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, number);
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    const unsigned long seconds = unit == "m" ? 60UL * number : number;
    if (error != std::errc{} || !(unit.empty() || unit == "s" || unit == "m") || seconds < 1 || seconds > 3600)
        throw CLI::ValidationError("--confirm", fmt::format("'{}' is no time between 1s and 60m", word));
    return std::chrono::seconds(seconds);
}

}  // namespace

Action declare_apply(CLI::App& parser) {
    auto options = std::make_shared<Options>();
    add_file_options(parser, *options);
    parser.add_flag("--progress", options->progress,
                    "Say what takes more than a second, every second, also when standard error is no terminal");
    parser.add_flag("--dry-run", options->dry_run, "Check everything and say what would change, but change nothing")
        ->excludes(parser
                       .add_option_function<std::string>(
                           "--confirm",
                           [options](const std::string& word) { options->confirm_within = read_time(word); },
                           "Take the change back after this time unless it is confirmed")
                       ->type_name("TIME"));
    return [options](Session& session) { return apply(session, *options); };
}

}  // namespace xdpctl::cli
