// SPDX-License-Identifier: BSD-2-Clause
// The block of a named set, `set NAME { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 }; }`, or verdict
// map, `map NAME { type inet_service : verdict; elements = { 22 : accept }; }`, and sets and maps in rules.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "lang/cursor.h"
#include "ruleset/elements.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

class SetParser {
public:
    SetParser(Cursor& cursor, ruleset::Set& set) : cursor_(cursor), set_(set) {}

    // Reads one entry of the block and leaves what ends it. Returns false after an error.
    [[nodiscard]] bool parse_entry();
    // Behind the block. `name` is that of the set. Returns false after an error.
    [[nodiscard]] bool finish(const Token& name);

private:
    bool parse_type();
    bool parse_typeof();
    bool parse_data_type();
    bool parse_flags();
    bool parse_size();
    bool parse_comment();
    bool parse_elements();
    bool refuse_entry();
    // Refuses what is stated a second time.
    bool once(bool& is_stated);

    Cursor& cursor_;
    ruleset::Set& set_;
    bool has_key_ = false;
    bool has_flags_ = false;
    bool has_timeout_ = false;
    bool has_gc_interval_ = false;
    bool has_size_ = false;
    bool has_comment_ = false;
    std::optional<ruleset::ElementsBuilder> elements_;
};

enum class SetKind : std::uint8_t { Set, Map };

// `{ element, ... }` behind those fields in a rule, from the opening to the closing brace. Returns false after an
// error.
[[nodiscard]] bool parse_anonymous(Cursor& cursor, std::span<const ruleset::Field> fields, SetKind kind,
                                   ruleset::SharedElements& elements);

// `{ element, ... }` of a named set. Nothing after an error.
[[nodiscard]] std::optional<ruleset::Elements> parse_elements_of(Cursor& cursor, const ruleset::Set& set);

// "192.0.2.0/24 . 80-90"
[[nodiscard]] std::string format_key(std::span<const ruleset::KeyPart> key, std::span<const ruleset::Interval> parts);

}  // namespace xdpctl::lang
