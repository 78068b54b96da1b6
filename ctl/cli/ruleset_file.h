// SPDX-License-Identifier: BSD-2-Clause
// A ruleset from a file or standard input, and what it comes to.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "compile/compile.h"
#include "lang/parse.h"
#include "ruleset/model.h"

namespace xdpctl::cli {

// Reads and parses; "-" is standard input. Base chains that name no devices have the given ones. Errors: NotFound,
// Input with line and column, Limit for a file too large.
[[nodiscard]] Result<ruleset::Ruleset> read_ruleset_file(const std::string& path,
                                                         const std::vector<std::string>& devices = {});
// The same, with the names of the files that rules stand in.
[[nodiscard]] Result<lang::ParsedFile> parse_ruleset_file(const std::string& path,
                                                          const std::vector<std::string>& devices = {});

// The same with the text, for those who show a line of it.
struct RulesetText {
    std::string content;
    lang::ParsedFile parsed;

    // A line that a part of the ruleset stands in; empty when an included file is no longer what it was.
    [[nodiscard]] std::string line(ruleset::SourcePosition position) const;
};
[[nodiscard]] Result<RulesetText> read_ruleset_text(const std::string& path,
                                                    const std::vector<std::string>& devices = {});

struct CompiledChain {
    compile::Classifier classifier;
    std::vector<const ruleset::Set*> sets;  // of the table, that keys are looked up in
};

// As a commit compiles it, on a kernel where programs can loop like that.
[[nodiscard]] Result<CompiledChain> compile_chain(const ruleset::Table& table, const ruleset::Chain& chain,
                                                  compile::Loops loops);

// Bytes that the classifiers of all chains have together. Errors: Limit, for a ruleset too large to run.
[[nodiscard]] Result<std::size_t> compiled_size(const ruleset::Ruleset& ruleset);

struct Extent {
    std::size_t tables = 0;
    std::size_t chains = 0;
    std::size_t rules = 0;
};
[[nodiscard]] Extent extent(const ruleset::Ruleset& ruleset);
[[nodiscard]] std::string text(const Extent& extent);  // "1 table, 2 chains, 5 rules"
[[nodiscard]] nlohmann::json json(const Extent& extent);

}  // namespace xdpctl::cli
