// SPDX-License-Identifier: BSD-2-Clause
#include "import/iptables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "import/ipset.h"
#include "import/iptables_rule.h"
#include "import/output.h"
#include "import/words.h"
#include "ruleset/check.h"

namespace xdpctl::importing {

namespace {

struct SourceRule {
    std::size_t line;
    std::string text;
    std::string counts;              // "packets N bytes N" or empty
    std::vector<std::string> words;  // behind the chain's name
};

struct SourceChain {
    std::string policy;  // empty for a regular chain
    std::vector<SourceRule> rules;
};

// By table, then by chain.
using Source = std::map<std::string, std::map<std::string, SourceChain>>;

std::unexpected<Error> bad_line(std::size_t line, std::string_view text, std::string why) {
    return fail(ErrorKind::Input, fmt::format("line {}: {}", line, why), fmt::format("the line is: {}", text),
                "give what iptables-save prints, or iptables commands");
}

bool is_built_in(std::string_view chain) {
    constexpr std::array<std::string_view, 5> names{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
    return std::ranges::find(names, chain) != names.end();
}

// Reads lines of iptables-save (`-A INPUT ...` below `*filter`), of iptables -S, and iptables commands.
class Reader {
public:
    Result<Source> read(std::string_view text) {
        XDPCTL_TRY(
            read_lines(text, [&](std::size_t number, std::string_view line) { return read_line(number, line); }));
        if (source_.empty())
            return fail(ErrorKind::Input, "there is no rule and no chain in it", {}, "give what iptables-save prints");
        return std::move(source_);
    }

private:
    Status read_line(std::size_t number, std::string_view line) {
        if (line == "COMMIT")
            return {};
        if (line.starts_with('*')) {
            table_ = line.substr(1);
            source_[table_];
            return {};
        }
        if (line.starts_with(':'))
            return read_chain(number, line);
        auto words = split_words(line);
        if (!words)
            return bad_line(number, line, "a quote is not closed");
        return read_command(number, line, *std::move(words));
    }

    // ":INPUT ACCEPT [12:3456]"
    Status read_chain(std::size_t number, std::string_view line) {
        const auto words = split_words(line.substr(1));
        if (!words || words->size() < 2)
            return bad_line(number, line, "a chain needs a name and a policy");
        SourceChain& chain = source_[table_][words->at(0)];
        chain.policy = words->at(1) == "-" ? "" : words->at(1);
        return {};
    }

    // "[12:3456] -A INPUT ...", "iptables -t raw -A PREROUTING ..."
    Status read_command(std::size_t number, std::string_view line, std::vector<std::string> words) {
        std::string counts;
        std::string table = table_;
        std::string command;
        std::string chain;
        std::size_t position = 1;
        std::vector<std::string> rest;
        std::span<const std::string> left(words);
        if (left.front().starts_with('[')) {
            counts = counts_of(left.front());
            left = left.subspan(1);
        }
        if (!left.empty() && (left.front().ends_with("iptables") || left.front().ends_with("ip6tables")))
            left = left.subspan(1);
        while (!left.empty()) {
            const std::string& word = left.front();
            left = left.subspan(1);
            if ((word == "-t" || word == "--table") && !left.empty()) {
                table = left.front();
                left = left.subspan(1);
            } else if (word == "-c" && left.size() > 1 && !command.empty()) {
                counts = fmt::format("packets {} bytes {}", left[0], left[1]);
                left = left.subspan(2);
            } else if (word == "-w" || word == "--wait") {
                continue;
            } else if (command.empty() && is_command(word) && !left.empty()) {
                command = word;
                chain = left.front();
                left = left.subspan(1);
            } else {
                rest.push_back(word);
            }
        }
        if (command == "-N" || command == "--new-chain") {
            source_[table][chain];
            return {};
        }
        if ((command == "-P" || command == "--policy") && rest.size() == 1) {
            source_[table][chain].policy = rest.front();
            return {};
        }
        if (command == "-I" || command == "--insert") {
            if (!rest.empty() && rest.front().find_first_not_of("0123456789") == std::string::npos) {
                if (rest.front().size() > 6)
                    return bad_line(number, line, "the rule's number is too large");
                position = std::stoul(rest.front());
                rest.erase(rest.begin());
            }
            std::vector<SourceRule>& rules = source_[table][chain].rules;
            if (position == 0 || position > rules.size() + 1)
                return bad_line(number, line, "the chain has no such rule number");
            rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(position - 1),
                         {number, std::string(line), counts, std::move(rest)});
            return {};
        }
        if (command == "-A" || command == "--append") {
            source_[table][chain].rules.push_back({number, std::string(line), counts, std::move(rest)});
            return {};
        }
        return bad_line(number, line, "only -A, -I, -N and -P are read");
    }

    static bool is_command(std::string_view word) {
        constexpr std::array<std::string_view, 8> commands{"-A", "--append",    "-I", "--insert",
                                                           "-N", "--new-chain", "-P", "--policy"};
        return std::ranges::find(commands, word) != commands.end();
    }

    // "[12:3456]"
    static std::string counts_of(std::string_view text) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos || !text.ends_with(']'))
            return {};
        return fmt::format("packets {} bytes {}", text.substr(1, colon - 1),
                           text.substr(colon + 1, text.size() - colon - 2));
    }

    std::string table_ = "filter";
    Source source_;
};

struct Picked {
    std::string table;
    std::string chain;
};

bool has_rules(const Source& source, const std::string& table, const std::string& chain) {
    const auto found = source.find(table);
    if (found == source.end())
        return false;
    const auto in_table = found->second.find(chain);
    return in_table != found->second.end() && (!in_table->second.rules.empty() || in_table->second.policy == "DROP");
}

Result<Picked> pick(const Source& source, const std::optional<std::string>& wanted) {
    if (wanted) {
        const std::size_t colon = wanted->find(':');
        const Picked picked = colon == std::string::npos ? Picked{"filter", *wanted}
                                                         : Picked{wanted->substr(0, colon), wanted->substr(colon + 1)};
        const auto table = source.find(picked.table);
        if (table == source.end() || !table->second.contains(picked.chain))
            return fail(ErrorKind::NotFound,
                        fmt::format("there is no chain {} in table {}", picked.chain, picked.table), {},
                        "name it TABLE:CHAIN, as in raw:PREROUTING");
        return picked;
    }
    std::vector<Picked> usable;
    for (const char* table : {"raw", "mangle"})
        if (has_rules(source, table, "PREROUTING"))
            usable.push_back({table, "PREROUTING"});
    if (usable.size() == 1)
        return usable.front();
    if (usable.size() > 1)
        return fail(ErrorKind::Input, "both raw:PREROUTING and mangle:PREROUTING have rules",
                    "a packet passes one behind the other", "name the one to convert: --chain raw:PREROUTING");
    return fail(
        ErrorKind::Input, "no chain in it judges every packet of a device",
        "raw:PREROUTING and mangle:PREROUTING have no rules",
        "name the chain to convert all the same: --chain filter:INPUT; its rules then judge forwarded packets too");
}

// Chains that the rules of one lead to, itself included.
std::vector<std::string> reachable(const std::map<std::string, SourceChain>& chains, const std::string& from) {
    std::vector<std::string> out{from};
    for (std::size_t next = 0; next < out.size(); ++next)
        for (const SourceRule& rule : chains.at(out[next]).rules)
            for (std::size_t i = 0; i + 1 < rule.words.size(); ++i) {
                const std::string& option = rule.words[i];
                const bool leads = option == "-j" || option == "--jump" || option == "-g" || option == "--goto";
                if (leads && chains.contains(rule.words[i + 1]) &&
                    std::ranges::find(out, rule.words[i + 1]) == out.end())
                    out.push_back(rule.words[i + 1]);
            }
    return out;
}

// Names that the dialect can have; another name is made for those it cannot.
std::map<std::string, std::string> name_chains(const std::vector<std::string>& chains, const Place& place) {
    std::map<std::string, std::string> out;
    std::size_t number = 0;
    for (const std::string& chain : chains) {
        if (is_built_in(chain))
            continue;
        std::string name = chain;
        while (ruleset::name_fault(name) || name == place.chain ||
               (name != chain && std::ranges::find(chains, name) != chains.end()))
            name = fmt::format("chain-{}", ++number);
        out.emplace(chain, std::move(name));
    }
    return out;
}

class Converter {
public:
    Converter(const Source& source, Picked picked, const IptablesOptions& options)
        : source_(source), chains_(source.at(picked.table)), picked_(std::move(picked)), options_(options) {}

    Result<Conversion> convert() {
        auto sets = convert_sets(options_.sets, conversion_);
        if (!sets)
            return std::unexpected(std::move(sets).error().within("cannot read the sets"));
        sets_ = *std::move(sets);
        const std::vector<std::string> reached = reachable(chains_, picked_.chain);
        names_ = name_chains(reached, options_.place);
        TableText table;
        table.sets = sets_.blocks;
        // nft wants a chain before the rules that lead to it.
        for (auto chain = reached.rbegin(); chain != reached.rend(); ++chain)
            if (*chain != picked_.chain)
                table.chains.push_back(convert_chain(*chain, names_.at(*chain)));
        table.base = convert_chain(picked_.chain, options_.place.chain);
        if (drops_by_policy())
            table.base->lines.push_back(
                fmt::format("{} counter drop comment \"policy\"", family_match(options_.family)));
        leave_out_others(reached);
        std::ranges::stable_sort(conversion_.left_out, {}, &LeftOut::line);
        conversion_.ruleset = print(table, options_.place);
        return std::move(conversion_);
    }

private:
    [[nodiscard]] bool drops_by_policy() const { return chains_.at(picked_.chain).policy == "DROP"; }

    ChainText convert_chain(const std::string& chain, const std::string& name) {
        ChainText out{name, {}};
        const RuleContext context{.family = options_.family,
                                  .drops_by_policy = chain == picked_.chain && drops_by_policy(),
                                  .chains = names_,
                                  .sets = sets_};
        for (const SourceRule& rule : chains_.at(chain).rules) {
            ++conversion_.total;
            auto converted = convert_rule(rule.words, rule.counts, context);
            conversion_.converted += converted ? 1U : 0U;
            out.lines.push_back(converted ? *std::move(converted)
                                          : leave_out(conversion_, rule.line, rule.text, std::move(converted).error()));
        }
        return out;
    }

    // Rules of chains that this conversion is not about.
    void leave_out_others(const std::vector<std::string>& reached) {
        for (const auto& [table, chains] : source_)
            for (const auto& [chain, content] : chains) {
                if (table == picked_.table && std::ranges::find(reached, chain) != reached.end())
                    continue;
                for (const SourceRule& rule : content.rules) {
                    ++conversion_.total;
                    conversion_.left_out.push_back(
                        {rule.line,
                         rule.text,
                         {fmt::format("it is in {}:{}, and {}:{} is converted", table, chain, picked_.table,
                                      picked_.chain),
                          is_built_in(chain) ? fmt::format("--chain {}:{}", table, chain) : std::string()}});
                }
            }
    }

    const Source& source_;
    const std::map<std::string, SourceChain>& chains_;
    Picked picked_;
    const IptablesOptions& options_;
    Conversion conversion_;
    ConvertedSets sets_;
    std::map<std::string, std::string> names_;
};

}  // namespace

Result<Conversion> convert_iptables(std::string_view text, const IptablesOptions& options) {
    const auto source = Reader().read(text);
    if (!source)
        return std::unexpected(source.error());
    auto picked = pick(*source, options.chain);
    if (!picked)
        return std::unexpected(std::move(picked).error());
    return Converter(*source, *std::move(picked), options).convert();
}

}  // namespace xdpctl::importing
