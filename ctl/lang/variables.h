// SPDX-License-Identifier: BSD-2-Clause
// Variables: `define NAME = value`. A value is tokens, which are read where the variable is used.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace xdpctl::lang {

class Variables {
public:
    // Tokens by their place in the cursor's row.
    struct Value {
        std::size_t first = 0;
        std::size_t last = 0;          // behind the last one
        std::uint32_t defined_at = 0;  // offset of the name in its definition
    };

    // Blocks have scopes: what is defined in one ends with it.
    void open_scope() { scopes_.emplace_back(); }
    void close_scope();

    // Null when there is none. What a value uses is what had that name when the value was defined.
    [[nodiscard]] const Value* find(std::string_view name) const;
    [[nodiscard]] const Value* find_in_value(std::uint32_t use) const;
    [[nodiscard]] std::vector<std::string_view> names() const;
    [[nodiscard]] bool is_of_innermost_scope(std::string_view name) const;

    // The name's text must stay where it is.
    void define(std::string_view name, Value value);
    // REQUIRES: is_of_innermost_scope(name).
    void undefine(std::string_view name);
    // The variable `name` is used at that offset in a value that is being defined.
    void use_in_value(std::uint32_t use, const Value& value) { uses_in_values_.emplace(use, value); }

private:
    struct Definition {
        Value value;
        std::size_t scope;
    };

    std::unordered_map<std::string_view, std::vector<Definition>> definitions_;  // of a name, the innermost last
    std::vector<std::vector<std::string_view>> scopes_{1};                       // names defined in each
    std::unordered_map<std::uint32_t, Value> uses_in_values_;
};

}  // namespace xdpctl::lang
