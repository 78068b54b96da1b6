// SPDX-License-Identifier: BSD-2-Clause
#include "lang/operator.h"

#include <algorithm>

namespace xdpctl::lang {
namespace {

struct OperatorWord {
    std::string_view word;
    Operator op;
};

constexpr OperatorWord operator_words[] = {
    {"eq", Operator::Equal},     {"ne", Operator::NotEqual},     {"not", Operator::Not},    {"lt", Operator::Less},
    {"le", Operator::LessEqual}, {"ge", Operator::GreaterEqual}, {"gt", Operator::Greater},
};

Operator operator_at(const Cursor& cursor) {
    switch (cursor.peek().kind) {
    case TokenKind::Equal:
        return Operator::Equal;
    case TokenKind::NotEqual:
        return Operator::NotEqual;
    case TokenKind::Not:
        return Operator::Not;
    case TokenKind::Less:
        return Operator::Less;
    case TokenKind::Greater:
        return Operator::Greater;
    case TokenKind::LessEqual:
        return Operator::LessEqual;
    case TokenKind::GreaterEqual:
        return Operator::GreaterEqual;
    case TokenKind::Word: {
        const auto* found = std::ranges::find(operator_words, cursor.text(cursor.peek()), &OperatorWord::word);
        return found == std::end(operator_words) ? Operator::None : found->op;
    }
    default:
        return Operator::None;
    }
}

}  // namespace

std::optional<Operator> parse_operator(Cursor& cursor) {
    if (cursor.at(TokenKind::Assign)) {
        cursor.error(cursor.peek(), "'=' is no comparison", "write == or nothing");
        return std::nullopt;
    }
    const Operator op = operator_at(cursor);
    if (op != Operator::None)
        cursor.take();
    return op;
}

ruleset::Relation relation(Operator op) {
    switch (op) {
    case Operator::NotEqual:
        return ruleset::Relation::NotEqual;
    case Operator::Less:
        return ruleset::Relation::Less;
    case Operator::Greater:
        return ruleset::Relation::Greater;
    case Operator::LessEqual:
        return ruleset::Relation::LessEqual;
    case Operator::GreaterEqual:
        return ruleset::Relation::GreaterEqual;
    case Operator::None:
    case Operator::Equal:
    case Operator::Not:
        break;
    }
    return ruleset::Relation::Equal;
}

}  // namespace xdpctl::lang
