// SPDX-License-Identifier: BSD-2-Clause
// Changes of a ruleset. Pure: a failed edit leaves the ruleset as it was.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "ruleset/model.h"

namespace xdpctl::ruleset {

struct ChainName {
    std::string table{default_table};
    std::string chain{"ingress"};
    bool operator==(const ChainName&) const = default;
};

// Where a rule goes. nft's `position H` means after rule H for add and before it for insert.
struct Position {
    enum class Kind { End, Start, After, Before } kind = Kind::End;
    Handle handle{};
};

// Makes table and chain (policy accept, no device) when missing. Errors: Input when the chain has another hook.
[[nodiscard]] Status ensure_chain(Ruleset& ruleset, const ChainName& name, Hook hook);

// A regular chain, to jump to. Makes the table when missing. Errors: Input when the chain is there. Returns its handle.
[[nodiscard]] Result<Handle> add_regular_chain(Ruleset& ruleset, const ChainName& name);
// With its rules. Errors: NotFound, Busy while a device is in it or a jump leads to it.
[[nodiscard]] Status delete_chain(Ruleset& ruleset, const ChainName& name);
// Jumps follow. Errors: NotFound, Input when the new name is taken or none.
[[nodiscard]] Status rename_chain(Ruleset& ruleset, const ChainName& name, const std::string& new_name);

// Puts the device into the chain, making table and chain (policy accept) when missing.
// Errors: Input when the device is in another chain of that hook, Limit past XDPCTL_DEVICES_MAX.
[[nodiscard]] Status add_device(Ruleset& ruleset, const ChainName& name, Hook hook, std::string_view device);
// Takes the device out of every chain of that hook; rules stay. Errors: NotFound.
[[nodiscard]] Status remove_device(Ruleset& ruleset, Hook hook, std::string_view device);

// Errors: NotFound for chain or position. Returns the new rule's handle.
[[nodiscard]] Result<Handle> add_rule(Ruleset& ruleset, const ChainName& name, Rule rule, Position position);
// The rule gets a new handle (its counter starts anew) and keeps its place. Errors: NotFound.
[[nodiscard]] Result<Handle> replace_rule(Ruleset& ruleset, const ChainName& name, Handle handle, Rule rule);
[[nodiscard]] Status delete_rule(Ruleset& ruleset, const ChainName& name, Handle handle);
[[nodiscard]] Status set_policy(Ruleset& ruleset, const ChainName& name, Verdict policy);
[[nodiscard]] Status flush_chain(Ruleset& ruleset, const ChainName& name);

struct SetName {
    std::string table{default_table};
    std::string set;
};

// Makes the table when missing. Errors: Input when the set is there or cannot be. Returns the new set's handle.
[[nodiscard]] Result<Handle> add_set(Ruleset& ruleset, const SetName& name, Set set);
// Puts other elements into the set. Errors: NotFound, Input when the set cannot have them.
[[nodiscard]] Status replace_elements(Ruleset& ruleset, const SetName& name, Elements elements);
// Errors: NotFound, Busy while a rule refers to the set.
[[nodiscard]] Status delete_set(Ruleset& ruleset, const SetName& name);

// Makes `next` the successor of `running`: what it keeps (tables, chains and sets of the same name, rules of the same
// meaning in the same chain, matched in order) keeps its handle, everything else gets a new one. Counters therefore
// survive an apply. Errors: Input when a (device, hook) has two base chains.
[[nodiscard]] Status adopt_handles(const Ruleset& running, Ruleset& next);

// Checks that hold for every ruleset that may be compiled (one base chain a device and hook, unique names, limits,
// fields that the hook has): the first of problems() (ruleset/check.h). adopt_handles, lang::parse_ruleset and every
// edit leave a valid ruleset.
[[nodiscard]] Status validate(const Ruleset& ruleset);

}  // namespace xdpctl::ruleset
