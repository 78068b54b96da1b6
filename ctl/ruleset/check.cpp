// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "base/suggest.h"
#include "maps/chain.h"
#include "maps/counter.h"
#include "ruleset/reach.h"

namespace xdpctl::ruleset {
namespace {

// Words that nft 1.0.6 does not take as a name of a table or chain, because they are words of its language.
constexpr std::string_view reserved_words[] = {
    "accept",   "add",      "ah",          "all",        "and",      "arp",      "auto-merge", "bridge",    "cgroup",
    "chain",    "comment",  "comp",        "constant",   "continue", "counter",  "cpu",        "create",    "ct",
    "day",      "dccp",     "define",      "delete",     "describe", "device",   "devices",    "dnat",      "drop",
    "dst",      "dup",      "dynamic",     "ecn",        "element",  "elements", "eq",         "esp",       "ether",
    "exists",   "expires",  "export",      "exthdr",     "fib",      "flags",    "flow",       "flowtable", "flush",
    "frag",     "fwd",      "gc-interval", "ge",         "get",      "goto",     "gt",         "handle",    "hbh",
    "hook",     "hour",     "ibriport",    "ibrname",    "icmp",     "icmpv6",   "igmp",       "iif",       "iifgroup",
    "iifname",  "iiftype",  "import",      "include",    "index",    "inet",     "insert",     "interval",  "ip",
    "ip6",      "ipsec",    "jhash",       "jump",       "le",       "limit",    "list",       "log",       "lshift",
    "lt",       "map",      "mark",        "masquerade", "meta",     "meter",    "mh",         "missing",   "monitor",
    "ne",       "netdev",   "nftrace",     "not",        "notrack",  "numgen",   "obriport",   "obrname",   "offload",
    "oif",      "oifgroup", "oifname",     "oiftype",    "or",       "osf",      "pkttype",    "policy",    "position",
    "priority", "queue",    "quota",       "random",     "redefine", "redirect", "reject",     "rename",    "replace",
    "reset",    "return",   "rshift",      "rt",         "rt0",      "rt2",      "rtclassid",  "rule",      "ruleset",
    "sctp",     "secmark",  "set",         "size",       "skgid",    "skuid",    "snat",       "socket",    "srh",
    "symhash",  "synproxy", "table",       "tcp",        "th",       "time",     "timeout",    "tproxy",    "type",
    "typeof",   "udp",      "udplite",     "undefine",   "update",   "vlan",     "vmap",       "xor",       "xt",
};
static_assert(std::ranges::is_sorted(reserved_words));

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// U+0080 to U+009F, which terminals may obey like escape sequences.
bool has_wide_control(std::string_view text) {
    for (std::size_t i = text.find('\xc2'); i != std::string_view::npos; i = text.find('\xc2', i + 1)) {
        if (i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
            return true;
    }
    return false;
}

// The length of the UTF-8 sequence that starts there, 0 when there is none.
std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80)
        return 1;
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || size > text.size())
        return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
    const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
    const bool past_end = lead == 0xf4 && byte(1) >= 0x90;
    return overlong || surrogate || past_end ? 0 : size;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = utf8_sequence(text);
        if (size == 0)
            return false;
        text.remove_prefix(size);
    }
    return true;
}

// Why a text in quotation marks cannot stand in a ruleset.
std::optional<std::string> text_fault(std::string_view what, std::string_view text, std::size_t size_max) {
    if (text.size() > size_max)
        return fmt::format("the {} is longer than {} bytes", what, size_max);
    if (text.find('"') != std::string_view::npos || std::ranges::any_of(text, is_control) || has_wide_control(text))
        return fmt::format("a {} cannot have quotation marks or control characters", what);
    if (!is_utf8(text))
        return fmt::format("the {} is not valid UTF-8", what);
    return std::nullopt;
}

Value value_limit(const FieldInfo& field) {
    return field.bits == 128 ? ~Value{0} : (Value{1} << field.bits) - 1;
}

std::string full_name(const FieldInfo& field) {
    return fmt::format("{} {}", field.protocol, field.name);
}

std::optional<std::string> interface_fault(const Match& match, const FieldInfo& field, std::optional<Hook> hook) {
    const bool is_incoming = match.field == Field::MetaIifname || match.field == Field::MetaIif;
    if (hook && is_incoming != (*hook == Hook::Ingress))
        return fmt::format("{} is not known on the {} hook", field.name, hook_name(*hook));
    if (match.relation != Relation::Equal && match.relation != Relation::NotEqual)
        return fmt::format("{} has no order: only == and != compare it", field.name);
    if (match.names.empty() || !match.values.empty() || match.mask)
        return fmt::format("{} needs interface names", field.name);
    if (match.is_set != (match.names.size() > 1))
        return fmt::format("{}: a set has two or more names", field.name);
    if (!std::ranges::is_sorted(match.names) || std::ranges::adjacent_find(match.names) != match.names.end())
        return fmt::format("{}: names are not sorted", field.name);
    for (std::string_view name : match.names) {
        if (field.type == ValueType::Ifname && name.ends_with('*'))
            name.remove_suffix(1);
        if (auto fault = device_fault(name))
            return fmt::format("{}: {}", field.name, *fault);
    }
    return std::nullopt;
}

std::optional<std::string> value_fault(const Match& match, const FieldInfo& field) {
    const Value limit = value_limit(field);
    if (!match.names.empty())
        return fmt::format("{} does not compare names", full_name(field));
    const bool is_disjoint = match.ones == 0 || (match.mask && (*match.mask & match.ones) == 0);
    if (match.mask.value_or(0) > limit || match.ones > limit || !is_disjoint ||
        (match.mask && field.type == ValueType::Existence))
        return fmt::format("{} has no such bits", full_name(field));
    if (match.is_flags)
        return field.type == ValueType::TcpFlag && match.mask && match.ones == 0 && match.values.empty() &&
                       match.relation == Relation::Equal && !match.is_set
                   ? std::nullopt
                   : std::optional(fmt::format("{}: a test of flags has a mask and no values", full_name(field)));
    if (match.values.empty() || match.is_set != (match.values.size() > 1))
        return fmt::format("{}: a set has two or more values", full_name(field));
    const bool ordered = match.relation != Relation::Equal && match.relation != Relation::NotEqual;
    if (ordered && (match.is_set || match.values[0].first != match.values[0].last))
        return fmt::format("{}: an order compares one value", full_name(field));
    const Interval* previous = nullptr;
    for (const Interval& interval : match.values) {
        if (interval.first > interval.last || interval.last > limit)
            return fmt::format("{}: value out of range", full_name(field));
        if (previous != nullptr && interval.first <= previous->last)
            return fmt::format("{}: values overlap or are not sorted", full_name(field));
        previous = &interval;
    }
    return std::nullopt;
}

std::optional<std::string> match_fault(const Match& match, std::optional<Hook> hook) {
    const FieldInfo field = field_of(match);
    if (match.field == Field::Raw)
        if (auto fault = payload_fault(match.payload))
            return fault;
    return is_interface(field.type) ? interface_fault(match, field, hook) : value_fault(match, field);
}

std::optional<std::string> rule_fault(const Rule& rule, std::optional<Hook> hook) {
    if (rule.statements.empty())
        return "a rule needs a statement";
    bool counted = false;
    bool logged = false;
    bool limited = false;
    std::size_t left = rule.statements.size();
    for (const Statement& statement : rule.statements) {
        if (--left > 0 && ends_rule(statement))
            return "nothing can follow a verdict";
        if (std::holds_alternative<Counter>(statement) && std::exchange(counted, true))
            return "a rule has one counter";
        if (const auto* log = std::get_if<Log>(&statement)) {
            if (std::exchange(logged, true))
                return "a rule has one log";
            if (auto fault = log_fault(*log))
                return fault;
        }
        if (const auto* limit = std::get_if<Limit>(&statement)) {
            if (std::exchange(limited, true))
                return "a rule has one limit";
            if (auto fault = limit_fault(*limit))
                return fault;
        }
        if (const auto* match = std::get_if<Match>(&statement))
            if (auto fault = match_fault(*match, hook))
                return fault;
    }
    if (auto fault = comment_fault(rule.comment))
        return fault;
    return std::nullopt;
}

// Of one part of all keys.
std::optional<std::string> range_fault(const Elements& elements, std::size_t part, unsigned bits, bool is_interval) {
    const Value limit = bits == 0 || bits >= 128 ? ~Value{0} : (Value{1} << bits) - 1;
    for (std::size_t element = 0; element < elements.size(); ++element) {
        const Interval interval = elements.interval(element, part);
        if (interval.first > interval.last || interval.last > limit)
            return "it has an element that is out of range";
        if (interval.first != interval.last && !is_interval)
            return "ranges and prefixes need flags interval";
    }
    return std::nullopt;
}

std::string text_of(std::span<const Field> fields) {
    std::string text;
    for (const Field field : fields)
        text += (text.empty() ? "" : " . ") + full_name(info(field));
    return text;
}

std::string text_of(std::span<const KeyPart> key) {
    std::string text;
    for (const KeyPart& part : key)
        text += fmt::format("{}{}", text.empty() ? "" : " . ", type_word(part));
    return text;
}

bool accepts(std::span<const KeyPart> key, std::span<const Field> fields) {
    return std::ranges::equal(key, fields, [](const KeyPart& part, Field field) { return accepts(part, field); });
}

template <typename Object>
std::string near(std::string_view name, const std::vector<Object>& objects) {
    std::vector<std::string_view> names;
    for (const Object& object : objects)
        names.push_back(object.name);
    return did_you_mean(name, names);
}

// Checks what stands in a rule against the table it is in.
class References {
public:
    References(const Table& table, std::optional<Hook> hook) : table_(table), hook_(hook) {}

    std::optional<Problem> check(const Rule& rule) {
        for (const Statement& statement : rule.statements) {
            std::optional<Problem> found;
            if (const auto* lookup = std::get_if<Lookup>(&statement))
                found = check(*lookup);
            else if (const auto* map = std::get_if<VerdictMap>(&statement))
                found = check(*map);
            else if (const auto* branch = std::get_if<Branch>(&statement))
                found = check(*branch, rule.position);
            if (found)
                return found;
        }
        return std::nullopt;
    }

    std::optional<Problem> check(const Set& map) {
        for (const Outcome& outcome : map.elements->outcomes())
            if (const auto* branch = std::get_if<Branch>(&outcome))
                if (auto found = check(*branch, map.position))
                    return found;
        return std::nullopt;
    }

private:
    static Problem refuse(SourcePosition position, std::string what, std::string next = {}) {
        return {.what = std::move(what), .next = std::move(next), .position = position};
    }

    std::optional<Problem> check(const Lookup& lookup) {
        if (lookup.relation != Relation::Equal && lookup.relation != Relation::NotEqual)
            return refuse(lookup.position, fmt::format("{}: a set has no order", text_of(lookup.fields)),
                          "write @name or != @name");
        if (lookup.set.empty() && lookup.fields.size() == 1)
            return refuse(lookup.position, "a set without a name behind one field is a match with values");
        return check(lookup.fields, lookup.set, *lookup.elements, lookup.position, false);
    }

    std::optional<Problem> check(const VerdictMap& map) {
        if (auto found = check(map.fields, map.map, *map.elements, map.position, true))
            return found;
        for (const Outcome& outcome : map.elements->outcomes())
            if (const auto* branch = std::get_if<Branch>(&outcome))
                if (auto found = check(*branch, map.position))
                    return found;
        return std::nullopt;
    }

    std::optional<Problem> check(std::span<const Field> fields, const std::string& name, const Elements& elements,
                                 SourcePosition position, bool is_map) {
        if (fields.empty() || fields.size() > key_parts_max)
            return refuse(position, fmt::format("a key has 1 to {} parts", key_parts_max));
        for (const Field field : fields)
            if (hook_ && field == (*hook_ == Hook::Ingress ? Field::MetaOifname : Field::MetaIifname))
                return refuse(position,
                              fmt::format("{} is not known on the {} hook", info(field).name, hook_name(*hook_)));
        if (name.empty())
            return check_anonymous(fields, elements, position, is_map);
        const std::string_view kind = is_map ? "map" : "set";
        const Set* set = table_.find_set(name);
        if (set == nullptr)
            return refuse(position, fmt::format("table {} has no {} '{}'", table_.name, kind, name),
                          near(name, table_.sets));
        if (set->is_map != is_map)
            return refuse(position, fmt::format("'{}' is no {}", name, kind),
                          is_map ? "look it up with: @name" : "use it with: vmap @name");
        if (!accepts(set->key, fields))
            return refuse(position, fmt::format("{} {} has elements of type {}, which {} is not", kind, set->name,
                                                text_of(set->key), text_of(fields)));
        return std::nullopt;
    }

    static std::optional<Problem> check_anonymous(std::span<const Field> fields, const Elements& elements,
                                                  SourcePosition position, bool is_map) {
        if (elements.empty() || elements.parts() != fields.size())
            return refuse(position, "a set has at least one element, with as many parts as there are fields");
        if (is_map == elements.outcomes().empty())
            return refuse(position, "elements have outcomes in verdict maps, and only there");
        for (std::size_t part = 0; part < fields.size(); ++part)
            if (auto fault = range_fault(elements, part, key_part(fields[part]).bits, true))
                return refuse(position, *std::move(fault));
        return std::nullopt;
    }

    std::optional<Problem> check(const Branch& branch, SourcePosition position) {
        if (!branch.has_chain())
            return std::nullopt;
        const Chain* chain = table_.find_chain(branch.chain);
        if (chain == nullptr)
            return refuse(position, fmt::format("table {} has no chain '{}' to go to", table_.name, branch.chain),
                          near(branch.chain, table_.chains));
        if (chain->is_base)
            return refuse(position, fmt::format("chain '{}' has a hook: packets cannot be sent there", branch.chain),
                          "put its rules into a chain without a hook, and jump there from both");
        return std::nullopt;
    }

    const Table& table_;
    std::optional<Hook> hook_;
};

// Times, sizes and flags that do not go together.
std::optional<std::string> declaration_fault(const Set& set) {
    if (set.key.empty() || set.key.size() > key_parts_max)
        return fmt::format("its key has 1 to {} parts", key_parts_max);
    if (set.merges && !set.is_interval)
        return "auto-merge needs flags interval";
    if (set.merges && (set.is_map || set.key.size() > 1))
        return "auto-merge works on sets of one type";
    const bool expires = set.has_timeouts || set.timeout.count() != 0;
    if (set.gc_interval.count() != 0 && !expires)
        return "gc-interval needs a timeout";
    if (set.is_constant && expires)
        return "elements of a constant set cannot expire";
    if (set.size != 0 && set.elements->size() > set.size)
        return fmt::format("it has {} elements, more than its size of {}", set.elements->size(), set.size);
    return std::nullopt;
}

std::optional<std::string> note_fault(const Set& set, const ElementNote& note) {
    if ((note.timeout.count() != 0 || note.expires.count() != 0) && !set.has_timeouts && set.timeout.count() == 0)
        return "an element has a timeout, which needs flags timeout";
    if (note.counter && !set.counts)
        return "an element has a counter, which needs the word counter in the set";
    return comment_fault(note.comment);
}

std::optional<std::string> elements_fault(const Set& set) {
    const Elements& elements = *set.elements;
    if (elements.empty())
        return std::nullopt;
    if (elements.parts() != set.key.size())
        return "its elements have another key";
    if (set.is_map == elements.outcomes().empty())
        return "elements have outcomes in verdict maps, and only there";
    for (std::size_t part = 0; part < set.key.size(); ++part)
        if (auto fault = range_fault(elements, part, set.key[part].bits, set.is_interval))
            return fault;
    for (const ElementNote& note : elements.notes())
        if (auto fault = note_fault(set, note))
            return fault;
    return std::nullopt;
}

class Checker {
public:
    std::vector<Problem> check(const Ruleset& ruleset) {
        std::unordered_set<std::string_view> names;
        for (const Table& table : ruleset.tables) {
            note("table", table.name, name_fault(table.name), table.position);
            note("table", table.name, comment_fault(table.comment), table.position);
            if (!names.insert(table.name).second)
                add(table.position, fmt::format("table {} is there twice", table.name));
            check_sets(table);
            check_chains(table);
        }
        return std::move(found_);
    }

private:
    void check_sets(const Table& table) {
        std::unordered_set<std::string_view> names;
        for (const Set& set : table.sets) {
            if (auto found = problem(set))
                found_.push_back(*std::move(found));
            if (auto found = References(table, std::nullopt).check(set))
                found_.push_back(*std::move(found));
            if (!names.insert(set.name).second)
                add(set.position, fmt::format("set {} {} is there twice", table.name, set.name));
        }
    }

    void check_chains(const Table& table) {
        const std::size_t found_before = found_.size();
        find_hooks(table);
        std::unordered_set<std::string_view> names;
        for (const Chain& chain : table.chains) {
            note("chain", chain.name, name_fault(chain.name), chain.position);
            note("chain", chain.name, comment_fault(chain.comment), chain.position);
            if (!names.insert(chain.name).second)
                add(chain.position, fmt::format("chain {} {} is there twice", table.name, chain.name));
            check_devices(table, chain);
            check_rules(table, chain);
        }
        if (found_.size() == found_before)
            check_reach(table);
    }

    // The hooks whose packets come to a chain.
    void find_hooks(const Table& table) {
        hooks_.clear();
        for (const Chain& chain : table.chains) {
            if (!chain.is_base)
                continue;
            hooks_[&chain].insert(chain.hook);
            for (const Chain* reached : reached_chains(table, chain))
                hooks_[reached].insert(chain.hook);
        }
    }

    // REQUIRES: all jumps lead somewhere.
    void check_reach(const Table& table) {
        for (const Chain& chain : table.chains)
            if (const auto fault = reach_fault(table, chain)) {
                add(chain.position, fmt::format("chain {} {}: {}", table.name, chain.name, fault->what), {},
                    fault->kind);
                return;  // the chains on the way there have the same fault
            }
    }

    void check_devices(const Table& table, const Chain& chain) {
        if (!chain.is_base && !chain.devices.empty())
            add(chain.position, fmt::format("chain {} {} has devices and no hook", table.name, chain.name));
        if (chain.devices.size() > XDPCTL_DEVICES_MAX)
            add(chain.position,
                fmt::format("chain {} {} has {} devices, at most {} are possible", table.name, chain.name,
                            chain.devices.size(), XDPCTL_DEVICES_MAX),
                "split the chain", ErrorKind::Limit);
        for (const std::string& device : chain.devices) {
            note("chain", chain.name, device_fault(device), chain.position);
            auto& owners = chain.hook == Hook::Ingress ? ingress_ : egress_;
            const auto [owner, is_first] = owners.try_emplace(device, &chain);
            if (is_first)
                continue;
            if (owner->second == &chain)
                add(chain.position, fmt::format("chain {} {} names device {} twice", table.name, chain.name, device));
            else
                add(chain.position,
                    fmt::format("device {} has two chains on hook {}: {} and {}", device, hook_name(chain.hook),
                                owner->second->name, chain.name),
                    "a device has one chain for each hook: put the rules into one chain");
        }
    }

    void check_rules(const Table& table, const Chain& chain) {
        for (const Rule& rule : chain.rules)
            if (auto found = problem_anywhere(rule, chain, table))
                found_.push_back(*std::move(found));
    }

    std::optional<Problem> problem_anywhere(const Rule& rule, const Chain& chain, const Table& table) {
        const std::set<Hook>& hooks = hooks_[&chain];
        if (hooks.empty())
            return problem(rule, std::nullopt, table);
        for (const Hook hook : hooks)
            if (auto found = problem(rule, hook, table))
                return found;
        return std::nullopt;
    }

    void note(std::string_view kind, std::string_view name, const std::optional<std::string>& fault,
              SourcePosition position) {
        if (fault)
            add(position, fmt::format("{} {}: {}", kind, name, *fault));
    }

    void add(SourcePosition position, std::string what, std::string next = {}, ErrorKind kind = ErrorKind::Input) {
        found_.push_back({.kind = kind, .what = std::move(what), .next = std::move(next), .position = position});
    }

    std::vector<Problem> found_;
    std::unordered_map<const Chain*, std::set<Hook>> hooks_;
    std::unordered_map<std::string_view, const Chain*> ingress_;
    std::unordered_map<std::string_view, const Chain*> egress_;
};

}  // namespace

std::vector<Problem> problems(const Ruleset& ruleset) {
    return Checker{}.check(ruleset);
}

std::optional<Problem> problem(const Rule& rule, std::optional<Hook> hook, const Table& table) {
    if (auto fault = rule_fault(rule, hook))
        return Problem{.what = *std::move(fault), .next = {}, .position = rule.position};
    return References(table, hook).check(rule);
}

std::optional<Problem> problem(const Set& set) {
    for (const auto& fault :
         {name_fault(set.name), comment_fault(set.comment), declaration_fault(set), elements_fault(set)})
        if (fault)
            return Problem{.what = fmt::format("{} {}: {}", set.is_map ? "map" : "set", set.name, *fault),
                           .next = {},
                           .position = set.position};
    return std::nullopt;
}

std::optional<std::string> name_fault(std::string_view name) {
    const auto is_inner = [](char c) {
        return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '/' || c == '-';
    };
    if (name.empty())
        return "the name is empty";
    if (name.size() > name_size_max)
        return fmt::format("the name is longer than {} bytes", name_size_max);
    if (!(is_letter(name[0]) || name[0] == '_') || !std::ranges::all_of(name, is_inner))
        return "a name is made of letters, digits and _ . / -, and starts with a letter or _";
    if (std::ranges::binary_search(reserved_words, name))
        return fmt::format("'{}' is a word of the language and cannot be a name", name);
    return std::nullopt;
}

std::optional<std::string> device_fault(std::string_view device) {
    const auto is_allowed = [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '/' && c != ':' && c != '"' && c != '*' &&
               c != '\\';
    };
    if (device.empty())
        return "an interface name is empty";
    if (device.size() >= XDPCTL_IFNAME_SIZE)
        return fmt::format("interface name '{}' is longer than {} bytes", device, XDPCTL_IFNAME_SIZE - 1);
    if (device == "." || device == ".." || !std::ranges::all_of(device, is_allowed) || !is_utf8(device))
        return fmt::format("'{}' cannot be an interface name", device);
    return std::nullopt;
}

std::optional<std::string> comment_fault(std::string_view comment) {
    return text_fault("comment", comment, comment_size_max);
}

std::optional<std::string> log_fault(const Log& log) {
    if (log.group && log.level != LogLevel::Warn)
        return "a log has a level or a group, not both";
    return text_fault("prefix", log.prefix, log_prefix_size_max);
}

// As nft refuses them, and buckets that take centuries to fill: nanoseconds are counted in 63 bits.
std::optional<std::string> limit_fault(const Limit& limit) {
    const bool of_packets = limit.unit == Limit::Unit::Packets;
    if (limit.rate == 0)
        return "the rate of a limit cannot be 0";
    if (of_packets && limit.burst == 0)
        return "the burst of a limit of packets cannot be 0";
    const Value nanoseconds = static_cast<Value>(std::chrono::nanoseconds(limit.per).count());
    const Value both = Value{limit.rate} + limit.burst;
    const Value capacity = of_packets ? nanoseconds / limit.rate * limit.burst : nanoseconds * both / limit.rate;
    const Value largest = of_packets ? both : nanoseconds * both;
    if (largest > std::numeric_limits<std::uint64_t>::max() || capacity > std::numeric_limits<std::int64_t>::max())
        return "the rate or the burst of a limit is too large";
    return std::nullopt;
}

std::optional<std::string> payload_fault(const RawPayload& payload) {
    if (payload.length == 0 || payload.offset > raw_payload_offset_max)
        return fmt::format("raw payload begins within {} bits of its header and has at least one bit",
                           raw_payload_offset_max);
    // Whole bytes are loaded.
    if (payload.offset % 8 + payload.length > raw_payload_bits_max)
        return fmt::format("raw payload has at most {} bits, counted from the beginning of its first byte",
                           raw_payload_bits_max);
    return std::nullopt;
}

std::string_view hook_name(Hook hook) {
    return hook == Hook::Ingress ? "ingress" : "egress";
}

}  // namespace xdpctl::ruleset
