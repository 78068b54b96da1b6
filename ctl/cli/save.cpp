// SPDX-License-Identifier: BSD-2-Clause
// save and restore: the running ruleset across a restart of the machine.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/atomic_file.h"
#include "cli/change.h"
#include "cli/command.h"
#include "cli/ruleset_file.h"
#include "cli/saved.h"
#include "cli/text_file.h"

namespace xdpctl::cli {

namespace {

constexpr const char* default_path = "/var/lib/xdpctl/saved.nft";

struct SaveOptions {
    std::string path = default_path;
    bool counters = false;
};

struct Content {
    std::string content;
};

std::string text(const Content& content) {
    return content.content;
}

nlohmann::json json(const Content& content) {
    return {{"content", content.content}};
}

struct SavedTo {
    std::string path;
    Extent extent;
};

std::string text(const SavedTo& saved) {
    return fmt::format("saved to {}: {}\n", saved.path, text(saved.extent));
}

nlohmann::json json(const SavedTo& saved) {
    nlohmann::json out = json(saved.extent);
    out["file"] = saved.path;
    return {{"saved", std::move(out)}};
}

struct Report {
    std::string path;
    Restored restored;
};

std::string text(const Report& report) {
    std::string out = fmt::format("restored from {}: {}\n", report.path, text(extent(report.restored.ruleset)));
    if (!report.restored.missing.empty())
        out += fmt::format("not there yet: {}\n", fmt::join(report.restored.missing, ", "));
    return out;
}

nlohmann::json json(const Report& report) {
    nlohmann::json out = json(extent(report.restored.ruleset));
    out["file"] = report.path;
    out["interfaces_missing"] = report.restored.missing;
    out["interfaces_failed"] = report.restored.failed;
    return {{"restored", std::move(out)}};
}

Status save(Session& session, const SaveOptions& options) {
    const auto state = open_for_reading();
    if (!state)
        return std::unexpected(state.error());
    const auto saved = save_state(*state);
    if (!saved)
        return std::unexpected(saved.error());
    const std::string content = print_saved(*saved, options.counters);
    if (options.path == "-") {
        session.output.show(Content{content});
        return {};
    }
    if (options.path == default_path) {
        std::error_code ignored;  // what it keeps from working is said by the next step
        std::filesystem::create_directory(std::filesystem::path(default_path).parent_path(), ignored);
    }
    XDPCTL_TRY(replace_file(options.path, content));
    session.output.confirm(SavedTo{options.path, extent(saved->ruleset)});
    return {};
}

Status restore(Session& session, const std::string& path) {
    const std::string name = path == "-" ? "<stdin>" : path;
    const auto content = read_text_file(path, name);
    if (!content)
        return std::unexpected(content.error());
    auto saved = parse_saved(*content, name);
    if (!saved)
        return std::unexpected(std::move(saved).error());
    auto state = open_for_writing(session);
    if (!state)
        return std::unexpected(std::move(state).error());
    auto restored = restore_state(session, *state, std::move(*saved));
    if (!restored)
        return std::unexpected(std::move(restored).error());
    const Report report{name, std::move(*restored)};
    session.output.confirm(report);
    if (report.restored.failed.empty())
        return {};
    return fail(ErrorKind::Failed, fmt::format("not filtered: {}", fmt::join(report.restored.failed, ", ")),
                "the warnings say why; everything else is restored");
}

}  // namespace

Action declare_save(CLI::App& parser) {
    auto options = std::make_shared<SaveOptions>();
    parser.add_option("FILE", options->path, "Where to; - is standard output")->type_name("")->capture_default_str();
    parser.add_flag("--counters", options->counters, "Save what rules have counted too");
    return [options](Session& session) { return save(session, *options); };
}

Action declare_restore(CLI::App& parser) {
    auto path = std::make_shared<std::string>(default_path);
    parser.add_option("FILE", *path, "What 'xdpctl save' wrote; - is standard input")
        ->type_name("")
        ->capture_default_str();
    return [path](Session& session) { return restore(session, *path); };
}

}  // namespace xdpctl::cli
