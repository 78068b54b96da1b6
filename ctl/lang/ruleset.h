// SPDX-License-Identifier: BSD-2-Clause
// A whole file: tables and chains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lang/cursor.h"
#include "lang/include.h"
#include "lang/named_set.h"
#include "lang/rule.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

class RulesetParser {
public:
    RulesetParser(Cursor& cursor, Includer includer) : cursor_(cursor), includer_(includer), rule_(cursor) {}

    // Reads to the end of the text; goes on after errors with the next statement.
    [[nodiscard]] ruleset::Ruleset parse();

private:
    // `type filter hook ingress device "eth0" priority filter`
    struct HookSpec {
        ruleset::Hook hook = ruleset::Hook::Ingress;
        std::vector<std::string> devices;
        std::int32_t priority = 0;
    };
    // What a chain has said about itself; a later block of the same chain can repeat it but not change it.
    struct ChainBlock {
        bool has_hook = false;
        bool has_policy = false;
        bool has_comment = false;
    };

    // What can stand in the file and in every block: include, define and the like. Nothing when it is something else.
    std::optional<bool> parse_common();
    bool parse_top();
    bool parse_flush();
    bool parse_table();
    bool parse_table_entry(ruleset::Table& table);
    bool parse_set(ruleset::Table& table, SetKind kind);
    bool parse_chain(ruleset::Table& table);
    bool parse_chain_entry(ruleset::Chain& chain, ChainBlock& block);
    bool parse_hook(ruleset::Chain& chain, ChainBlock& block);
    bool parse_hook_name(HookSpec& spec);
    bool parse_devices(HookSpec& spec);
    bool parse_device_name(HookSpec& spec);
    bool parse_priority(HookSpec& spec);
    bool parse_policy(ruleset::Chain& chain, ChainBlock& block);
    bool parse_rule(ruleset::Chain& chain);
    bool parse_comment(std::string& comment, bool is_second);

    // `{ entries }`; parse_entry reads one entry and leaves what ends it.
    template <typename ParseEntry>
    bool parse_block(Handle& handle, ParseEntry parse_entry);
    template <typename ParseEntry>
    bool parse_entries(ParseEntry parse_entry);  // to the closing brace
    bool end_entry();
    bool parse_name(std::string_view kind, std::string_view& name);
    bool read_handle(Handle& handle);

    Cursor& cursor_;
    Includer includer_;
    RuleParser rule_;
    ruleset::Ruleset ruleset_;
    bool has_reported_end_ = false;  // one missing brace is one error
};

}  // namespace xdpctl::lang
