// SPDX-License-Identifier: BSD-2-Clause
#include "cli/file_options.h"

#include "cli/options.h"
#include "ruleset/check.h"

namespace xdpctl::cli {

void add_file_options(CLI::App& parser, FileOptions& options) {
    add_file_option(parser, options.path);
    parser.add_option("--device", options.devices, "Interface of chains that name none, as in the JSON of nft 1.0.6")
        ->type_name("IFACE")
        ->allow_extra_args(false)
        ->check([](const std::string& name) { return ruleset::device_fault(name).value_or(""); });
}

}  // namespace xdpctl::cli
