// SPDX-License-Identifier: BSD-2-Clause
#include "lang/print_set.h"

#include <iterator>
#include <string_view>
#include <vector>

#include "lang/duration.h"
#include "lang/format_match.h"
#include "lang/value.h"

namespace xdpctl::lang {
namespace {

using ruleset::ElementNote;
using ruleset::Elements;
using ruleset::FieldInfo;
using ruleset::KeyPart;
using ruleset::Set;
using ruleset::ValueType;

class SetPrinter {
public:
    SetPrinter(fmt::memory_buffer& out, const Set& set, const PrintOptions& options)
        : out_(out), set_(set), options_(options) {
        for (const KeyPart& part : set.key)
            fields_.push_back(ruleset::value_info(part));
    }

    void print() {
        print_key();
        if (set_.size != 0 && !set_.is_constant)
            append("\t\tsize {}\n", set_.size);
        print_flags();
        if (set_.timeout.count() != 0)
            append("\t\ttimeout {}\n", format_duration(set_.timeout));
        if (set_.gc_interval.count() != 0)
            append("\t\tgc-interval {}\n", format_duration(set_.gc_interval));
        if (set_.merges)
            append("\t\tauto-merge\n");
        if (set_.counts)
            append("\t\tcounter\n");
        if (!set_.comment.empty())
            append("\t\tcomment \"{}\"\n", set_.comment);
        print_elements();
    }

private:
    void print_key() {
        const bool by_fields = set_.key.front().field.has_value();
        append("\t\t{} ", by_fields ? "typeof" : "type");
        std::string_view separator;
        for (std::size_t part = 0; part < set_.key.size(); ++part) {
            append("{}{}", separator, by_fields ? field_name(fields_[part]) : type_word(set_.key[part]));
            separator = " . ";
        }
        append("{}\n", set_.is_map ? " : verdict" : "");
    }

    void print_flags() {
        // A timeout of the set's own says it already.
        if (!set_.is_constant && !set_.is_dynamic && !set_.is_interval && (!set_.has_timeouts || set_.timeout.count()))
            return;
        std::string flags;
        const auto add = [&](bool is_set, std::string_view word) {
            if (is_set)
                flags += flags.empty() ? word : fmt::format(",{}", word);
        };
        add(set_.is_constant, "constant");
        add(set_.is_dynamic, "dynamic");
        add(set_.is_interval, "interval");
        add(set_.has_timeouts || set_.timeout.count() != 0, "timeout");
        append("\t\tflags {}\n", flags);
    }

    void print_elements() {
        const Elements& elements = *set_.elements;
        if (elements.empty())
            return;
        append("\t\telements = {{ ");
        const std::size_t in_line = elements_in_line();
        auto note = elements.notes().begin();
        for (std::size_t element = 0; element < elements.size(); ++element) {
            if (element > 0)
                append("{}", element % in_line == 0 ? ",\n\t\t\t     " : ", ");
            for (std::size_t part = 0; part < fields_.size(); ++part) {
                if (part > 0)
                    append(" . ");
                append("{}", format_element(fields_[part], elements.interval(element, part)));
            }
            if (note != elements.notes().end() && note->element == element)
                print_note(*note++);
            if (set_.is_map)
                append(" : {}", format_outcome(elements.outcomes()[elements.outcome_of(element)]));
        }
        append(" }}\n");
    }

    [[nodiscard]] std::size_t elements_in_line() const {
        if (fields_.size() > 1)
            return 1;
        switch (fields_.front().type) {
        case ValueType::Ipv4Addr:
            return 2;
        case ValueType::Integer:
        case ValueType::InetProto:
        case ValueType::InetService:
        case ValueType::TcpFlag:
            return 5;
        default:
            return 1;
        }
    }

    void print_note(const ElementNote& note) {
        if (note.counter && options_.stateless)
            append(" counter");
        else if (note.counter)
            append(" counter packets {} bytes {}", note.counter->packets, note.counter->bytes);
        if (note.timeout.count() != 0)
            append(" timeout {}", format_duration(note.timeout));
        if (note.expires.count() != 0 && (!options_.stateless || options_.times_left))
            append(" expires {}", format_duration(note.expires));
        if (!note.comment.empty())
            append(" comment \"{}\"", note.comment);
    }

    template <typename... Args>
    void append(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    }

    fmt::memory_buffer& out_;
    const Set& set_;
    const PrintOptions& options_;
    std::vector<FieldInfo> fields_;
};

}  // namespace

void print_looked_up(fmt::memory_buffer& out, std::string_view name, std::span<const ruleset::Field> fields,
                     const Elements& elements) {
    const auto to = std::back_inserter(out);
    if (!name.empty()) {
        fmt::format_to(to, "@{}", name);
        return;
    }
    fmt::format_to(to, "{{ ");
    for (std::size_t element = 0; element < elements.size(); ++element) {
        for (std::size_t part = 0; part < fields.size(); ++part)
            fmt::format_to(to, "{}{}",
                           part > 0      ? " . "
                           : element > 0 ? ", "
                                         : "",
                           format_element(ruleset::info(fields[part]), elements.interval(element, part)));
        if (!elements.outcomes().empty())
            fmt::format_to(to, " : {}", format_outcome(elements.outcomes()[elements.outcome_of(element)]));
    }
    fmt::format_to(to, " }}");
}

std::string format_fields(std::span<const ruleset::Field> fields) {
    std::string text;
    for (const ruleset::Field field : fields)
        text += (text.empty() ? "" : " . ") + field_name(ruleset::info(field));
    return text;
}

std::string format_outcome(const ruleset::Outcome& outcome) {
    using Kind = ruleset::Branch::Kind;
    if (const auto* verdict = std::get_if<ruleset::Verdict>(&outcome))
        return *verdict == ruleset::Verdict::Accept ? "accept" : "drop";
    const auto& branch = std::get<ruleset::Branch>(outcome);
    switch (branch.kind) {
    case Kind::Jump:
        return "jump " + branch.chain;
    case Kind::Goto:
        return "goto " + branch.chain;
    case Kind::Return:
        return "return";
    case Kind::Continue:
        break;
    }
    return "continue";
}

void print_set_body(fmt::memory_buffer& out, const Set& set, const PrintOptions& options) {
    SetPrinter(out, set, options).print();
}

}  // namespace xdpctl::lang
