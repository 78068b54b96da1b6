// SPDX-License-Identifier: BSD-2-Clause
// exporter: is a program of its own, since the libraries that it needs would make every command start later.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <filesystem>

#include "cli/command.h"
#include "cli/exporter_options.h"

namespace xdpctl::cli {

namespace {

std::vector<std::string> words(const Session& session, const ExporterOptions& options) {
    std::vector<std::string> out = words(options);
    out.push_back(fmt::format("--lock-timeout={}", std::chrono::duration<double>(session.lock_timeout).count()));
    if (session.output.format() == Output::Format::Json)
        out.emplace_back("--json");
    if (session.output.quiet())
        out.emplace_back("--quiet");
    return out;
}

// Becomes the program, so that signals and the exit code are its own.
Status become_exporter(const Session& session, const ExporterOptions& options) {
    std::error_code error;
    const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error)
        return fail_errno(error.value(), "cannot find xdpctl-exporter", "it runs where /proc is mounted");
    const std::string path = here.parent_path() / "xdpctl-exporter";
    std::vector<std::string> arguments = words(session, options);
    arguments.insert(arguments.begin(), path);
    std::vector<char*> pointers;
    for (std::string& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    ::execv(path.c_str(), pointers.data());
    return fail_errno(errno, fmt::format("cannot run {}", path), "it is installed where xdpctl is");
}

}  // namespace

Action declare_exporter(CLI::App& parser) {
    return
        [options = declare_exporter_options(parser)](Session& session) { return become_exporter(session, *options); };
}

}  // namespace xdpctl::cli
