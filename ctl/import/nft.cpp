// SPDX-License-Identifier: BSD-2-Clause
#include "import/nft.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "import/nft_blocks.h"
#include "import/output.h"
#include "lang/parse.h"

namespace xdpctl::importing {

namespace {

struct Family {
    std::string_view name;
    std::string_view guard;                    // confines a rule to what the family sees
    std::vector<std::string_view> implied_by;  // beginnings of rules that are confined already
};

const std::array families{
    Family{"ip", "meta protocol ip", {"ip "}},
    Family{"ip6", "meta protocol ip6", {"ip6 "}},
    Family{"inet", "meta protocol { ip, ip6 }", {"ip ", "ip6 ", "tcp ", "udp ", "sctp ", "th ", "icmp ", "icmpv6 "}},
    Family{"netdev", "", {""}},
};

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t end = text.find(' ');
        if (end != 0)
            words.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return words;
}

std::string_view word_behind(std::span<const std::string_view> words, std::string_view word) {
    const auto at = std::ranges::find(words, word);
    return at == words.end() || at + 1 == words.end() ? std::string_view() : *(at + 1);
}

struct Chain {
    const NftItem* item = nullptr;
    std::string name;
    std::string type;  // of a base chain: "filter"; empty for a regular one
    std::string hook;
    std::string header;  // the statement with both
    bool drops = false;  // policy
    std::vector<const NftItem*> rules;
};

struct Table {
    const NftItem* item = nullptr;
    const Family* family = nullptr;
    std::string name;
    std::vector<const NftItem*> sets;  // and maps
    std::vector<Chain> chains;
};

Chain read_chain(const NftItem& item) {
    Chain chain{.item = &item,
                .name = item.text.substr(item.text.find(' ') + 1),
                .type = {},
                .hook = {},
                .header = {},
                .drops = false,
                .rules = {}};
    for (const NftItem& statement : item.body) {
        const auto words = words_of(statement.text);
        if (words.front() == "type") {
            chain.type = word_behind(words, "type");
            chain.hook = word_behind(words, "hook");
            chain.header = statement.text;
        } else if (words.front() == "policy") {
            chain.drops = words.back() == "drop";
        } else if (words.front() != "comment" && words.front() != "devices" && words.front() != "flags") {
            chain.rules.push_back(&statement);
        }
    }
    return chain;
}

bool sees_all_packets(const Chain& chain) {
    return chain.type == "filter" && (chain.hook == "ingress" || chain.hook == "prerouting");
}

// "device \"eth0\"" and "devices = { eth0, eth1 }" in a chain's header.
std::vector<std::string> devices_of(std::string_view header) {
    std::vector<std::string> out;
    std::size_t at = header.find("device");
    if (at == std::string_view::npos)
        return out;
    const std::size_t end = std::min(header.find(" priority", at), header.size());
    std::string_view rest = header.substr(at, end - at);
    rest.remove_prefix(std::min(rest.find(' '), rest.size()));
    std::string name;
    for (const char c : rest) {
        if (std::string_view(" ={},\"").find(c) == std::string_view::npos)
            name += c;
        else if (!name.empty())
            out.push_back(std::exchange(name, {}));
    }
    if (!name.empty())
        out.push_back(std::move(name));
    return out;
}

class Converter {
public:
    explicit Converter(const NftOptions& options) : options_(options), place_(options.place) {}

    Result<Conversion> convert(const std::vector<NftItem>& items) {
        for (const NftItem& item : items)
            read_top(item);
        const auto picked = pick();
        if (!picked)
            return std::unexpected(picked.error());
        const Table& table = *picked->first;
        const Chain& base = *picked->second;
        if (place_.devices.empty())
            place_.devices = devices_of(base.header);
        TableText text;
        text.preamble = defines_;
        for (const NftItem* set : table.sets)
            convert_set(*set, text);
        for (const Chain& chain : table.chains)
            if (chain.type.empty())
                text.chains.push_back(convert_chain(table, chain, chain.name, false));
        text.base = convert_chain(table, base, place_.chain, base.drops);
        if (base.drops)
            text.base->lines.push_back(join(table.family->guard, "counter drop comment \"policy\""));
        leave_out_others(table, base);
        std::ranges::stable_sort(conversion_.left_out, {}, &LeftOut::line);
        conversion_.ruleset = print(text, place_);
        return std::move(conversion_);
    }

private:
    static std::string join(std::string_view guard, std::string_view rule) {
        return guard.empty() ? std::string(rule) : fmt::format("{} {}", guard, rule);
    }

    void refuse(const NftItem& item, std::string why, std::string next = {}) {
        ++conversion_.total;
        conversion_.left_out.push_back({item.line, item.text, {std::move(why), std::move(next)}});
    }

    void read_top(const NftItem& item) {
        const auto words = words_of(item.text);
        if (item.is_block && words.front() == "table") {
            read_table(item, words);
        } else if (words.front() == "define" || words.front() == "redefine") {
            defines_.push_back(item.text);
        } else if (words.front() == "include") {
            refuse(item, "included files are not read", "give what 'nft list ruleset' prints");
        } else if (item.text != "flush ruleset") {
            refuse(item, "only tables are read, not commands", "give what 'nft list ruleset' prints");
        }
    }

    void read_table(const NftItem& item, std::span<const std::string_view> words) {
        const std::string_view family = words.size() > 2 ? words[1] : "ip";
        const auto known = std::ranges::find(families, family, &Family::name);
        if (known == families.end() || words.size() < 2)
            return refuse(item, fmt::format("tables of family {} have no equal", family));
        Table table{.item = &item, .family = &*known, .name = std::string(words.back()), .sets = {}, .chains = {}};
        for (const NftItem& inner : item.body) {
            const std::string_view kind = std::string_view(inner.text).substr(0, inner.text.find(' '));
            if (inner.is_block && kind == "chain")
                table.chains.push_back(read_chain(inner));
            else if (inner.is_block && (kind == "set" || kind == "map"))
                table.sets.push_back(&inner);
            else if (kind != "comment" && kind != "flags")
                refuse(inner, fmt::format("'{}' in a table has no equal", kind));
        }
        tables_.push_back(std::move(table));
    }

    Result<std::pair<const Table*, const Chain*>> pick() const {
        std::vector<std::pair<const Table*, const Chain*>> usable;
        for (const Table& table : tables_)
            for (const Chain& chain : table.chains) {
                if (options_.chain && !chain.type.empty() && *options_.chain == table.name + ':' + chain.name)
                    return std::pair{&table, &chain};
                if (sees_all_packets(chain))
                    usable.emplace_back(&table, &chain);
            }
        if (options_.chain)
            return fail(ErrorKind::NotFound, fmt::format("there is no base chain {}", *options_.chain), {},
                        "name it TABLE:CHAIN");
        if (usable.size() == 1)
            return usable.front();
        if (usable.empty())
            return fail(ErrorKind::Input, "no chain in it judges every packet of a device",
                        "there is no filter chain at the hook ingress or prerouting",
                        "name the chain to convert all the same: --chain TABLE:CHAIN");
        return fail(ErrorKind::Input, "several chains in it judge every packet of a device",
                    "a packet passes one behind the other",
                    fmt::format("name the one to convert: --chain {}:{}", usable.front().first->name,
                                usable.front().second->name));
    }

    [[nodiscard]] std::string prefix() const {
        std::string out;
        for (const std::string& line : defines_)
            out += line + '\n';
        return out;
    }

    void convert_set(const NftItem& set, TableText& text) {
        ++conversion_.total;
        std::string block = fmt::format("\t{} {{\n", set.text);
        for (const NftItem& statement : set.body)
            block += fmt::format("\t\t{}\n", statement.text);
        block += "\t}\n";
        const auto parsed = lang::parse_ruleset(prefix() + "table netdev t {\n" + block + "}\n", "set");
        if (parsed) {
            ++conversion_.converted;
            text.sets.push_back(std::move(block));
            return;
        }
        missing_sets_.insert('@' + set.text.substr(set.text.find(' ') + 1));
        conversion_.left_out.push_back({set.line, set.text, reason_of(parsed.error())});
    }

    ChainText convert_chain(const Table& table, const Chain& chain, const std::string& name, bool drops_by_policy) {
        ChainText out{name, {}};
        for (const NftItem* rule : chain.rules) {
            ++conversion_.total;
            auto converted = convert_rule(*table.family, rule->text, drops_by_policy);
            conversion_.converted += converted ? 1U : 0U;
            out.lines.push_back(converted
                                    ? *std::move(converted)
                                    : leave_out(conversion_, rule->line, rule->text, std::move(converted).error()));
        }
        return out;
    }

    std::expected<std::string, Reason> convert_rule(const Family& family, std::string_view text,
                                                    bool drops_by_policy) const {
        const auto words = words_of(text);
        const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
        for (const std::string_view word : words)
            if (missing_sets_.contains(std::string(word)))
                return std::unexpected(Reason{fmt::format("{} is left out", word), {}});
        std::string rule(text);
        if (drops_by_policy && (has("goto") || has("return"))) {
            if (words.back() != "return" || std::ranges::count(words, "return") != 1)
                return std::unexpected(
                    Reason{"behind it the base chain's policy drop would follow, which is a rule here",
                           "use jump, and end the chain with drop"});
            rule = std::string(text.substr(0, text.size() - std::string_view("return").size())) + "drop";
        }
        const bool confined =
            std::ranges::any_of(family.implied_by, [&](std::string_view start) { return rule.starts_with(start); });
        if (!confined)
            rule = join(family.guard, rule);
        if (const auto parsed = parse(rule); !parsed)
            return std::unexpected(reason_of(parsed.error()));
        return rule;
    }

    [[nodiscard]] Status parse(const std::string& rule) const {
        if (rule.find('$') == std::string::npos) {
            const auto parsed = lang::parse_rule(rule, "rule");
            return parsed ? Status() : Status(std::unexpected(parsed.error()));
        }
        const auto parsed =
            lang::parse_ruleset(fmt::format("{}table netdev t {{\nchain c {{\n{}\n}}\n}}\n", prefix(), rule), "rule");
        return parsed ? Status() : Status(std::unexpected(parsed.error()));
    }

    void leave_out_others(const Table& table, const Chain& base) {
        for (const Table& other : tables_)
            for (const Chain& chain : other.chains) {
                if (&other == &table && (&chain == &base || chain.type.empty()))
                    continue;
                for (const NftItem* rule : chain.rules) {
                    const bool other_base = !chain.type.empty();
                    refuse(*rule,
                           fmt::format("it is in {}:{}, and {}:{} is converted", other.name, chain.name, table.name,
                                       base.name),
                           other_base ? fmt::format("--chain {}:{}", other.name, chain.name) : std::string());
                }
            }
    }

    const NftOptions& options_;
    Place place_;
    std::vector<Table> tables_;
    std::vector<std::string> defines_;
    std::set<std::string> missing_sets_;
    Conversion conversion_;
};

}  // namespace

Result<Conversion> convert_nft(std::string_view text, const NftOptions& options) {
    const auto items = read_blocks(text);
    if (!items)
        return std::unexpected(items.error());
    if (items->empty())
        return fail(ErrorKind::Input, "there is no table in it", {}, "give what 'nft list ruleset' prints");
    return Converter(options).convert(*items);
}

}  // namespace xdpctl::importing
