// SPDX-License-Identifier: BSD-2-Clause
#include "import/ipset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>

#include "import/output.h"
#include "import/words.h"
#include "ruleset/check.h"

namespace xdpctl::importing {

namespace {

struct Type {
    std::string_view name;
    std::string_view keys;  // of nft's type, of IPv4; {} stands for the address type
    std::vector<KeyPart> parts;
    bool is_interval;
};

const std::array types{
    Type{"hash:ip", "{}", {KeyPart::Address}, true},
    Type{"hash:net", "{}", {KeyPart::Address}, true},
    Type{"bitmap:ip", "{}", {KeyPart::Address}, true},
    Type{"bitmap:port", "inet_service", {KeyPart::Port}, true},
    Type{"hash:mac", "ether_addr", {KeyPart::Ether}, false},
    Type{"hash:ip,mac", "{} . ether_addr", {KeyPart::Address, KeyPart::Ether}, true},
    Type{"bitmap:ip,mac", "{} . ether_addr", {KeyPart::Address, KeyPart::Ether}, true},
    Type{"hash:ip,mark", "{} . mark", {KeyPart::Address, KeyPart::Mark}, true},
    Type{"hash:ip,port", "{} . inet_proto . inet_service", {KeyPart::Address, KeyPart::Protocol, KeyPart::Port}, true},
    Type{"hash:net,port", "{} . inet_proto . inet_service", {KeyPart::Address, KeyPart::Protocol, KeyPart::Port}, true},
    Type{"hash:net,net", "{} . {}", {KeyPart::Address, KeyPart::Address}, true},
    Type{"hash:ip,port,ip",
         "{} . inet_proto . inet_service . {}",
         {KeyPart::Address, KeyPart::Protocol, KeyPart::Port, KeyPart::Address},
         true},
    Type{"hash:ip,port,net",
         "{} . inet_proto . inet_service . {}",
         {KeyPart::Address, KeyPart::Protocol, KeyPart::Port, KeyPart::Address},
         true},
    Type{"hash:net,port,net",
         "{} . inet_proto . inet_service . {}",
         {KeyPart::Address, KeyPart::Protocol, KeyPart::Port, KeyPart::Address},
         true},
};

struct Set {
    std::size_t line = 0;
    std::string text;
    const Type* type = nullptr;
    bool is_ipv6 = false;
    bool counts = false;
    std::string size;
    std::optional<std::uint64_t> timeout;  // seconds; 0: of some elements only
    std::vector<std::string> elements;
    bool has_ranges = false;
    std::optional<Reason> refused;  // the whole set
};

std::unexpected<Error> bad_line(std::size_t line, std::string_view text, std::string why) {
    return fail(ErrorKind::Input, fmt::format("line {}: {}", line, why), fmt::format("the line is: {}", text),
                "give what 'ipset save' prints");
}

std::string replaced(std::string_view keys, std::string_view address) {
    std::string out(keys);
    for (std::size_t at = out.find("{}"); at != std::string::npos; at = out.find("{}"))
        out.replace(at, 2, address);
    return out;
}

// Options that have a value, and what becomes of them.
enum class Effect { Family, Timeout, Size, Counters, None, Refused };

struct Option {
    std::string_view name;
    bool has_value;
    Effect effect;
    std::string_view why;
};

constexpr std::array options{
    Option{"family", true, Effect::Family, {}},
    Option{"timeout", true, Effect::Timeout, {}},
    Option{"maxelem", true, Effect::Size, {}},
    Option{"hashsize", true, Effect::None, {}},
    Option{"bucketsize", true, Effect::None, {}},
    Option{"initval", true, Effect::None, {}},
    Option{"range", true, Effect::None, {}},
    Option{"counters", false, Effect::Counters, {}},
    Option{"comment", false, Effect::None, {}},
    Option{"netmask", true, Effect::Refused, "it compares addresses under a netmask"},
    Option{"bitmask", true, Effect::Refused, "it compares addresses under a mask"},
    Option{"markmask", true, Effect::Refused, "it compares marks under a mask"},
    Option{"forceadd", false, Effect::Refused, "it throws elements out when it is full"},
    Option{"skbinfo", false, Effect::Refused, "it gives packets marks and priorities"},
};

std::optional<std::uint64_t> number(std::string_view word) {
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    return error == std::errc{} && end == word.data() + word.size() ? std::optional(out) : std::nullopt;
}

Set create(std::size_t line, std::string_view text, const std::vector<std::string>& words) {
    Set set;
    set.line = line;
    set.text = text;
    const auto type = std::ranges::find(types, words[2], &Type::name);
    if (type == types.end()) {
        set.refused = Reason{fmt::format("the type {} has no equal", words[2]), {}};
        return set;
    }
    set.type = &*type;
    if (ruleset::name_fault(words[1]))
        set.refused = Reason{fmt::format("'{}' cannot be the name of a set", words[1]), "rename it: ipset rename"};
    for (std::size_t i = 3; i < words.size(); ++i) {
        const auto option = std::ranges::find(options, words[i], &Option::name);
        if (option == options.end()) {
            set.refused = Reason{fmt::format("the option {} is unknown", words[i]), {}};
            break;
        }
        if (option->has_value && ++i == words.size()) {
            set.refused = Reason{fmt::format("the option {} has no value", option->name), {}};
            break;
        }
        if (option->effect == Effect::Family)
            set.is_ipv6 = words[i] == "inet6";
        else if (option->effect == Effect::Size)
            set.size = words[i];
        else if (option->effect == Effect::Counters)
            set.counts = true;
        else if (option->effect == Effect::Timeout && !(set.timeout = number(words[i])))
            set.refused = Reason{fmt::format("the timeout {} is no number", words[i]), {}};
        else if (option->effect == Effect::Refused)
            set.refused = Reason{std::string(option->why), {}};
    }
    return set;
}

// "192.0.2.1,tcp:80" in the order of the key's parts: "192.0.2.1 . tcp . 80".
std::expected<std::string, Reason> convert_key(const Set& set, std::string_view element) {
    std::vector<std::string> out;
    for (std::size_t part = 0; part < set.type->parts.size(); ++part) {
        const std::size_t comma = element.find(',');
        std::string_view item = element.substr(0, comma);
        if (item.empty())
            return std::unexpected(Reason{"a part of the element is missing", {}});
        if (set.type->parts[part] == KeyPart::Protocol) {
            const std::size_t colon = item.find(':');
            const std::string_view protocol = colon == std::string_view::npos ? "tcp" : item.substr(0, colon);
            if (protocol.starts_with("icmp"))
                return std::unexpected(Reason{"ICMP has types and no ports", "match icmp type in a rule"});
            out.emplace_back(protocol);
            item = colon == std::string_view::npos ? item : item.substr(colon + 1);
            ++part;
        }
        out.emplace_back(item);
        element.remove_prefix(comma == std::string_view::npos ? element.size() : comma + 1);
    }
    if (!element.empty())
        return std::unexpected(Reason{"the element has more parts than its set", {}});
    return fmt::format("{}", fmt::join(out, " . "));
}

// What an element has beside its key.
struct Notes {
    std::uint64_t timeout = 0;  // seconds that are left; 0: it never expires
    std::uint64_t packets = 0, bytes = 0;
    std::string comment;
};

std::expected<Notes, Reason> read_notes(std::span<const std::string> words) {
    Notes notes;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& option = words[i];
        if (option == "nomatch")
            return std::unexpected(Reason{"nomatch takes part of another element out", "list what is left of it"});
        std::uint64_t* const value = option == "timeout"   ? &notes.timeout
                                     : option == "packets" ? &notes.packets
                                     : option == "bytes"   ? &notes.bytes
                                                           : nullptr;
        if ((value == nullptr && option != "comment") || i + 1 == words.size())
            return std::unexpected(Reason{fmt::format("the option {} is unknown", option), {}});
        ++i;
        if (value == nullptr)
            notes.comment = words[i];
        else if (const auto given = number(words[i]))
            *value = *given;
        else
            return std::unexpected(Reason{fmt::format("'{}' is no number", words[i]), {}});
    }
    return notes;
}

std::expected<std::string, Reason> convert_element(const Set& set, const std::vector<std::string>& words) {
    auto element = convert_key(set, words[2]);
    if (!element)
        return element;
    const auto notes = read_notes(std::span(words).subspan(3));
    if (!notes)
        return std::unexpected(notes.error());
    const std::uint64_t set_timeout = set.timeout.value_or(0);
    if (set_timeout != 0 && notes->timeout == 0)
        return std::unexpected(Reason{"it never expires, and elements of its set do unless they say otherwise",
                                      "put it into a set of its own"});
    if (set.counts)
        *element += fmt::format(" counter packets {} bytes {}", notes->packets, notes->bytes);
    if (notes->timeout != 0 && notes->timeout <= set_timeout)
        *element += fmt::format(" timeout {}s expires {}s", set_timeout, notes->timeout);
    else if (notes->timeout != 0)
        *element += fmt::format(" timeout {}s", notes->timeout);
    if (!set.counts && notes->timeout == 0)
        *element += comment_statement(notes->comment);
    return element;
}

// Elements that expire or count are not joined with others.
bool is_mortal(const Set& set) {
    return set.timeout || set.counts;
}

std::string print(const std::string& name, const Set& set) {
    const std::string_view address = set.is_ipv6 ? "ipv6_addr" : "ipv4_addr";
    std::string out = fmt::format("\tset {} {{\n\t\ttype {}\n", name, replaced(set.type->keys, address));
    std::vector<std::string_view> flags;
    const bool is_interval = set.type->is_interval && (set.has_ranges || !is_mortal(set));
    if (is_interval)
        flags.emplace_back("interval");
    if (set.timeout)
        flags.emplace_back("timeout");
    if (!set.size.empty())
        out += fmt::format("\t\tsize {}\n", set.size);
    if (!flags.empty())
        out += fmt::format("\t\tflags {}\n", fmt::join(flags, ","));
    if (set.counts)
        out += "\t\tcounter\n";
    if (set.timeout.value_or(0) != 0)
        out += fmt::format("\t\ttimeout {}s\n", *set.timeout);
    // nft refuses intervals that overlap; ipset has nested networks.
    if (is_interval && set.type->parts.size() == 1 && !is_mortal(set))
        out += "\t\tauto-merge\n";
    if (!set.elements.empty())
        out += fmt::format("\t\telements = {{ {} }}\n", fmt::join(set.elements, ",\n\t\t\t     "));
    return out + "\t}\n";
}

class Reader {
public:
    explicit Reader(Conversion& conversion) : conversion_(conversion) {}

    Result<ConvertedSets> read(std::string_view text) {
        XDPCTL_TRY(
            read_lines(text, [&](std::size_t number, std::string_view line) { return read_line(number, line); }));
        ConvertedSets out;
        for (const std::string& name : order_) {
            const Set& set = sets_.at(name);
            if (set.refused) {
                conversion_.left_out.push_back({set.line, set.text, *set.refused});
                continue;
            }
            conversion_.converted += 1 + set.elements.size();
            out.blocks.push_back(print(name, set));
            out.keys.emplace(name, set.type->parts);
            if (std::ranges::find(set.type->parts, KeyPart::Address) != set.type->parts.end())
                out.is_ipv6.emplace(name, set.is_ipv6);
        }
        return out;
    }

private:
    Status read_line(std::size_t number, std::string_view line) {
        const auto words = split_words(line);
        if (!words)
            return bad_line(number, line, "a quote is not closed");
        if (words->size() >= 3 && words->front() == "create") {
            if (sets_.contains(words->at(1)))
                return bad_line(number, line, "there is a set of that name already");
            ++conversion_.total;
            order_.push_back(words->at(1));
            sets_.emplace(words->at(1), create(number, line, *words));
            return {};
        }
        if (words->size() < 3 || words->front() != "add")
            return bad_line(number, line, "only 'create' and 'add' are read");
        const auto set = sets_.find(words->at(1));
        if (set == sets_.end())
            return bad_line(number, line, fmt::format("there is no set {} before it", words->at(1)));
        ++conversion_.total;
        add(number, line, *words, set->second);
        return {};
    }

    // A set that lacks an element would match something else: the whole set is left out then.
    void add(std::size_t number, std::string_view line, const std::vector<std::string>& words, Set& set) {
        if (!set.refused) {
            auto element = convert_element(set, words);
            if (element) {
                set.has_ranges |= words[2].find_first_of("/-") != std::string::npos;
                set.elements.push_back(*std::move(element));
                return;
            }
            set.refused = Reason{fmt::format("its element in line {} has no equal: {}", number, element.error().why),
                                 element.error().next};
        }
        conversion_.left_out.push_back({number, std::string(line), *set.refused});
    }

    Conversion& conversion_;
    std::vector<std::string> order_;
    std::map<std::string, Set> sets_;
};

}  // namespace

Result<ConvertedSets> convert_sets(std::string_view text, Conversion& conversion) {
    return Reader(conversion).read(text);
}

Result<Conversion> convert_ipset(std::string_view text, const Place& place) {
    Conversion conversion;
    auto sets = convert_sets(text, conversion);
    if (!sets)
        return std::unexpected(std::move(sets).error());
    if (conversion.total == 0)
        return fail(ErrorKind::Input, "there is no set in it", {}, "give what 'ipset save' prints");
    std::ranges::stable_sort(conversion.left_out, {}, &LeftOut::line);
    conversion.ruleset = print(TableText{{}, std::move(sets->blocks), {}, std::nullopt}, place);
    return conversion;
}

}  // namespace xdpctl::importing
