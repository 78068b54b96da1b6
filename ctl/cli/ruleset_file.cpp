// SPDX-License-Identifier: BSD-2-Clause
#include "cli/ruleset_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "compile/compile.h"
#include "lang/parse.h"

namespace xdpctl::cli {

namespace {

// Many times the largest ruleset that can run; keeps an endless input from filling the memory.
constexpr std::size_t size_max = std::size_t{64} << 20;

struct CloseFile {
    void operator()(std::FILE* file) const {
        if (file != stdin)
            std::fclose(file);
    }
};

Result<std::string> read_file(const std::string& path, const std::string& name) {
    const std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin : std::fopen(path.c_str(), "re"));
    if (!file)
        return fail_errno(errno, fmt::format("cannot open {}", name));
    std::string content;
    std::array<char, 65536> buffer;
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        content.append(buffer.data(), size);
        if (content.size() > size_max)
            return fail(ErrorKind::Limit, fmt::format("{} is larger than {} MiB", name, size_max >> 20));
    }
    if (std::ferror(file.get()) != 0)
        return fail_errno(errno, fmt::format("cannot read {}", name));
    return content;
}

std::string counted(std::size_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace

Result<ruleset::Ruleset> read_ruleset_file(const std::string& path) {
    const std::string name = path == "-" ? "<stdin>" : path;
    const auto content = read_file(path, name);
    if (!content)
        return std::unexpected(content.error());
    return lang::parse_ruleset(*content, name);
}

Result<std::size_t> compiled_size(const ruleset::Ruleset& ruleset) {
    std::size_t size = 0;
    for (const ruleset::Table& table : ruleset.tables) {
        for (const ruleset::Chain& chain : table.chains) {
            std::vector<RuleSlot> slots;
            for (std::uint32_t slot = 0; slot < chain.rules.size(); ++slot)
                slots.push_back(RuleSlot{slot});
            const auto program = compile::compile(chain, {slots, chain.devices});
            if (!program)
                return std::unexpected(program.error());
            size += program->instructions.size();
        }
    }
    return size;
}

Extent extent(const ruleset::Ruleset& ruleset) {
    Extent extent{.tables = ruleset.tables.size()};
    for (const ruleset::Table& table : ruleset.tables) {
        extent.chains += table.chains.size();
        for (const ruleset::Chain& chain : table.chains)
            extent.rules += chain.rules.size();
    }
    return extent;
}

std::string text(const Extent& extent) {
    return fmt::format("{}, {}, {}", counted(extent.tables, "table"), counted(extent.chains, "chain"),
                       counted(extent.rules, "rule"));
}

nlohmann::json json(const Extent& extent) {
    return {{"tables", extent.tables}, {"chains", extent.chains}, {"rules", extent.rules}};
}

}  // namespace xdpctl::cli
