// SPDX-License-Identifier: BSD-2-Clause
#include "lang/json_ruleset.h"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "lang/json_expression.h"
#include "lang/json_rule.h"
#include "lang/unsupported.h"
#include "ruleset/check.h"

namespace xdpctl::lang {
namespace {

using nlohmann::json;

constexpr std::string_view object_words[] = {"table", "chain", "rule", "set", "map", "element", "metainfo"};

// What a document says about one object, in the places where it does.
struct ChainParts {
    const json* chain;
    std::vector<const json*> rules;
};
struct SetParts {
    const json* set;
    bool is_map;
    std::vector<const json*> elements;
};
struct TableParts {
    const json* table;
    std::deque<SetParts> sets;
    std::deque<ChainParts> chains;
    std::map<std::string, SetParts*, std::less<>> sets_by_name;
    std::map<std::string, ChainParts*, std::less<>> chains_by_name;
};

const std::string* string_under(const json& object, std::string_view key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
}

// Sorts the objects of a document by the tables and chains they belong to.
class Gatherer {
public:
    explicit Gatherer(JsonWriter& out) : out_(out) {}

    std::deque<TableParts> gather(const json& document) {
        const json* objects = out_.need(document, "nftables");
        if (objects == nullptr || !out_.only(document, {"nftables"}, "a document"))
            return {};
        if (!objects->is_array()) {
            out_.expected(*objects, "an array of objects");
            return {};
        }
        for (const json& object : *objects) {
            if (out_.full())
                break;
            if (!has_one_key(object)) {
                out_.expected(object, "an object with one key");
                continue;
            }
            const auto [word, value] = only_member(object);
            gather(object, word, value);
        }
        return std::move(tables_);
    }

private:
    void gather(const json& at, const std::string& word, const json& value) {
        if (word == "metainfo")
            return;
        if (word == "add" || word == "create") {
            if (!has_one_key(value))
                return void(out_.expected(value, "an object with one key"));
            const auto [inner, object] = only_member(value);
            if (object.is_object() && (object.contains("index") || (inner == "rule" && object.contains("handle"))))
                return void(out_.fault(object, "a place between rules is not supported",
                                       "rules stand in the order of the document"));
            return gather_object(value, inner, object);
        }
        if (word == "flush")
            return gather_flush(value);
        gather_object(at, word, value);
    }

    // A document states the whole ruleset, so flushing what was there before changes nothing.
    void gather_flush(const json& value) {
        if (!has_one_key(value) || !value.contains("ruleset"))
            out_.fault(value, "only the whole ruleset can be flushed", "write: {\"flush\": {\"ruleset\": null}}");
        else if (!tables_.empty())
            out_.fault(value, "'flush ruleset' behind a table would remove it", "put it first");
    }

    void gather_object(const json& at, const std::string& word, const json& value) {
        if (word == "table")
            return gather_table(value);
        if (word == "chain" || word == "rule" || word == "set" || word == "map" || word == "element")
            return gather_part(word, value);
        // "ct helper"
        if (const Unsupported* missing = unsupported_object(std::string_view(word).substr(0, word.find(' '))))
            return void(out_.fault(at, fmt::format("'{}' is not supported yet in a document", word.substr(0, 64)),
                                   std::string(missing->way_out)));
        std::string near = did_you_mean(word, object_words);
        out_.fault(at, fmt::format("unknown object '{}'", word.substr(0, 64)),
                   near.empty() ? fmt::format("known: {}", fmt::join(object_words, ", ")) : std::move(near));
    }

    void gather_table(const json& table) {
        const json* name = name_of(table, "name");
        if (name == nullptr || !is_netdev(table))
            return;
        TableParts*& known = by_name_[name->get<std::string>()];
        if (known != nullptr)
            return void(out_.fault(*name, "this table is there twice"));
        known = &tables_.emplace_back();
        known->table = &table;
    }

    void gather_part(std::string_view word, const json& part) {
        const json* table_name = name_of(part, "table");
        const json* name = table_name == nullptr ? nullptr : name_of(part, word == "rule" ? "chain" : "name");
        if (name == nullptr || !is_netdev(part))
            return;
        const auto table = by_name_.find(table_name->get_ref<const std::string&>());
        if (table == by_name_.end())
            return void(out_.fault(*table_name, "no such table stands in front of this",
                                   "the document needs: {\"table\": {\"family\": \"netdev\", \"name\": ...}}"));
        TableParts& parts = *table->second;
        if (word == "chain")
            add(parts.chains, parts.chains_by_name, *name, ChainParts{&part, {}});
        else if (word == "set" || word == "map")
            add(parts.sets, parts.sets_by_name, *name, SetParts{&part, word == "map", {}});
        else if (ChainParts* chain = word == "rule" ? find(parts.chains_by_name, *name) : nullptr)
            chain->rules.push_back(&part);
        else if (SetParts* set = word == "element" ? find(parts.sets_by_name, *name) : nullptr)
            set->elements.push_back(&part);
    }

    template <typename Parts>
    void add(std::deque<Parts>& all, std::map<std::string, Parts*, std::less<>>& by_name, const json& name,
             Parts parts) {
        Parts*& known = by_name[name.get<std::string>()];
        if (known != nullptr)
            return void(out_.fault(name, "this is there twice"));
        known = &all.emplace_back(std::move(parts));
    }

    template <typename Parts>
    Parts* find(std::map<std::string, Parts*, std::less<>>& by_name, const json& name) {
        const auto found = by_name.find(name.get_ref<const std::string&>());
        if (found != by_name.end())
            return found->second;
        out_.fault(name, "nothing of this name stands in front of this");
        return nullptr;
    }

    const json* name_of(const json& object, std::string_view key) {
        const json* name = out_.need(object, key);
        if (name == nullptr)
            return nullptr;
        if (!name->is_string()) {
            out_.expected(*name, "a name");
            return nullptr;
        }
        if (auto fault = ruleset::name_fault(name->get_ref<const std::string&>())) {
            out_.fault(*name, *std::move(fault));
            return nullptr;
        }
        return name;
    }

    bool is_netdev(const json& object) {
        const json* family = out_.need(object, "family");
        if (family == nullptr)
            return false;
        if (family->is_string() && *family == "netdev")
            return true;
        const std::string* word = string_under(object, "family");
        return out_.fault(*family,
                          word == nullptr ? "expected the family 'netdev'"
                                          : fmt::format("the family '{}' is not supported yet", word->substr(0, 64)),
                          "write: \"family\": \"netdev\"");
    }

    JsonWriter& out_;
    std::deque<TableParts> tables_;
    std::map<std::string, TableParts*, std::less<>> by_name_;
};

class RulesetWriter {
public:
    RulesetWriter(JsonWriter& out, bool needs_devices) : out_(out), needs_devices_(needs_devices) {}

    void write(const TableParts& parts) {
        const json& table = *parts.table;
        if (!out_.only(table, {"family", "name", "handle", "comment"}, "a table"))
            return;
        out_.put(table, "table netdev");
        out_.put(table["name"], table["name"].get_ref<const std::string&>());
        out_.put(table, "{\n");
        write_comment(table, "\n");
        for (const SetParts& set : parts.sets)
            write(set);
        for (const ChainParts& chain : parts.chains)
            write(chain);
        out_.put(table, "}\n");
    }

private:
    // Goes on after faults with what comes next: with a fault the text is not parsed.
    void write(const SetParts& parts) {
        const json& set = *parts.set;
        if (!out_.only(set,
                       {"family", "table", "name", "handle", "type", "typeof", "map", "flags", "elem", "comment",
                        "size", "timeout", "gc-interval", "auto-merge", "stmt"},
                       parts.is_map ? "a map" : "a set"))
            return;
        out_.put(set, parts.is_map ? "map" : "set");
        out_.put(set["name"], set["name"].get_ref<const std::string&>());
        out_.put(set, "{\n");
        const bool is_good = write_key(set, parts.is_map) && write_flags(set) && write_options(set) &&
                             write_statements(set) && write_all_elements(parts);
        if (is_good)
            write_comment(set, "\n");
        out_.put(set, "}\n");
    }

    // "type": "ipv4_addr", ["ipv4_addr", "inet_service"] or {"typeof": fields}; "typeof": fields says the same better.
    bool write_key(const json& set, bool is_map) {
        const json* type = out_.need(set, "type");
        if (type == nullptr)
            return false;
        const json* fields = type->is_object()        ? out_.need(*type, "typeof")
                             : set.contains("typeof") ? &set["typeof"]
                                                      : nullptr;
        if (type->is_object() && fields == nullptr)
            return false;
        out_.put(*type, fields != nullptr ? "typeof" : "type");
        const bool is_good = fields != nullptr ? write_expression(out_, *fields) : write_types(*type);
        if (!is_good || !is_map)
            return is_good && end_line(*type);
        const json* data = out_.need(set, "map");
        if (data == nullptr)
            return false;
        out_.put(*data, ":");
        return out_.put_word(*data, "a type") && end_line(*data);
    }

    bool write_types(const json& types) {
        if (!types.is_array())
            return out_.put_word(types, "a type");
        for (const json& type : types) {
            if (&type != &types.front())
                out_.put(types, ".");
            if (!out_.put_word(type, "a type"))
                return false;
        }
        return true;
    }

    bool write_flags(const json& set) {
        const auto flags = set.find("flags");
        if (flags == set.end() || (flags->is_array() && flags->empty()))
            return true;
        out_.put(*flags, "flags");
        if (!flags->is_array())
            return out_.put_word(*flags, "a flag") && end_line(*flags);
        for (const json& flag : *flags) {
            if (&flag != &flags->front())
                out_.put(*flags, ",");
            if (!out_.put_word(flag, "a flag"))
                return false;
        }
        return end_line(*flags);
    }

    bool write_options(const json& set) {
        for (const std::string_view key : {"size", "timeout", "gc-interval"}) {
            const auto value = set.find(key);
            if (value == set.end())
                continue;
            if (!value->is_number_unsigned())
                return out_.expected(*value, "a number");
            out_.put(*value, fmt::format("{} {}{}\n", key, value->get<std::uint64_t>(), key == "size" ? "" : "s"));
        }
        const auto merges = set.find("auto-merge");
        if (merges == set.end())
            return true;
        if (!merges->is_boolean())
            return out_.expected(*merges, "true or false");
        if (merges->get<bool>())
            out_.put(*merges, "auto-merge\n");
        return true;
    }

    // What every element does: [{"counter": null}].
    bool write_statements(const json& set) {
        const auto statements = set.find("stmt");
        if (statements == set.end())
            return true;
        if (!statements->is_array() || statements->size() != 1 || !has_one_key(statements->front()))
            return out_.expected(*statements, "an array of one statement");
        const json& statement = statements->front();
        if (!statement.contains("counter"))
            return refuse_word(out_, statement, only_member(statement).key, "statement of a set",
                               std::initializer_list<std::string_view>{"counter"});
        out_.put(statement, "counter\n");
        return true;
    }

    bool write_all_elements(const SetParts& parts) {
        std::vector<const json*> lists;
        if (const auto own = parts.set->find("elem"); own != parts.set->end())
            lists.push_back(&*own);
        for (const json* added : parts.elements) {
            const json* list = out_.need(*added, "elem");
            if (list == nullptr || !out_.only(*added, {"family", "table", "name", "elem"}, "an element command"))
                return false;
            lists.push_back(list);
        }
        std::erase_if(lists, [](const json* list) { return list->is_array() && list->empty(); });
        if (lists.empty())
            return true;
        out_.put(*lists.front(), "elements = {");
        for (const json* list : lists) {
            if (list != lists.front())
                out_.put(*list, ",");
            if (!write_elements(out_, *list))
                return false;
        }
        out_.put(*lists.front(), "}\n");
        return true;
    }

    void write(const ChainParts& parts) {
        const json& chain = *parts.chain;
        if (!out_.only(chain, {"family", "table", "name", "handle", "type", "hook", "prio", "policy", "dev", "comment"},
                       "a chain"))
            return;
        out_.put(chain, "chain");
        out_.put(chain["name"], chain["name"].get_ref<const std::string&>());
        out_.put(chain, "{\n");
        if (write_hook(chain))
            write_comment(chain, "\n");
        for (const json* rule : parts.rules) {
            if (out_.full())
                return;
            write_rule(*rule);
        }
        out_.put(chain, "}\n");
    }

    bool write_hook(const json& chain) {
        const bool is_base = chain.contains("type") || chain.contains("hook") || chain.contains("prio") ||
                             chain.contains("policy") || chain.contains("dev");
        if (!is_base)
            return true;
        const json* type = out_.need(chain, "type");
        const json* hook = type == nullptr ? nullptr : out_.need(chain, "hook");
        const json* priority = hook == nullptr ? nullptr : out_.need(chain, "prio");
        if (priority == nullptr)
            return false;
        const auto devices = chain.find("dev");
        if (devices == chain.end() && needs_devices_)
            return out_.fault(
                chain, "the chain has no 'dev'",
                "nft 1.0.6 leaves it out: write \"dev\": \"eth0\", or say it to apply and check: --device eth0");
        out_.put(*type, "type");
        if (!out_.put_word(*type, "a type"))
            return false;
        out_.put(*hook, "hook");
        if (!out_.put_word(*hook, "a hook") || (devices != chain.end() && !write_devices(*devices)))
            return false;
        if (!priority->is_number_integer())
            return out_.expected(*priority, "a whole number");
        out_.put(*priority, fmt::format("priority {};", priority->dump()));
        const auto policy = chain.find("policy");
        if (policy == chain.end())
            return end_line(chain);
        out_.put(*policy, "policy");
        return out_.put_word(*policy, "accept or drop") && end_line(*policy);
    }

    // A chain whose devices were all detached has none.
    bool write_devices(const json& devices) {
        if (devices.is_array() && devices.empty())
            return true;
        if (!devices.is_array()) {
            out_.put(devices, "device");
            return out_.put_quoted(devices, "a device's name");
        }
        out_.put(devices, "devices = {");
        for (const json& device : devices) {
            if (!out_.put_quoted(device, "a device's name"))
                return false;
            out_.put(devices, ",");
        }
        out_.put(devices, "}");
        return true;
    }

    void write_rule(const json& rule) {
        const json* statements = out_.need(rule, "expr");
        if (statements == nullptr ||
            !out_.only(rule, {"family", "table", "chain", "handle", "expr", "comment"}, "a rule"))
            return;
        if (!statements->is_array())
            return void(out_.expected(*statements, "an array of statements"));
        if (statements->empty())
            return void(out_.fault(*statements, "a rule needs a match, a counter or a verdict"));
        for (const json& statement : *statements)
            if (!write_statement(out_, statement))
                return;
        write_comment(rule, "");
        end_line(rule);
    }

    void write_comment(const json& object, std::string_view end) {
        const auto comment = object.find("comment");
        if (comment == object.end())
            return;
        out_.put(*comment, "comment");
        if (out_.put_quoted(*comment, "a comment") && !end.empty())
            end_line(*comment);
    }

    bool end_line(const json& from) {
        out_.put(from, "\n");
        return true;
    }

    JsonWriter& out_;
    bool needs_devices_;
};

}  // namespace

void write_ruleset(JsonWriter& out, const json& document, bool needs_devices) {
    for (const TableParts& table : Gatherer(out).gather(document))
        if (!out.full())
            RulesetWriter(out, needs_devices).write(table);
}

}  // namespace xdpctl::lang
