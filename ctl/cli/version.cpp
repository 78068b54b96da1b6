// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace xdpctl::cli {

namespace {

struct Version {
    std::string xdpctl = XDPCTL_VERSION;
    std::string libbpf = libbpf_version_string();
    std::string kernel;
};

std::string text(const Version& version) {
    return fmt::format("xdpctl {} (libbpf {}, Linux {})\n", version.xdpctl, version.libbpf, version.kernel);
}

nlohmann::json json(const Version& version) {
    return {{"version", version.xdpctl}, {"libbpf", version.libbpf}, {"kernel", version.kernel}};
}

}  // namespace

Action declare_version(CLI::App&) {
    return [](Session& session) -> Status {
        Version version;
        if (utsname system{}; uname(&system) == 0)
            version.kernel = system.release;
        session.output.show(version);
        return {};
    };
}

}  // namespace xdpctl::cli
