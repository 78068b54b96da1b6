// SPDX-License-Identifier: BSD-2-Clause
#include "lang/outline.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "lang/parse.h"

namespace xdpctl::lang {
namespace {

constexpr std::string_view chain_start = "\tchain ";
constexpr std::string_view rule_start = "\t\t";
constexpr std::string_view handle_start = " # handle ";
constexpr std::string_view counter_start = "counter packets ";
constexpr std::string_view bytes_start = " bytes ";

// Takes a number from the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

// Takes ` # handle N` from the end. A comment that says so ends with a quotation mark.
std::optional<Handle> take_handle(std::string_view& line) {
    const std::size_t digits = line.find_last_not_of("0123456789") + 1;
    if (!line.substr(0, digits).ends_with(handle_start))
        return std::nullopt;
    std::string_view number = line.substr(digits);
    const auto handle = take_number(number);
    if (!handle)
        return std::nullopt;
    line.remove_suffix(line.size() - digits + handle_start.size());
    return Handle{*handle};
}

// Where the numbers of the rule's counter begin; strings that look like a counter are in quotation marks.
std::size_t find_numbers(std::string_view rule) {
    for (std::size_t at = rule.find(counter_start); at != std::string_view::npos;
         at = rule.find(counter_start, at + 1)) {
        const bool is_word = at == 0 || rule[at - 1] == ' ';
        if (is_word && std::ranges::count(rule.substr(0, at), '"') % 2 == 0)
            return at + counter_start.size();
    }
    return std::string_view::npos;
}

// `5 bytes 420`; takes it from the front.
std::optional<Count> take_count(std::string_view& text) {
    const auto packets = take_number(text);
    if (!packets || !text.starts_with(bytes_start))
        return std::nullopt;
    text.remove_prefix(bytes_start.size());
    const auto bytes = take_number(text);
    return bytes ? std::optional(Count{*packets, *bytes}) : std::nullopt;
}

std::optional<Count> start_of(std::string_view rule) {
    const std::size_t numbers = find_numbers(rule);
    if (numbers == std::string_view::npos)
        return std::nullopt;
    rule.remove_prefix(numbers);
    return take_count(rule);
}

bool has_rules(const ruleset::Ruleset& ruleset) {
    return std::ranges::any_of(ruleset.tables, [](const ruleset::Table& table) {
        return std::ranges::any_of(table.chains, [](const ruleset::Chain& chain) { return !chain.rules.empty(); });
    });
}

}  // namespace

std::string RuleLine::stateless() const {
    if (!start)
        return std::string(text);
    const std::size_t numbers = find_numbers(text);
    std::string_view rest = text.substr(numbers);
    (void)take_count(rest);
    std::string out(text.substr(0, numbers - std::string_view(" packets ").size()));
    return out.append(rest);
}

const std::vector<RuleLine>& Outline::rules_of(const ruleset::Chain& chain) const {
    static const std::vector<RuleLine> none;
    const auto found = rules.find(chain.handle);
    return found == rules.end() ? none : found->second;
}

Result<Outline> read_outline(std::string_view text, std::string_view source) {
    Outline outline;
    std::string frame;  // everything else
    std::vector<RuleLine>* chain = nullptr;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view line = text.substr(begin, end - begin);
        begin = end + 1;
        if (chain != nullptr && line.starts_with(rule_start)) {
            std::string_view rule = line.substr(rule_start.size());
            if (const auto handle = take_handle(rule)) {
                chain->push_back({*handle, rule, start_of(rule)});
                continue;
            }
        }
        frame.append(line).push_back('\n');
        if (line.starts_with(rule_start))
            continue;
        const bool is_chain = line.starts_with(chain_start);
        const auto handle = take_handle(line);
        chain = is_chain && handle ? &outline.rules[*handle] : nullptr;
    }
    auto ruleset = parse_ruleset(frame, source, true);
    if (!ruleset)
        return std::unexpected(std::move(ruleset).error());
    if (has_rules(*ruleset))
        return fail(ErrorKind::Input, "a rule has no handle");
    outline.ruleset = *std::move(ruleset);
    return outline;
}

}  // namespace xdpctl::lang
