// SPDX-License-Identifier: BSD-2-Clause
// The types that a set's keys can have: nft's words for them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ruleset/field.h"

namespace xdpctl::ruleset {

struct KeyType {
    std::string_view word;  // "ipv4_addr"
    ValueType type;
    unsigned bits;  // 0 for names of interfaces
};

[[nodiscard]] std::span<const KeyType> key_types();
[[nodiscard]] const KeyType* find_key_type(std::string_view word);

// One part of a set's key: `type ipv4_addr`, or `typeof ip saddr`.
struct KeyPart {
    ValueType type{};
    unsigned bits = 0;
    std::optional<Field> field;  // when it is declared by a field
    bool operator==(const KeyPart&) const = default;
};

[[nodiscard]] KeyPart key_part(const KeyType& type);
[[nodiscard]] KeyPart key_part(Field field);

// Whether the field's values can be looked up among keys of that part.
[[nodiscard]] bool accepts(const KeyPart& part, Field field);

// "ipv4_addr"; "integer" for types that have no word.
[[nodiscard]] std::string_view type_word(const KeyPart& part);

// For the functions that read and write values of a field.
[[nodiscard]] FieldInfo value_info(const KeyPart& part);

}  // namespace xdpctl::ruleset
