// SPDX-License-Identifier: BSD-2-Clause
#include "lang/variables.h"

#include <algorithm>

namespace xdpctl::lang {

void Variables::close_scope() {
    for (const std::string_view name : scopes_.back()) {
        std::erase_if(definitions_[name], [&](const Definition& d) { return d.scope + 1 == scopes_.size(); });
        if (definitions_[name].empty())
            definitions_.erase(name);
    }
    scopes_.pop_back();
}

const Variables::Value* Variables::find(std::string_view name) const {
    const auto found = definitions_.find(name);
    return found == definitions_.end() ? nullptr : &found->second.back().value;
}

const Variables::Value* Variables::find_in_value(std::uint32_t use) const {
    const auto found = uses_in_values_.find(use);
    return found == uses_in_values_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Variables::names() const {
    std::vector<std::string_view> names;
    for (const auto& [name, definitions] : definitions_)
        names.push_back(name);
    std::ranges::sort(names);
    return names;
}

bool Variables::is_of_innermost_scope(std::string_view name) const {
    const auto found = definitions_.find(name);
    return found != definitions_.end() && found->second.back().scope + 1 == scopes_.size();
}

void Variables::define(std::string_view name, Value value) {
    if (is_of_innermost_scope(name)) {
        definitions_[name].back().value = value;
        return;
    }
    definitions_[name].push_back({.value = value, .scope = scopes_.size() - 1});
    scopes_.back().push_back(name);
}

void Variables::undefine(std::string_view name) {
    const auto found = definitions_.find(name);
    found->second.pop_back();
    if (found->second.empty())
        definitions_.erase(found);
    std::erase(scopes_.back(), name);
}

}  // namespace xdpctl::lang
