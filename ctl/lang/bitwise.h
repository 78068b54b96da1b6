// SPDX-License-Identifier: BSD-2-Clause
// Bitwise operators between a field and its comparison.
#pragma once

#include "lang/cursor.h"
#include "lang/operator.h"
#include "ruleset/model.h"

namespace xdpctl::lang {

// `& 0xff00`, `| 1`, `^ 2`, `<< 3`, `>> 4`, several of them: what they make of a field's value.
class Bitwise {
public:
    // Reads the operators that stand there, if any. Returns false after an error.
    [[nodiscard]] bool parse(Cursor& cursor, const ruleset::FieldInfo& field);
    [[nodiscard]] bool any() const { return any_; }

    // Once the match has its relation and values: the form that nft prints. Flipped and shifted bits become other
    // values, a mask around an address becomes a prefix. Returns false after an error.
    [[nodiscard]] bool apply(Cursor& cursor, const ruleset::FieldInfo& field, ruleset::Match& match) const;

private:
    bool parse_operand(Cursor& cursor, const ruleset::FieldInfo& field, ruleset::Value& value);
    bool parse_shift(Cursor& cursor, const ruleset::FieldInfo& field, bool is_left);
    bool unshift(Cursor& cursor, const ruleset::FieldInfo& field, ruleset::Match& match) const;

    bool any_ = false;
    ruleset::Value all_ = 0;
    ruleset::Value mask_ = 0;  // the value is (field & mask) ^ flip
    ruleset::Value flip_ = 0;
    int shift_ = 0;  // to the left; negative to the right
    Token first_;    // operator
};

}  // namespace xdpctl::lang
